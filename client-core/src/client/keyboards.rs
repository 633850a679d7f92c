//! The keyboards of runs, and input. Only the holder of a run's lease types. Input that the command has not been given
//! yet is kept and sent again after a reconnect under the same offsets, so that no byte is lost or repeated; if the lease
//! was lost meanwhile, it is dropped, and the caller is told.

use bytes::Bytes;
use wardroom_protocol::messages::{RunEof, RunInput, RunInputAck, TermControl, TermControlOk, TermOp, TermState, Tty};
use wardroom_protocol::{Code, RunId, UserName};

use super::Client;
use super::state::{Eof, KeyboardUse, Recovery, RequestKind};
use crate::effect::{Effect, Error, Operation};
use crate::limits::KEYBOARD_RETRY_MS;
use crate::model::RunState;

impl Client {
    pub(super) fn run_input(&mut self, run: RunId, bytes: &Bytes) {
        let keyboard = self.keyboards.get_mut(&run);
        let Some(keyboard) = keyboard.filter(|keyboard| keyboard.lease.is_some() || keyboard.wants) else {
            return self
                .keyboard_failed(run, Error::local("you do not hold the keyboard of this run; ask for it first"));
        };
        if keyboard.eof != Eof::Open {
            return self.keyboard_failed(run, Error::local("the input of this run was ended already"));
        }
        if !keyboard.queue.push(bytes) {
            let words = "too much input waits for this run; wait until it has read some";
            return self.keyboard_failed(run, Error::local(words));
        }
        self.send_input(run);
    }

    pub(super) fn run_eof(&mut self, run: RunId) {
        let Some(keyboard) = self.keyboards.get_mut(&run) else { return };
        if keyboard.eof == Eof::Open {
            keyboard.eof = Eof::Wanted;
            self.send_input(run);
        }
    }

    /// Sends what the window allows, and the end after the last byte.
    fn send_input(&mut self, run: RunId) {
        if !self.is_up() {
            return;
        }
        let Some(keyboard) = self.keyboards.get_mut(&run) else { return };
        let Some(lease) = keyboard.lease.filter(|_| keyboard.paused_until_ms.is_none()) else { return };
        let mut pieces = Vec::new();
        while let Some(piece) = keyboard.queue.next() {
            pieces.push(piece);
        }
        let ends = keyboard.eof == Eof::Wanted && keyboard.queue.is_sent();
        if ends {
            keyboard.eof = Eof::Sent;
        }
        let end = keyboard.queue.end();
        for (off, piece) in pieces {
            self.send_with_body(&RunInput { run, lease, off, len: piece.len() as u64 }, piece);
        }
        if ends {
            self.send_request(&RunEof { run, lease, off: end }, RequestKind::RunEof(run), Recovery::Forget);
        }
    }

    pub(super) fn on_input_ack(&mut self, ack: RunInputAck) {
        let run = ack.run;
        let Some(keyboard) = self.keyboards.get_mut(&run).filter(|keyboard| keyboard.lease.is_some()) else { return };
        if keyboard.queue.ack(ack.off) {
            let (off, free) = (keyboard.queue.acked(), keyboard.queue.free());
            self.effects.push(Effect::InputTaken { run, off, free });
            self.send_input(run);
        }
    }

    /// The server refused input. Returns `false` if this client did not type into the run.
    pub(super) fn on_input_error(&mut self, run: RunId, error: &Error) -> bool {
        let Some(keyboard) = self.keyboards.get_mut(&run) else { return false };
        if keyboard.lease.is_none() {
            // Of several frames in flight each is refused; the caller is told once.
            if std::mem::take(&mut keyboard.unconfirmed) {
                self.keyboard_failed(run, dropped(error, None));
            }
            return true;
        }
        if matches!(error.code, Some(Code::Busy | Code::RateLimited)) {
            self.pause_keyboard(run, error);
            return true;
        }
        if error.code == Some(Code::Conflict)
            && (keyboard.paused_until_ms.is_some() || error.off.is_some_and(|off| keyboard.queue.set_back(off)))
        {
            self.send_input(run);
            return true;
        }
        let (unsent, in_flight) = keyboard.lose();
        keyboard.unconfirmed = false;
        self.change_run(run, |shown| shown.keyboard.mine = false);
        self.keyboard_failed(run, dropped(error, Some(unsent.saturating_add(in_flight))));
        true
    }

