//! Runs: what the timeline says about them, and watching their output by offset, so that no byte is lost or repeated,
//! however the connection behaves.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use wardroom_protocol::limits::{SCREEN_WINDOW_DEFAULT, WINDOW_DEFAULT};
use wardroom_protocol::messages::{
    RunAck, RunEnd, RunGet, RunInfo, RunList, RunListed, RunOutput, RunSignal, RunUnwatch, RunWatch, Signal,
};
use wardroom_protocol::{Code, Event, EventBody, RoomName, RunId};

use super::Client;
use super::state::{Recovery, RequestKind, Watch};
use crate::effect::{Change, Effect, Error, Operation};
use crate::limits::{ACK_EVERY_BYTES, RUNS_MAX, WATCH_WINDOW_MANUAL};
use crate::model::{Keyboard, OutputTail, Run, RunState, TailLimits};
use crate::position::WatchFrom;

fn tail_at(off: u64) -> Arc<OutputTail> {
    Arc::new(OutputTail::beginning_at(off, None, TailLimits::default()))
}

impl Client {
    pub(super) fn watch_run(&mut self, run: RunId, from: WatchFrom, auto_ack: bool) {
        if self.watches.contains_key(&run) {
            return;
        }
        let next = match from {
            WatchFrom::Byte(off) => Ok(off),
            WatchFrom::Last(count) => Err(count),
        };
        let acked = next.unwrap_or(0);
        self.watches.insert(run, Watch { next, acked, auto_ack, screen: None, at: None, asked: None, short_at: None });
        self.change_run(run, |shown| {
            shown.watched = true;
            shown.tail = tail_at(acked);
        });
        if self.is_up() {
            self.request_watch(run);
        }
    }

    pub(super) fn rewatch_runs(&mut self) {
        let runs: Vec<RunId> = self.watches.keys().copied().collect();
        for run in runs {
            self.request_watch(run);
        }
    }

    pub(super) fn watches_disconnected(&mut self) {
        for watch in self.watches.values_mut() {
            watch.asked = None;
        }
    }

    pub(super) fn request_watch(&mut self, run: RunId) {
        let Some(watch) = self.watches.get_mut(&run) else { return };
        let id = match watch.next {
            Ok(from) => {
                watch.acked = from;
                let screen = watch.screen.is_some();
                watch.screen = screen.then(Vec::new);
                let at = watch.at.filter(|_| screen);
                let window = Some(match watch.auto_ack {
                    _ if screen => SCREEN_WINDOW_DEFAULT,
                    true => WINDOW_DEFAULT,
                    false => WATCH_WINDOW_MANUAL,
                });
                if screen {
                    // The size, and who holds the keyboard.
                    self.send_request(&RunGet { run }, RequestKind::RunGet(run), Recovery::Forget);
                }
                let watch = RunWatch { run, from, window, screen, at };
                self.send_request(&watch, RequestKind::RunWatch(run), Recovery::Forget)
            }
            Err(_) => self.send_request(&RunGet { run }, RequestKind::RunGet(run), Recovery::Forget),
        };
        if let Some(watch) = self.watches.get_mut(&run) {
            watch.asked = Some(id);
        }
    }

    pub(super) fn on_watching(&mut self, run: RunId, id: u64) {
        if let Some(watch) = self.watches.get_mut(&run).filter(|watch| watch.asked == Some(id)) {
            watch.asked = None;
        }
    }

    pub(super) fn on_run_info(&mut self, run: RunId, info: RunInfo) {
        let bytes = info.bytes;
        self.take_run_info(info);
        if let Some(watch) = self.watches.get_mut(&run)
            && let Err(last) = watch.next
        {
            let from = bytes.saturating_sub(last);
            watch.next = Ok(from);
            self.change_run(run, |shown| shown.tail = tail_at(from));
            self.request_watch(run);
        }
    }

    pub(super) fn on_watch_error(&mut self, run: RunId, error: Error) {
        if self.watches.remove(&run).is_some() {
            self.change_run(run, |shown| shown.watched = false);
            self.effects.push(Effect::Failed { operation: Operation::Run(run), error });
        }
    }

    /// The server rejected input or ended the watch. It is not requested again automatically.
    pub(super) fn on_run_error(&mut self, run: RunId, error: Error) {
        let is_input = matches!(error.code, Some(Code::Conflict | Code::Forbidden | Code::Busy | Code::RateLimited));
        if is_input && self.on_input_error(run, &error) {
            return;
        }
        if error.code == Some(Code::NotFound) {
            self.keyboards.remove(&run);
            self.change_run(run, |shown| shown.keyboard.mine = false);
        }
        let ends_watch = matches!(error.code, Some(Code::NotFound | Code::BadRequest | Code::Internal));
        if ends_watch && self.watches.remove(&run).is_some() {
            self.change_run(run, |shown| shown.watched = false);
        }
        self.effects.push(Effect::Failed { operation: Operation::Run(run), error });
    }

    pub(super) fn unwatch_run(&mut self, run: RunId) {
        if self.watches.remove(&run).is_some() {
            self.send(&RunUnwatch { run });
            self.change_run(run, |shown| shown.watched = false);
        }
    }

    pub(super) fn signal_run(&mut self, run: RunId, signal: Signal) {
        // Stopping a run late, or twice, is harmless; a second Ctrl-C is not.
        let recovery = match signal {
            Signal::Term | Signal::Kill => Recovery::Resend,
            Signal::Int | Signal::Hup => Recovery::Fail,
        };
        self.send_request(&RunSignal { run, signal }, RequestKind::RunSignal(run), recovery);
    }

