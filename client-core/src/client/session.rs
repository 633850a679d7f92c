//! The connection: opening, greeting and reconnecting, and the entry for all input. Deadlines are in `clock`, commands
//! in `command`; the state that is shown is computed in `connection`.

use wardroom_protocol::frame::{Number, encode_named};
use wardroom_protocol::messages::{Detached, ErrAnswer, Goaway, Hello, Ping, Pong, RunDetached, Welcome};
use wardroom_protocol::{Code, Frame, Message, ServerMessage, VERSION};

use super::Client;
use super::state::{Phase, PresenceState};
use crate::effect::{Change, Effect, Error, Operation};
use crate::input::{Disconnect, Input};
use crate::limits::{CONNECT_TIMEOUT_MS, HELLO_TIMEOUT_MS, STABLE_AFTER_MS};

impl Client {
    pub(super) fn is_up(&self) -> bool {
        matches!(self.session.phase, Phase::Up)
    }

    pub(super) fn take_input(&mut self, input: Input) {
        match input {
            Input::Start if matches!(self.session.phase, Phase::Idle) => self.connect(),
            Input::Connected { conn } => self.on_connected(conn),
            Input::Disconnected { conn, reason } if conn == self.session.conn && self.session.has_socket() => {
                match reason {
                    Disconnect::Network(why) => self.disconnect(&why),
                    Disconnect::SignedOut(why) => self.sign_out_with(why),
                }
            }
            Input::Frame { conn, frame } if conn == self.session.conn => self.on_frame(frame),
            Input::Command(command) => self.on_command(command),
            // From an old connection, or just a tick.
            Input::Start | Input::Disconnected { .. } | Input::Frame { .. } | Input::Tick => {}
        }
        self.run_deadlines();
    }

    pub(super) fn connect(&mut self) {
        self.session.conn = self.session.conn.saturating_add(1);
        self.session.phase = Phase::Opening { until_ms: self.now_ms.saturating_add(CONNECT_TIMEOUT_MS) };
        self.effects.push(Effect::Connect { conn: self.session.conn });
    }

    fn on_connected(&mut self, conn: u64) {
        if conn != self.session.conn || !matches!(self.session.phase, Phase::Opening { .. }) {
            return;
        }
        self.session.phase = Phase::Greeting { until_ms: self.now_ms.saturating_add(HELLO_TIMEOUT_MS) };
        let hello = Hello {
            v: VERSION,
            client: self.session.program.clone(),
            auth: self.session.auth.clone(),
            remember: self.session.remember.clone(),
        };
        let line = encode_named(Hello::T, Number::None, &hello, &[]);
        self.effects.push(Effect::Send { line, body: bytes::Bytes::new() });
    }

    fn on_frame(&mut self, frame: Frame) {
        if !matches!(self.session.phase, Phase::Greeting { .. } | Phase::Up) {
            return;
        }
        self.session.last_frame_ms = self.now_ms;
        self.session.probe_until_ms = None;
        let message = match ServerMessage::parse(frame) {
            Ok(message) => message,
            Err(e) => return self.disconnect(&format!("the server sent something that is no message: {}", e.msg)),
        };
        if !self.is_up() {
            return self.on_message_before_welcome(message);
        }
        match message {
            ServerMessage::Ok(answer) => self.on_ok(answer),
            ServerMessage::Err(err) => self.on_err(err),
            ServerMessage::Event(event) => self.on_event(event),
            ServerMessage::RoomLive(live) => self.on_live(live),
            ServerMessage::RoomState(state) => self.on_room_state(state),
            ServerMessage::RoomChanged(changed) => self.on_room_changed(changed),
            ServerMessage::Typing(typing) => self.on_typing(typing),
            ServerMessage::Presence(presence) => self.on_presence(presence),
            ServerMessage::RunOutput(output, bytes) => self.on_output(output, bytes),
            ServerMessage::RunEnd(end) => self.on_run_end(end),
            ServerMessage::RunSnapshot(snapshot, part) => self.on_snapshot(snapshot, &part),
            ServerMessage::RunInputAck(ack) => self.on_input_ack(ack),
            ServerMessage::RunDetached(RunDetached { run, exit, kept }) => {
                self.change_run(run, |shown| shown.detached = Some(Detached { exit, kept }));
            }
            ServerMessage::TermState(state) => self.on_term_state(state),
            ServerMessage::FileAck(ack) => self.on_file_ack(ack),
            ServerMessage::FileData(data, bytes) => {
                self.effects.push(Effect::FileData { stream: data.stream, off: data.off, bytes });
            }
            ServerMessage::FileEnd(end) => self.effects.push(Effect::FileEnd { stream: end.stream }),
            ServerMessage::Ping(ping) => self.on_ping(ping),
            ServerMessage::Goaway(goaway) => self.on_goaway(goaway),
            ServerMessage::Notice(notice) => self.effects.push(Effect::Notice(notice.text)),
            ServerMessage::You(you) => {
                self.session.you = Some(you);
                self.changed(Change::Connection);
            }
            // A pong needs no handling; messages for hosts are not for us; anything else is from a later version.
            _ => {}
        }
    }