    /// The server cannot take input now, such as after a restart until the run's host is back.
    pub(super) fn pause_keyboard(&mut self, run: RunId, error: &Error) {
        let wait_ms = self.backoff.spread_ms(error.retry_ms.unwrap_or(KEYBOARD_RETRY_MS)).max(1);
        let at_ms = self.now_ms.saturating_add(wait_ms);
        if let Some(keyboard) = self.keyboards.get_mut(&run) {
            keyboard.pause(at_ms);
        }
    }

    /// Sends again where the server asked for a pause that is over.
    pub(super) fn resume_paused_keyboards(&mut self) {
        let now_ms = self.now_ms;
        let is_due = |(run, keyboard): (&RunId, &mut KeyboardUse)| {
            keyboard.paused_until_ms.take_if(|at| *at <= now_ms).map(|_| *run)
        };
        let due: Vec<RunId> = self.keyboards.iter_mut().filter_map(is_due).collect();
        for run in due {
            let waits = self.keyboards.get(&run).is_some_and(|keyboard| keyboard.wants && !keyboard.asking);
            if waits {
                self.control_keyboard(run, TermOp::Ask, None);
            }
            self.send_input(run);
            self.send_size(run);
        }
    }

    /// When the first of these pauses ends.
    pub(super) fn keyboards_deadline_ms(&self) -> Option<u64> {
        self.keyboards.values().filter_map(|keyboard| keyboard.paused_until_ms).min()
    }

    /// The end of the input was refused: the run has ended, or the keyboard was lost.
    pub(super) fn on_eof_error(&mut self, run: RunId, error: &Error) {
        if self.runs.get(&run).is_some_and(|shown| shown.state == RunState::Running) {
            self.on_input_error(run, error);
        }
    }

    pub(super) fn control_keyboard(&mut self, run: RunId, op: TermOp, to: Option<UserName>) {
        let keyboard = self.keyboards.entry(run).or_default();
        keyboard.asking = true;
        keyboard.wants = matches!(op, TermOp::Ask | TermOp::Take) && keyboard.lease.is_none();
        // Asking or taking twice is harmless; a keyboard is given or released once.
        let recovery = match op {
            TermOp::Ask | TermOp::Take => Recovery::Resend,
            TermOp::Give | TermOp::Release => Recovery::Fail,
        };
        self.send_request(&TermControl { run, op, to }, RequestKind::TermControl(run, op), recovery);
    }

    /// A run that was started here: its keyboard is this client's.
    pub(super) fn hold_started(&mut self, run: RunId, lease: u64, tty: Option<Tty>) {
        self.keyboards.entry(run).or_default().hold(lease, 0);
        let me = self.session.you.as_ref().map(|you| you.user.clone());
        self.change_run(run, |shown| {
            shown.tty = tty.or(shown.tty);
            shown.size = shown.size.or(tty.map(|tty| tty.size));
            shown.keyboard.lease = shown.keyboard.lease.max(lease);
            shown.keyboard.mine = shown.keyboard.lease == lease;
            shown.keyboard.holder = shown.keyboard.holder.take().or(me);
        });
    }

    pub(super) fn on_term_control(&mut self, run: RunId, op: TermOp, ok: TermControlOk) {
        let known = self.runs.get(&run).map_or(0, |shown| shown.keyboard.lease);
        let holds = ok.holds && ok.lease >= known;
        let me = self.session.you.as_ref().map(|you| you.user.clone());
        let keyboard = self.keyboards.entry(run).or_default();
        keyboard.asking = false;
        if holds {
            keyboard.hold(ok.lease, ok.off);
        } else {
            keyboard.wants = op == TermOp::Ask;
        }
        let lost = !holds && keyboard.lease.is_some();
        self.change_run(run, |shown| {
            shown.keyboard.lease = known.max(ok.lease);
            shown.keyboard.mine = holds;
            match (holds, &me) {
                (true, Some(me)) => {
                    shown.keyboard.asked.retain(|asked| asked != me);
                    shown.keyboard.holder = Some(me.clone());
                }
                (false, me) if shown.keyboard.holder == *me && ok.lease > known => shown.keyboard.holder = None,
                _ => {}
            }
        });
        if lost {
            self.lose_keyboard(run);
        }
        self.send_input(run);
        self.send_size(run);
    }

