//! How much of each run has been sent on one connection, and how much the core has acknowledged. The connection's
//! reader updates it, and its writer acts on it. Created for each connection from the core's welcome.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use wardroom_protocol::RunId;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::limits::BODY_BYTES_MAX;
use wardroom_protocol::messages::{
    ErrAnswer, HostAck, HostDetached, HostInputAck, HostStarted, HostStatus, HostWelcome, Ping, Pong,
};

use crate::limits::{BATCH_BYTES, REFUSALS_MAX};
use crate::runs::Error;
use crate::runs::run::Run;

/// The state of one connection.
#[derive(Debug)]
pub struct Cursors {
    window: u64,
    // Never held across an await.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    runs: BTreeMap<RunId, Cursor>,
    /// The number of the last ping; answering it answers older ones too.
    pong: Option<u64>,
    is_ping_due: bool,
    /// How this machine is, if the core has asked.
    status: Option<HostStatus>,
    refusals: VecDeque<Error>,
    /// The run that was served last: the next turn begins after it.
    last: Option<RunId>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    /// The next byte to send.
    sent: u64,
    /// The next byte that the core needs.
    acked: u64,
    /// Input of which the core knows that the command has been given it.
    input: u64,
    is_start_told: bool,
    /// What goes on after its first process was told after so many changes.
    detached_told: u64,
    is_end_told: bool,
    /// Its spool cannot be read; the next connection tries again.
    is_broken: bool,
}

/// What to write next.
#[derive(Debug)]
pub enum Job {
    /// A complete frame.
    Frame(Bytes),
    /// Output of a run.
    Output {
        /// The run.
        run: Arc<Run>,
        /// The first byte.
        from: u64,
        /// The offset after the last byte.
        upto: u64,
    },
}