    fn on_message_before_welcome(&mut self, message: ServerMessage) {
        match message {
            ServerMessage::Welcome(welcome) => self.on_welcome(welcome),
            ServerMessage::Ping(ping) => {
                let line = encode_named(Pong::T, Number::None, &Pong { n: ping.n }, &[]);
                self.effects.push(Effect::Send { line, body: bytes::Bytes::new() });
            }
            ServerMessage::Goaway(goaway) => self.on_goaway(goaway),
            ServerMessage::Notice(notice) => self.effects.push(Effect::Notice(notice.text)),
            ServerMessage::Err(err) => {
                let error = Error::from(err);
                match error.code {
                    Some(Code::RateLimited | Code::Busy) => {
                        let wait_ms = self.backoff.spread_ms(error.retry_ms.unwrap_or(0)).max(self.backoff.next_ms());
                        self.effects.push(Effect::Disconnected { why: error.message });
                        self.disconnect_until(self.now_ms.saturating_add(wait_ms));
                    }
                    Some(Code::Internal) | None => self.disconnect(&error.message),
                    _ => self.sign_out_with(error.message),
                }
            }
            _ => {}
        }
    }

    fn on_welcome(&mut self, welcome: Welcome) {
        self.session.phase = Phase::Up;
        self.session.welcome_ms = Some(self.now_ms);
        self.session.lost_ms = None;
        self.session.pinged_ms = self.now_ms;
        self.session.clock_skew_ms = (welcome.now as i64).saturating_sub(self.wall_ms() as i64);
        self.session.limits = Some(welcome.limits);
        if self.session.you.as_ref().is_some_and(|you| you.user != welcome.you.user) {
            self.forget_user();
        }
        if self.outbox.set_user(&welcome.you.user) | self.outbox.set_epoch(welcome.epoch) {
            self.effects.push(Effect::SaveOutbox);
        }
        self.session.you = Some(welcome.you);
        if self.session.epoch.is_some_and(|epoch| epoch != welcome.epoch) {
            self.forget_timelines();
        }
        self.session.epoch = Some(welcome.epoch);
        self.session.auth_after_welcome(welcome.token.as_deref());
        if let Some(token) = welcome.token {
            self.session.remember = None;
            self.effects.push(Effect::SignedIn { token: token.into() });
        }
        self.changed(Change::Connection);
        self.rooms_of_welcome(welcome.rooms, welcome.more);
        self.reopen_rooms();
        self.rewatch_runs();
        self.resume_keyboards();
        self.resend_requests();
        self.resend_amendments();
    }

    fn on_err(&mut self, err: ErrAnswer) {
        if self.on_err_of_request(&err) {
            return;
        }
        let (upload, stream, run) = (err.upload, err.stream, err.run);
        let error = Error::from(err);
        if let Some(upload) = upload {
            return self.on_chunk_error(upload, error);
        }
        let operation = match (stream, run) {
            (Some(stream), _) => Operation::Download(stream),
            (None, Some(run)) => return self.on_run_error(run, error),
            (None, None) => Operation::Session,
        };
        self.effects.push(Effect::Failed { operation, error });
    }

    fn on_ping(&mut self, ping: Ping) {
        if let Some(now) = ping.now {
            self.session.clock_skew_ms = (now as i64).saturating_sub(self.wall_ms() as i64);
        }
        self.send(&Pong { n: ping.n });
    }

    fn on_goaway(&mut self, goaway: Goaway) {
        match goaway.retry_ms {
            Some(asked_ms) => {
                let wait_ms = self.backoff.spread_ms(asked_ms);
                self.disconnect_until(self.now_ms.saturating_add(wait_ms));
            }
            None => self.sign_out_with(goaway.reason),
        }
    }

    /// The connection was lost: reconnects after the back-off.
    pub(super) fn disconnect(&mut self, why: &str) {
        if self.session.welcome_ms.is_some_and(|at| self.now_ms.saturating_sub(at) >= STABLE_AFTER_MS) {
            self.backoff.reset();
        }
        let wait_ms = self.backoff.next_ms();
        self.effects.push(Effect::Disconnected { why: why.to_owned() });
        self.disconnect_until(self.now_ms.saturating_add(wait_ms));
    }

    fn disconnect_until(&mut self, at_ms: u64) {
        self.drop_socket();
        self.session.lost_ms.get_or_insert(self.now_ms);
        self.session.phase = Phase::Waiting { at_ms };
    }

    pub(super) fn drop_socket(&mut self) {
        if self.session.has_socket() {
            self.effects.push(Effect::Close);
        }
        self.session.phase = Phase::Waiting { at_ms: self.now_ms };
        self.session.welcome_ms = None;
        self.session.probe_until_ms = None;
        self.requests_lost();
        self.rooms_disconnected();
        self.watches_disconnected();
        self.keyboards_disconnected();
        self.uploads_disconnected();
        self.runs_disconnected();
        self.posts.disconnected();
        self.read_positions.disconnected();
        self.presence.disconnected();
    }

    fn sign_out_with(&mut self, why: String) {
        self.drop_socket();
        self.session.lost_ms.get_or_insert(self.now_ms);
        self.fail_all_requests(&why);
        self.session.phase = Phase::SignedOut { why };
    }

    /// Another user signs in: nothing of the previous user is shown or sent.
    pub(super) fn forget_user(&mut self) {
        self.fail_all_requests("somebody else signed in");
        self.rooms.clear();
        self.open_rooms.clear();
        self.runs.clear();
        self.watches.clear();
        self.keyboards.clear();
        self.forget_uploads();
        self.outbox = crate::outbox::Outbox::default();
        self.presence = PresenceState::default();
        self.search_request = None;
        self.session.you = None;
        self.effects.push(Effect::SaveOutbox);
        self.changed(Change::Rooms);
    }
}
