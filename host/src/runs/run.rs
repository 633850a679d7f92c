//! The state of one run, shared by the link to the core (which reads its progress, and passes on requests) and its own
//! task in [`super::follow`] (which talks to the run's shim).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use wardroom_protocol::frame::{Number, encode, encode_with_body};
use wardroom_protocol::messages::{Detached, HostEnded, TermSize};
use wardroom_protocol::{Message, RunId};

use crate::limits::{PASSED_BYTES, SHIM_REQUESTS_MAX};
use crate::shim::wire::Passed;
use crate::spool::{SizeRecord, Spool};

/// A run that this host holds.
#[derive(Debug)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Its spool.
    pub spool: Spool,
    /// Frames for the shim.
    requests: Sender<Bytes>,
    /// Requests were dropped.
    has_dropped: AtomicBool,
    // Never held across an await.
    state: Mutex<RunState>,
}

#[derive(Debug, Default)]
struct RunState {
    /// Its first process, as soon as the core may be told.
    pid: Option<u32>,
    bytes: u64,
    input: u64,
    sizes: Vec<SizeRecord>,
    detached: Option<Detached>,
    /// How often that has changed.
    detached_changes: u64,
    ended: Option<Arc<HostEnded>>,
    /// Its shim has told its state.
    is_known: bool,
    /// Its shim can be told how far the core has followed.
    can_pace: bool,
    /// What its shim was told last about that.
    passed: Option<u64>,
    /// The core is done with it.
    is_forgotten: bool,
}

/// The state of a run for the core.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// Its first process, if it has one.
    pub pid: Option<u32>,
    /// Bytes of output that can be sent.
    pub bytes: u64,
    /// Bytes of input that the command has been given.
    pub input: u64,
    /// What goes on after its first process, and how often that has changed.
    pub detached: Option<(Detached, u64)>,
    /// How it ended. Then `bytes` is final.
    pub ended: Option<Arc<HostEnded>>,
}

impl Run {
    /// Makes a run that has no shim yet. Requests wait until it has one.
    pub fn new(id: RunId, spool: Spool) -> (Run, Receiver<Bytes>) {
        let (requests, for_shim) = channel(SHIM_REQUESTS_MAX);
        let state = RunState { sizes: spool.sizes(), ..RunState::default() };
        (Run { id, spool, requests, has_dropped: AtomicBool::default(), state: Mutex::new(state) }, for_shim)
    }

    /// Makes a run that is over.
    pub fn over(id: RunId, spool: Spool, ended: HostEnded) -> Run {
        let (run, _) = Run::new(id, spool);
        run.ended(ended);
        run
    }

    fn state(&self) -> MutexGuard<'_, RunState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns its current state.
    pub fn report(&self) -> RunReport {
        let state = self.state();
        // No output is sent before the start.
        let may_be_told = state.pid.is_some() || state.ended.is_some();
        let bytes = if may_be_told { state.bytes } else { 0 };
        RunReport {
            pid: state.pid,
            bytes,
            input: state.input,
            detached: state.detached.clone().map(|detached| (detached, state.detached_changes)),
            ended: state.ended.clone(),
        }
    }

    /// Returns the bytes of output in the spool.
    pub fn bytes(&self) -> u64 {
        self.state().bytes
    }

    /// Returns true if it is over.
    pub fn is_over(&self) -> bool {
        self.state().ended.is_some()
    }

    /// Notes what the shim says about it.
    pub fn progress(&self, pid: Option<u32>, bytes: Option<u64>, input: Option<u64>) {
        let mut state = self.state();
        state.pid = pid.or(state.pid);
        state.bytes = state.bytes.max(bytes.unwrap_or(0));
        state.input = state.input.max(input.unwrap_or(0));
    }

    /// Notes that a shim that has just been connected to has told its state, and whether it can be paced.
    pub fn set_known(&self, can_pace: bool) {
        let mut state = self.state();
        (state.is_known, state.can_pace, state.passed) = (true, can_pace, None);
    }

    /// Tells its shim how far the core has followed its output, from time to time; `None` if it follows no more.
    pub fn passed(&self, off: Option<u64>) {
        let mut state = self.state();
        let is_news = match (state.passed, off) {
            (Some(before), Some(off)) => off >= before.saturating_add(PASSED_BYTES),
            (before, off) => before.is_some() || off.is_some(),
        };
        if state.can_pace && is_news {
            state.passed = off;
            drop(state);
            self.request(&Passed { off });
        }
    }

    /// Returns true once its state is known: what its shim has told, or its end.
    pub fn is_known(&self) -> bool {
        let state = self.state();
        state.is_known || state.ended.is_some()
    }

    /// Notes the size of its terminal from an offset on.
    pub fn resized(&self, record: SizeRecord) {
        self.state().sizes.push(record);
    }

    /// Returns the end of the part of the output from `from` on that has one size of the terminal, at most `upto`; and
    /// the size, if it changed at `from`.
    pub fn same_size(&self, from: u64, upto: u64) -> (u64, Option<TermSize>) {
        let state = self.state();
        let next = state.sizes.partition_point(|record| record.off <= from);
        let end = state.sizes.get(next).map_or(upto, |record| record.off.min(upto));
        let last = next.checked_sub(1).and_then(|at| state.sizes.get(at));
        (end, last.filter(|record| record.off == from).map(|record| record.size))
    }

    /// Notes what goes on after its first process.
    pub fn detached(&self, detached: Detached) {
        let mut state = self.state();
        state.detached = Some(detached);
        state.detached_changes += 1;
    }

    /// Notes that it is over.
    pub fn ended(&self, ended: HostEnded) {
        let mut state = self.state();
        state.bytes = ended.bytes;
        state.ended = Some(Arc::new(ended));
    }

    /// Returns true if the core is done with it.
    pub fn is_forgotten(&self) -> bool {
        self.state().is_forgotten
    }

    /// Notes that the core is done with it; returns whether it is over.
    pub fn forgotten(&self) -> bool {
        let mut state = self.state();
        state.is_forgotten = true;
        state.ended.is_some()
    }

    /// Sends a request to the shim.
    pub fn request<M: Message>(&self, request: &M) {
        self.send(encode(Number::None, request));
    }

    /// Sends a request with raw bytes to the shim.
    pub fn request_with_body<M: Message>(&self, request: &M, body: &[u8]) {
        self.send(encode_with_body(Number::None, request, body));
    }

    /// A run that is over takes nothing. A shim that reads nothing loses requests; once it reads again, the core sends all
    /// that was not acknowledged again.
    fn send(&self, frame: Bytes) {
        if let Err(TrySendError::Full(_)) = self.requests.try_send(frame) {
            tracing::debug!(run = %self.id, "a shim reads nothing, and a request for it is dropped");
            self.has_dropped.store(true, Ordering::Release);
        }
    }

    /// Returns true if requests were dropped since the last call.
    pub fn take_dropped(&self) -> bool {
        self.has_dropped.swap(false, Ordering::AcqRel)
    }
}
