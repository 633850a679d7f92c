//! Commands that are about to become runs. A run starts now or not at all: without a connection it is kept as *not
//! sent*, and so is one whose answer was lost with the connection. Only its author sends it again, under the same
//! nonce, so that it cannot start twice.

use wardroom_protocol::messages::{RunStart, RunStartOk, TermOp};
use wardroom_protocol::{Event, EventBody, Nonce};

use super::Client;
use super::posts::outbox_full;
use crate::effect::{Effect, Error, Operation};
use crate::limits::RUN_WAIT_MS;
use crate::pending_post::{NotSent, PendingPost, PendingRun, PostState};
use crate::position::WatchFrom;

impl Client {
    pub(super) fn start_run(&mut self, start: RunStart, watch: bool) {
        let (nonce, room) = (start.nonce.clone(), start.room.clone());
        let text = match (&start.command, &start.cmd, &start.argv) {
            (Some(name), ..) => {
                let named = start.params.iter().map(|(name, value)| format!("{name}={value}"));
                let words: Vec<String> = start.args.iter().cloned().chain(named).map(quoted).collect();
                format!("/{name} {}", words.join(" ")).trim_end().to_owned()
            }
            (None, Some(cmd), _) => format!("$ {cmd}"),
            (None, None, Some(argv)) => format!("$ {}", argv.join(" ")),
            (None, None, None) => "$ login shell".to_owned(),
        };
        let run = PendingRun { start, watch, until_ms: self.now_ms.saturating_add(RUN_WAIT_MS) };
        let post = PendingPost {
            nonce: nonce.clone(),
            room: room.clone(),
            text,
            reply_to: None,
            run: Some(Box::new(run)),
            at_ms: self.wall_ms(),
            state: PostState::Pending,
        };
        self.reset_typing(&room);
        if !self.outbox.push(post) {
            if self.outbox.find(&nonce).is_none() {
                self.effects.push(Effect::Failed { operation: Operation::RunStart(nonce), error: outbox_full() });
            }
            return;
        }
        match self.is_up() {
            true => self.outbox_changed(&room),
            false => self.not_sent(&nonce, NotSent::Offline),
        }
    }

    /// Its author sends it again.
    pub(super) fn retry_run(&mut self, nonce: &Nonce) {
        if !self.is_up() {
            return self.not_sent(nonce, NotSent::Offline);
        }
        let until_ms = self.now_ms.saturating_add(RUN_WAIT_MS);
        let Some(post) = self.outbox.find_mut(nonce) else { return };
        let Some(run) = &mut post.run else { return };
        if matches!(post.state, PostState::NotSent(_) | PostState::Failed(_)) {
            run.until_ms = until_ms;
            post.state = PostState::Pending;
            let room = post.room.clone();
            self.outbox_changed(&room);
        }
    }

    pub(super) fn run_started(&mut self, nonce: Nonce, started: RunStartOk, watch: bool) {
        self.clear_in_flight(&nonce);
        let mut tty = None;
        if let Some(post) = self.outbox.find_mut(&nonce) {
            tty = post.run.as_ref().and_then(|run| run.start.tty);
            let room = post.room.clone();
            // In an open room its line stays until the event replaces it.
            let is_shown = self.open_rooms.contains_key(&room);
            post.state = PostState::Posted(started.seq);
            let last = self.live_last(&room);
            if !is_shown || last.is_some_and(|last| last >= started.seq) {
                self.outbox.remove(&nonce);
            }
            self.outbox_changed(&room);
        }
        if let Some(n) = started.proposal {
            let (seq, until) = (started.seq, started.until.unwrap_or_default());
            return self.effects.push(Effect::RunProposed { nonce, n, seq, until });
        }
        if let Some(lease) = started.lease {
            self.hold_started(started.run, lease, tty);
        }
        self.report_started(&nonce, &started, watch);
    }