    pub(super) fn on_output(&mut self, output: RunOutput, mut bytes: Bytes) {
        let run = output.run;
        let Some(watch) = self.watches.get_mut(&run).filter(|watch| watch.asked.is_none()) else { return };
        let Ok(next) = watch.next else { return };
        let Some(known) = next.checked_sub(output.off) else {
            return self.request_watch(run);
        };
        if known >= bytes.len() as u64 {
            return;
        }
        let size = output.size.filter(|_| known == 0);
        bytes.advance(known as usize);
        let end = next.saturating_add(bytes.len() as u64);
        watch.next = Ok(end);
        // Callers that acknowledge by hand print the bytes and need no lines, unless they ask for them.
        let keeps_tail = watch.screen.is_none() && watch.at.is_none() && (watch.auto_ack || self.keep_tails);
        let ack_now = watch.auto_ack && end.saturating_sub(watch.acked) >= ACK_EVERY_BYTES;
        if ack_now {
            watch.acked = end;
        }
        self.change_run(run, |shown| {
            shown.bytes = shown.bytes.max(end);
            if keeps_tail {
                Arc::make_mut(&mut shown.tail).push(output.fd, next, &bytes, |(), _| ());
            }
        });
        if ack_now {
            self.send(&RunAck { run, off: end });
        }
        if let Some(size) = size {
            self.on_screen_size(run, size);
        }
        self.effects.push(Effect::Output { run, fd: output.fd, off: next, bytes });
    }

    pub(super) fn ack_run(&mut self, run: RunId, off: u64) {
        let Some(watch) = self.watches.get_mut(&run).filter(|watch| watch.asked.is_none()) else { return };
        if off > watch.acked && watch.next.is_ok_and(|next| off <= next) {
            watch.acked = off;
            self.send(&RunAck { run, off });
        }
    }

    pub(super) fn on_run_end(&mut self, end: RunEnd) {
        let run = end.run;
        let Some(watch) = self.watches.get_mut(&run).filter(|watch| watch.asked.is_none()) else { return };
        let Ok(next) = watch.next else { return };
        if next < end.bytes && watch.short_at != Some(next) {
            watch.short_at = Some(next);
            return self.request_watch(run);
        }
        self.watches.remove(&run);
        self.forget_keyboard(run);
        self.change_run(run, |shown| {
            shown.keyboard = Keyboard::default();
            shown.state = RunState::Ended { exit: end.exit.clone(), ms: end.ms };
            shown.bytes = end.bytes;
            shown.truncated = end.truncated;
            shown.left = end.left;
            shown.watched = false;
        });
        self.effects.push(Effect::RunEnded(end));
    }

    /// Takes what an event says about a run.
    pub(super) fn on_run_event(&mut self, event: &Event) {
        match &event.body {
            EventBody::RunStarted(started) => {
                let info = RunInfo {
                    ended: Vec::new(),
                    detached: None,
                    run: started.run,
                    n: started.n,
                    room: event.room.clone(),
                    seq: event.seq,
                    by: event.by.clone(),
                    cmd: started.cmd.clone(),
                    host: started.host.clone(),
                    at: event.at,
                    bytes: 0,
                    exit: None,
                    ms: None,
                    tty: started.tty,
                    stdin: started.stdin,
                    holder: None,
                    isolation: started.isolation.clone(),
                    sandbox: started.sandbox.clone(),
                    group: started.group,
                };
                self.take_run_info(info);
            }
            EventBody::RunEnded(ended) => {
                self.forget_keyboard(ended.run);
                self.change_run(ended.run, |shown| {
                    shown.keyboard = Keyboard::default();
                    shown.state = RunState::Ended { exit: ended.exit.clone(), ms: ended.ms };
                    shown.bytes = shown.bytes.max(ended.bytes);
                    shown.truncated = ended.truncated;
                    shown.left = ended.left;
                });
            }
            _ => {}
        }
    }

    pub(super) fn load_runs(&mut self, room: &RoomName) {
        let message = RunList { room: Some(room.clone()), ..RunList::default() };
        self.send_request(&message, RequestKind::RunList(room.clone()), Recovery::Resend);
    }

    pub(super) fn on_runs(&mut self, listed: RunListed) {
        for info in listed.runs {
            self.take_run_info(info);
        }
    }

    fn take_run_info(&mut self, info: RunInfo) {
        self.change_run(info.run, |shown| {
            if let (Some(exit), Some(ms)) = (&info.exit, info.ms) {
                shown.state = RunState::Ended { exit: exit.clone(), ms };
            }
            if !shown.keyboard.mine {
                shown.keyboard.holder.clone_from(&info.holder);
            }
            shown.tty = info.tty.or(shown.tty);
            shown.size = shown.size.or(info.tty.map(|tty| tty.size));
            shown.bytes = shown.bytes.max(info.bytes);
            shown.detached = info.detached.clone().or(shown.detached.take());
            shown.info = Some(Arc::new(info));
        });
    }

    pub(super) fn change_run(&mut self, run: RunId, change: impl FnOnce(&mut Run)) {
        if !self.runs.contains_key(&run) && self.runs.len() >= RUNS_MAX {
            let oldest = self.runs.values().find(|shown| !shown.watched).map(|shown| shown.run);
            oldest.and_then(|oldest| self.runs.remove(&oldest));
        }
        let shown = self.runs.entry(run).or_insert_with(|| Arc::new(Run::new(run)));
        change(Arc::make_mut(shown));
        self.changed(Change::Run(run));
    }
}