    pub(super) fn on_term_control_error(&mut self, run: RunId, op: TermOp, error: Error) {
        if let Some(keyboard) = self.keyboards.get_mut(&run) {
            if error.code == Some(Code::Busy) && matches!(op, TermOp::Ask | TermOp::Take) {
                // What was taken stays taken: asking is enough then.
                keyboard.asking = false;
                return self.pause_keyboard(run, &error);
            }
            (keyboard.asking, keyboard.wants) = (false, false);
            if keyboard.lease.is_none() {
                self.keyboards.remove(&run);
            }
        }
        self.keyboard_failed(run, error);
    }

    pub(super) fn on_term_state(&mut self, state: TermState) {
        let run = state.run;
        if self.runs.get(&run).is_some_and(|shown| state.lease < shown.keyboard.lease) {
            return;
        }
        let me = self.session.you.as_ref().map(|you| &you.user);
        let holds = me.is_some() && state.holder.as_ref() == me;
        let asked = me.is_some_and(|me| state.asked.contains(me));
        let (mut mine, mut lost, mut ask) = (false, false, false);
        if let Some(keyboard) = self.keyboards.get_mut(&run) {
            mine = holds && keyboard.lease == Some(state.lease);
            lost = !mine && keyboard.lease.is_some();
            // The keyboard was passed to this user, who asked for it here: the answer says where the input goes on.
            ask = holds && !mine && keyboard.wants && !keyboard.asking;
            keyboard.wants &= holds || asked || keyboard.asking;
        }
        self.change_run(run, |shown| {
            shown.tty = state.tty.or(shown.tty);
            shown.keyboard.lease = state.lease;
            shown.keyboard.holder = state.holder;
            shown.keyboard.asked = state.asked;
            shown.keyboard.mine = mine;
        });
        if lost {
            self.lose_keyboard(run);
        }
        if ask {
            self.control_keyboard(run, TermOp::Ask, None);
        }
    }

    /// The keyboard went to somebody else: what was not sent stays unsent.
    fn lose_keyboard(&mut self, run: RunId) {
        let Some(keyboard) = self.keyboards.get_mut(&run) else { return };
        let (unsent, _) = keyboard.lose();
        if unsent > 0 {
            let error = Error::local("the keyboard has changed hands");
            self.keyboard_failed(run, dropped(&error, Some(unsent)));
        }
    }

    /// After a welcome: sends again what is not acknowledged, and asks again where this client waits.
    pub(super) fn resume_keyboards(&mut self) {
        let runs: Vec<RunId> = self.keyboards.keys().copied().collect();
        for run in runs {
            self.send_input(run);
            self.send_size(run);
            let waits = self.keyboards.get(&run).is_some_and(|keyboard| keyboard.wants && !keyboard.asking);
            if waits {
                self.control_keyboard(run, TermOp::Ask, None);
            }
        }
    }

    pub(super) fn keyboards_disconnected(&mut self) {
        for keyboard in self.keyboards.values_mut() {
            keyboard.disconnected();
        }
    }

    /// The run has ended: nobody types any more. Input that it did not read is no error.
    pub(super) fn forget_keyboard(&mut self, run: RunId) {
        self.keyboards.remove(&run);
    }

    fn keyboard_failed(&mut self, run: RunId, error: Error) {
        self.effects.push(Effect::Failed { operation: Operation::Keyboard(run), error });
    }
}

/// The error for input that the server did not take.
fn dropped(error: &Error, bytes: Option<usize>) -> Error {
    let why = &error.message;
    let message = match bytes {
        Some(0) => why.clone(),
        Some(1) => format!("{why}; the last byte of input may not have arrived"),
        Some(bytes) => format!("{why}; the last {bytes} bytes of input may not have arrived"),
        None => format!("{why}; the last input may not have arrived"),
    };
    Error { message, ..error.clone() }
}