impl Cursors {
    /// Starts at the offset that the core needs of each run.
    pub fn new(welcome: &HostWelcome) -> Cursors {
        let cursor = |from: u64| Cursor { sent: from, acked: from, ..Cursor::default() };
        let runs = welcome.runs.iter().map(|wanted| (wanted.run, cursor(wanted.from))).collect();
        Cursors { window: welcome.window, state: Mutex::new(State { runs, ..State::default() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the core has asked for the run: its state is sent, again if it was sent before.
    pub fn asked_for(&self, run: RunId) {
        let mut state = self.state();
        let cursor = state.runs.entry(run).or_default();
        (cursor.is_start_told, cursor.is_end_told) = (false, false);
    }

    /// Notes that the core has the bytes before `off`.
    pub fn acked(&self, HostAck { run, off }: HostAck) {
        if let Some(cursor) = self.state().runs.get_mut(&run) {
            // Not beyond what was sent: the window is counted from here.
            cursor.acked = cursor.acked.max(off.min(cursor.sent));
        }
    }

    /// Forgets a run that the core is done with.
    pub fn forget(&self, run: RunId) {
        self.state().runs.remove(&run);
    }

    /// Notes that a run's spool cannot be read.
    pub fn broken(&self, run: RunId) {
        if let Some(cursor) = self.state().runs.get_mut(&run) {
            cursor.is_broken = true;
        }
    }

    /// Answers a ping of the core.
    pub fn pinged(&self, n: u64) {
        self.state().pong = Some(n);
    }

    /// Pings a core that has been silent for long.
    pub fn ping(&self) {
        self.state().is_ping_due = true;
    }

    /// Says how this machine is.
    pub fn say(&self, status: HostStatus) {
        self.state().status = Some(status);
    }

    /// Refuses something that the core asked for.
    pub fn refuse(&self, refusal: Error) {
        let mut state = self.state();
        if state.refusals.len() < REFUSALS_MAX {
            state.refusals.push_back(refusal);
        }
    }

    /// Returns what to write next, and counts it as sent: small frames first, then up to one frame's worth of each run,
    /// in turn, until the batch is full. Empty if there is nothing to send.
    pub fn next_batch(&self, all: &[Arc<Run>]) -> Vec<Job> {
        let mut state = self.state();
        let state = &mut *state;
        let mut jobs: Vec<Job> = Vec::new();
        if let Some(n) = state.pong.take() {
            jobs.push(Job::Frame(encode(Number::None, &Pong { n })));
        }
        if std::mem::take(&mut state.is_ping_due) {
            jobs.push(Job::Frame(encode(Number::None, &Ping { n: 0, now: None })));
        }
        jobs.extend(state.status.take().map(|status| Job::Frame(encode(Number::None, &status))));
        jobs.extend(state.refusals.drain(..).map(|refusal| Job::Frame(told(refusal))));
        let mut budget = BATCH_BYTES;
        let behind = state.last.map_or(0, |last| all.partition_point(|run| run.id <= last));
        let (before, after) = all.split_at(behind);
        for run in after.iter().chain(before) {
            if budget == 0 {
                break;
            }
            let Some(cursor) = state.runs.get_mut(&run.id).filter(|cursor| !cursor.is_broken) else { continue };
            let bytes = cursor.advance(run, self.window, budget, &mut jobs);
            budget = budget.saturating_sub(bytes);
            if bytes > 0 {
                state.last = Some(run.id);
            }
        }
        jobs
    }
}

fn told(Error { run, code, msg }: Error) -> Bytes {
    let answer = ErrAnswer { code: Some(code), msg: msg.to_owned(), run: Some(run), ..ErrAnswer::default() };
    encode(Number::None, &answer)
}

impl Cursor {
    /// Adds what can be sent of this run now: its start, output and end, in this order. Returns the number of bytes.
    fn advance(&mut self, run: &Arc<Run>, window: u64, budget: u64, jobs: &mut Vec<Job>) -> u64 {
        let report = run.report();
        if let (false, Some(pid)) = (self.is_start_told, report.pid) {
            jobs.push(Job::Frame(encode(Number::None, &HostStarted { run: run.id, pid })));
            self.is_start_told = true;
        }
        if report.input > self.input {
            jobs.push(Job::Frame(encode(Number::None, &HostInputAck { run: run.id, off: report.input })));
            self.input = report.input;
        }
        if let (Some((detached, changes)), None) = (&report.detached, &report.ended)
            && *changes > self.detached_told
        {
            let detached = detached.clone();
            jobs.push(Job::Frame(encode(Number::None, &HostDetached { run: run.id, detached })));
            self.detached_told = *changes;
        }
        let from = self.sent;
        let allowed = self.acked.saturating_add(window);
        let upto = report.bytes.min(allowed).min(from.saturating_add(budget.min(BODY_BYTES_MAX as u64)));
        if from < upto {
            jobs.push(Job::Output { run: Arc::clone(run), from, upto });
            self.sent = upto;
        }
        // After a power loss here the core may have more than the spool; it is still told the end.
        if let (false, Some(ended)) = (self.is_end_told, &report.ended)
            && self.sent >= ended.bytes
        {
            jobs.push(Job::Frame(encode(Number::None, &**ended)));
            self.is_end_told = true;
        }
        upto.saturating_sub(from)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::spool::Root;
    use wardroom_protocol::messages::{Exit, HostEnded, HostFrom};

    struct House {
        root: Root,
        _folder: tempfile::TempDir,
    }

    fn house() -> House {
        let folder = tempfile::tempdir().unwrap();
        House { root: Root::open(folder.path()).unwrap(), _folder: folder }
    }

    impl House {
        /// Makes a run that is over, with this many bytes.
        fn over(&self, n: u128, bytes: u64) -> Arc<Run> {
            let id = RunId::from_parts(1, n);
            let exit = Exit::Code { code: 0 };
            let ended = HostEnded { run: id, exit, bytes, ms: 0, truncated: false, left: 0, ended: Vec::new() };
            Arc::new(Run::over(id, self.root.spool(id), ended))
        }
    }

    fn cursors(runs: &[Arc<Run>], from: u64, window: u64) -> Cursors {
        let runs = runs.iter().map(|run| HostFrom { run: run.id, from }).collect();
        Cursors::new(&HostWelcome { host: "local".to_owned(), runs, window })
    }

    /// Formats a batch: `3:0..5` for output of run 3, `t` for a frame.
    fn batch(cursors: &Cursors, runs: &[Arc<Run>]) -> Vec<String> {
        let t = |frame: &Bytes| {
            let value: serde_json::Value = serde_json::from_slice(frame).unwrap();
            value.get("t").unwrap().as_str().unwrap().to_owned()
        };
        let short = |job: &Job| match job {
            Job::Frame(frame) => t(frame),
            Job::Output { run, from, upto } => format!("{}:{from}..{upto}", run.id.0.random()),
        };
        cursors.next_batch(runs).iter().map(short).collect()
    }

    #[test]
    fn output_comes_as_the_window_allows_and_the_end_after_it() {
        let house = house();
        let runs = [house.over(3, 250)];
        let cursors = cursors(&runs, 0, 100);
        let ack = |off| cursors.acked(HostAck { run: RunId::from_parts(1, 3), off });
        assert_eq!(batch(&cursors, &runs), ["3:0..100"]);
        assert!(batch(&cursors, &runs).is_empty(), "nothing without an ack");
        ack(60);
        assert_eq!(batch(&cursors, &runs), ["3:100..160"]);
        ack(10);
        assert!(batch(&cursors, &runs).is_empty(), "an ack does not go back");
        ack(9_999);
        assert_eq!(batch(&cursors, &runs), ["3:160..250", "host.ended"], "an ack counts up to what was sent");
        assert!(batch(&cursors, &runs).is_empty());
        cursors.asked_for(RunId::from_parts(1, 3));
        assert_eq!(batch(&cursors, &runs), ["host.ended"], "told again when asked for again");
    }

    #[test]
    fn a_core_that_has_everything_is_told_the_end_at_once() {
        let house = house();
        let runs = [house.over(3, 250), house.over(4, 0)];
        assert_eq!(batch(&cursors(&runs, 250, 100), &runs), ["host.ended", "host.ended"]);
        assert_eq!(batch(&cursors(&runs, 300, 100), &runs), ["host.ended", "host.ended"], "or more than there is");
    }

    #[test]
    fn runs_take_turns() {
        let house = house();
        let runs: Vec<_> = (1..=6).map(|n| house.over(n, 1_000_000)).collect();
        let cursors = cursors(&runs, 0, 1 << 30);
        // Four frames make a batch; the next one begins with the runs that had no turn.
        assert_eq!(batch(&cursors, &runs), ["1:0..65536", "2:0..65536", "3:0..65536", "4:0..65536"]);
        assert_eq!(batch(&cursors, &runs), ["5:0..65536", "6:0..65536", "1:65536..131072", "2:65536..131072"]);
    }

    #[test]
    fn what_the_core_did_not_ask_for_is_not_sent() {
        let house = house();
        let runs = [house.over(3, 10), house.over(4, 10)];
        let cursors = cursors(&runs[..1], 0, 100);
        assert_eq!(batch(&cursors, &runs), ["3:0..10", "host.ended"]);
        cursors.broken(runs[0].id);
        cursors.asked_for(runs[0].id);
        assert!(batch(&cursors, &runs).is_empty(), "a spool that cannot be read has no end to tell");
    }

    #[test]
    fn small_things_come_first_and_are_bounded() {
        let house = house();
        let runs = [house.over(3, 10)];
        let cursors = cursors(&runs, 0, 100);
        (0..1_000).for_each(|n| cursors.pinged(n));
        let refusal = Error { run: runs[0].id, code: wardroom_protocol::Code::Busy, msg: "no" };
        (0..1_000).for_each(|_| cursors.refuse(refusal));
        cursors.ping();
        let batch = batch(&cursors, &runs);
        assert_eq!(batch[..3], ["pong", "ping", "err"]);
        assert_eq!(batch.len(), 2 + REFUSALS_MAX + 2, "one pong, and no more refusals than are kept");
        assert_eq!(batch[batch.len() - 1], "host.ended");
    }
}