    /// The event of a run whose answer was lost with an earlier connection.
    pub(super) fn on_own_run_event(&mut self, event: &Event, nonce: &Nonce, watch: bool) {
        if let EventBody::RunProposed(body) = &event.body
            && !self.is_in_flight(nonce)
        {
            let (nonce, n, seq, until) = (nonce.clone(), body.n, event.seq, body.until);
            self.effects.push(Effect::RunProposed { nonce, n, seq, until });
        }
        if let EventBody::RunStarted(body) = &event.body
            && !self.is_in_flight(nonce)
        {
            let started = RunStartOk {
                run: body.run,
                n: body.n,
                seq: event.seq,
                lease: None,
                runs: Vec::new(),
                proposal: None,
                until: None,
            };
            self.report_started(nonce, &started, watch);
            // The keyboard was leased to the lost connection.
            if body.tty.is_some() || body.stdin {
                self.control_keyboard(body.run, TermOp::Take, None);
            }
        }
    }

    fn report_started(&mut self, nonce: &Nonce, started: &RunStartOk, watch: bool) {
        let first = (started.run, started.n);
        let others = started.runs.iter().map(|lane| (lane.run, lane.n)).filter(|lane| *lane != first);
        for (run, n) in std::iter::once(first).chain(others) {
            self.effects.push(Effect::RunStarted { nonce: nonce.clone(), run, n });
            if watch {
                self.watch_run(run, WatchFrom::Byte(0), true);
            }
        }
    }

    pub(super) fn on_run_start_error(&mut self, nonce: Nonce, error: Error) {
        self.clear_in_flight(&nonce);
        if let Some(post) = self.outbox.find_mut(&nonce) {
            post.state = PostState::Failed(error.message.clone());
            let room = post.room.clone();
            self.outbox_changed(&room);
        }
        self.effects.push(Effect::Failed { operation: Operation::RunStart(nonce), error });
    }

    /// The connection was lost: what was sent may have started, the rest will not.
    pub(super) fn runs_disconnected(&mut self) {
        for nonce in self.waiting_runs(|_| true) {
            let why = if self.is_in_flight(&nonce) { NotSent::Unknown } else { NotSent::Offline };
            self.not_sent(&nonce, why);
        }
    }

    /// Gives up commands that waited too long for their turn.
    pub(super) fn give_up_late_runs(&mut self) {
        let now_ms = self.now_ms;
        for nonce in self.waiting_runs(|run| run.until_ms <= now_ms) {
            if !self.is_in_flight(&nonce) {
                self.not_sent(&nonce, NotSent::Late);
            }
        }
    }

    /// When the first waiting command expires.
    pub(super) fn runs_deadline_ms(&self) -> Option<u64> {
        let waiting = self.outbox.posts().iter().filter(|post| post.state == PostState::Pending);
        let waiting = waiting.filter(|post| !self.is_in_flight(&post.nonce));
        waiting.filter_map(|post| post.run.as_ref()).map(|run| run.until_ms).min()
    }

    fn waiting_runs(&self, is_meant: impl Fn(&PendingRun) -> bool) -> Vec<Nonce> {
        let waiting = self.outbox.posts().iter().filter(|post| post.state == PostState::Pending);
        let meant = waiting.filter(|post| post.run.as_ref().is_some_and(|run| is_meant(run)));
        meant.map(|post| post.nonce.clone()).collect()
    }

    fn not_sent(&mut self, nonce: &Nonce, why: NotSent) {
        let Some(post) = self.outbox.find_mut(nonce) else { return };
        // Once unknown, it stays unknown.
        let was_unknown = post.state == PostState::NotSent(NotSent::Unknown);
        post.state = PostState::NotSent(if was_unknown { NotSent::Unknown } else { why });
        let room = post.room.clone();
        self.outbox_changed(&room);
        let error = Error::local(why.words());
        self.effects.push(Effect::Failed { operation: Operation::RunStart(nonce.clone()), error });
    }
}

/// Returns a value of a named command so that it is one word again when it is read.
fn quoted(word: String) -> String {
    let needs_quotes = word.is_empty() || word.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    match (needs_quotes, word.contains('\'')) {
        (false, _) => word,
        (true, false) => format!("'{word}'"),
        (true, true) => word.split('\'').map(|part| format!("'{part}'")).collect::<Vec<_>>().join("\"'\""),
    }
}
