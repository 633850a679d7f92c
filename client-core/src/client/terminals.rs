//! Terminals: their screens and sizes. A screen is sent at the beginning of a watch, after a reconnect, and whenever
//! this client has fallen far behind; output continues where it ends.

use bytes::Bytes;
use wardroom_protocol::messages::{RunSnapshot, TermResize, TermSize};
use wardroom_protocol::{Code, RunId};

use super::Client;
use super::state::{Recovery, RequestKind, Watch};
use crate::effect::{Effect, Error, Operation};
use crate::limits::SCREEN_BYTES_MAX;

impl Client {
    pub(super) fn watch_screen(&mut self, run: RunId, auto_ack: bool) {
        if self.watches.get(&run).is_some_and(|watch| watch.screen.is_some()) {
            return;
        }
        let screen = Some(Vec::new());
        let watch = Watch { next: Ok(0), acked: 0, auto_ack, screen, at: None, asked: None, short_at: None };
        self.begin_watch(run, watch);
    }

    /// Frames of the watch before, which may be under way, come before the answer to this one.
    pub(super) fn watch_recording(&mut self, run: RunId, at_ms: u64) {
        self.unwatch_run(run);
        let (screen, at) = (Some(Vec::new()), Some(at_ms));
        self.begin_watch(
            run,
            Watch { next: Ok(0), acked: 0, auto_ack: false, screen, at, asked: None, short_at: None },
        );
    }

    fn begin_watch(&mut self, run: RunId, watch: Watch) {
        self.watches.insert(run, watch);
        self.change_run(run, |shown| shown.watched = true);
        if self.is_up() {
            self.request_watch(run);
        }
    }

    pub(super) fn on_snapshot(&mut self, snapshot: RunSnapshot, part: &Bytes) {
        let run = snapshot.run;
        let Some(watch) = self.watches.get_mut(&run).filter(|watch| watch.asked.is_none()) else { return };
        let Some(parts) = &mut watch.screen else { return };
        if parts.len().saturating_add(part.len()) > SCREEN_BYTES_MAX {
            let error = Error::local("the screen of this run is too large to show; read its output instead");
            self.unwatch_run(run);
            self.effects.push(Effect::Failed { operation: Operation::Run(run), error });
            return;
        }
        parts.extend_from_slice(part);
        if snapshot.more {
            return;
        }
        let bytes = Bytes::from(std::mem::take(parts));
        (watch.next, watch.acked) = (Ok(snapshot.off), snapshot.off);
        if watch.at.is_some() {
            // From here on it is read byte by byte, also after a reconnect.
            watch.screen = None;
        }
        self.change_run(run, |shown| {
            shown.bytes = shown.bytes.max(snapshot.off);
            shown.size = Some(snapshot.size);
        });
        let TermSize { cols, rows } = snapshot.size;
        self.effects.push(Effect::Screen { run, off: snapshot.off, cols, rows, bytes });
    }

    /// The terminal has this size from the next byte of output on.
    pub(super) fn on_screen_size(&mut self, run: RunId, size: TermSize) {
        self.change_run(run, |shown| shown.size = Some(size));
        self.effects.push(Effect::ScreenSize { run, cols: size.cols, rows: size.rows });
    }

    pub(super) fn resize_terminal(&mut self, run: RunId, size: TermSize) {
        let keyboard = self.keyboards.get_mut(&run).filter(|keyboard| keyboard.lease.is_some());
        let Some(keyboard) = keyboard else {
            let error = Error::local("only who holds the keyboard can resize this terminal; ask for it first");
            self.effects.push(Effect::Failed { operation: Operation::Keyboard(run), error });
            return;
        };
        keyboard.size = Some(size);
        self.send_size(run);
    }

    /// Sends the size that is wanted, one request at a time: of many changes in between only the last counts.
    pub(super) fn send_size(&mut self, run: RunId) {
        let is_up = self.is_up();
        let Some(keyboard) = self.keyboards.get_mut(&run) else { return };
        if !is_up || keyboard.resizing || keyboard.paused_until_ms.is_some() {
            return;
        }
        let (Some(lease), Some(size)) = (keyboard.lease, keyboard.size) else { return };
        keyboard.resizing = true;
        self.send_request(&TermResize { run, lease, size }, RequestKind::TermResize(run, size), Recovery::Forget);
    }

    pub(super) fn on_resized(&mut self, run: RunId, size: TermSize) {
        let Some(keyboard) = self.keyboards.get_mut(&run) else { return };
        keyboard.resizing = false;
        keyboard.size = keyboard.size.filter(|wanted| *wanted != size);
        self.send_size(run);
    }

    /// A refused size is not sent again: the next change is.
    pub(super) fn on_resize_error(&mut self, run: RunId, size: TermSize, error: Error) {
        if error.code == Some(Code::Busy) {
            if let Some(keyboard) = self.keyboards.get_mut(&run) {
                keyboard.resizing = false;
            }
            return self.pause_keyboard(run, &error);
        }
        self.on_resized(run, size);
        self.effects.push(Effect::Failed { operation: Operation::Keyboard(run), error });
    }
}
