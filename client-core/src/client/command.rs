//! Passes each command to the code that handles it.

use wardroom_protocol::messages::{RoomJoin, RoomLeave, SessionEnd};

use super::Client;
use super::state::{Phase, Recovery, RequestKind};
use crate::amendment::Amendment;
use crate::command::Command;
use crate::effect::Error;

impl Client {
    pub(super) fn on_command(&mut self, command: Command) {
        match command {
            Command::OpenRoom { room, from } => self.open_room(&room, from),
            Command::CloseRoom { room } => self.close_room(&room),
            Command::LoadOlder { room } => self.load_older(&room),
            Command::Post { room, text, reply_to, nonce } => self.post(room, text, reply_to, nonce),
            Command::RetryPost { nonce } => self.retry_post(&nonce),
            Command::AdoptOutbox { outbox } => self.adopt(*outbox),
            Command::DiscardPost { nonce } => self.discard_post(&nonce),
            Command::LoadNewer { room } => self.load_newer(&room),
            Command::Jump { room, seq } => self.jump(&room, seq),
            Command::ShowLatest { room } => self.show_latest(&room),
            Command::LoadQuote { room, seq } => self.load_quote(&room, seq),
            Command::MarkRead { room, seq } => self.mark_read(&room, seq),
            Command::Typing { room } => self.send_typing(&room),
            Command::RewritePost { nonce, text, new } => self.rewrite_post(&nonce, text, new),
            Command::EditMessage { room, seq, text } => self.amend(room, seq, Amendment::Edit(text)),
            Command::DeleteMessage { room, seq } => self.amend(room, seq, Amendment::Delete),
            Command::React { room, seq, emoji, on } => self.amend(room, seq, Amendment::React { emoji, on }),
            Command::RetryEdit { room, seq } => self.retry_edit(&room, seq),
            Command::DiscardEdit { room, seq } => self.discard_edit(&room, seq),
            Command::SetRoom(set) => self.send_room_change(&set.room.clone(), &set),
            Command::Invite(invite) => self.send_room_change(&invite.room.clone(), &invite),
            Command::Remove(remove) => self.send_room_change(&remove.room.clone(), &remove),
            Command::SetRole(role) => self.send_room_change(&role.room.clone(), &role),
            Command::OpenDm { users } => self.open_dm(users),
            Command::Search(search) => self.search(search),
            Command::LoadRooms => self.load_rooms(),
            Command::CreateRoom(create) => self.create_room(&create),
            Command::JoinRoom { room } => {
                self.send_request(&RoomJoin { room: room.clone() }, RequestKind::RoomChange(room), Recovery::Fail);
            }
            Command::LeaveRoom { room } => {
                self.send_request(&RoomLeave { room: room.clone() }, RequestKind::RoomChange(room), Recovery::Fail);
            }
            Command::LoadPeople { room } => self.load_people(&room),
            Command::StartRun { start, watch } => self.start_run(*start, watch),
            Command::LoadRuns { room } => self.load_runs(&room),
            Command::WatchRun { run, from, auto_ack } => self.watch_run(run, from, auto_ack),
            Command::WatchScreen { run, auto_ack } => self.watch_screen(run, auto_ack),
            Command::WatchRecording { run, at_ms } => self.watch_recording(run, at_ms),
            Command::AckRun { run, off } => self.ack_run(run, off),
            Command::UnwatchRun { run } => self.unwatch_run(run),
            Command::SignalRun { run, signal } => self.signal_run(run, signal),
            Command::Keyboard { run, op, to } => self.control_keyboard(run, op, to),
            Command::ResizeTerminal { run, size } => self.resize_terminal(run, size),
            Command::RunInput { run, bytes } => self.run_input(run, &bytes),
            Command::RunEof { run } => self.run_eof(run),
            Command::Upload(new) => self.add_upload(new),
            Command::Slice { nonce, off, bytes } => self.on_slice(&nonce, off, bytes),
            Command::SliceFailed { nonce, why } => self.fail_upload(&nonce, Error::local(why)),
            Command::PauseUpload { nonce, paused } => self.pause_upload(&nonce, paused),
            Command::RetryUpload { nonce } => self.retry_upload(&nonce),
            Command::ForgetUpload { nonce } => self.forget_upload(&nonce),
            Command::CancelUpload { nonce } => self.cancel_upload(&nonce),
            Command::ReconnectNow => match self.session.phase {
                Phase::Waiting { .. } => self.connect(),
                _ => self.probe(),
            },
            Command::CheckConnection => self.probe(),
            Command::SignIn { auth } => {
                self.drop_socket();
                self.session.auth = auth;
                self.connect();
            }
            Command::SignOut => {
                self.send(&SessionEnd::default());
                self.drop_socket();
                self.forget_user();
                self.session.auth = None;
                self.session.phase = Phase::SignedOut { why: "you signed out".to_owned() };
            }
            Command::Stop => {
                self.send_read_positions();
                self.drop_socket();
                self.session.phase = Phase::Stopped;
            }
        }
    }
}
