//! Runs: commands on hosts, their output as logs.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::messages::{
    HostHello, RunAck, RunEof, RunInfo, RunInput, RunList, RunSignal, RunStart, RunStartOk, RunWatch,
};
use wardroom_protocol::{Request, RunId};

use crate::outlet::{Flow, FlowKey, Item, Outlet};
use crate::policy::Member;
use crate::refusal::Refusal;
use crate::state::State;
use crate::store::Store;
use crate::wire::FrameReader;

/// The runs, and the hosts that they are on.
pub struct Runs {}

impl Runs {
    /// Reads the runs that have not ended.
    pub async fn load(_data: &Path, _store: &Store) -> Result<Self, Refusal> {
        Ok(Self {})
    }
}

/// Starts a command. The answer is given when the intent is on disk and in the room.
pub async fn start(_state: &Arc<State>, _member: &Member, _start: RunStart) -> Result<RunStartOk, Refusal> {
    Err(Refusal::busy("runs are not built yet", 0))
}

/// Watches a run's output. The caller says `ok`, then pushes `Item::Flow` of what this gives: `run.output` frames,
/// then `run.end`, come out of the writer of `outlet`.
pub async fn watch(
    _state: &Arc<State>,
    _member: &Member,
    _outlet: &Arc<Outlet>,
    _watch: RunWatch,
) -> Result<Box<dyn Flow>, Refusal> {
    Err(Refusal::busy("runs are not built yet", 0))
}

/// Sends a run a signal.
pub async fn signal(_state: &Arc<State>, _member: &Member, _signal: RunSignal) -> Result<(), Refusal> {
    Err(Refusal::busy("runs are not built yet", 0))
}

/// Ends a run's standard input.
pub async fn eof(_state: &Arc<State>, _member: &Member, _eof: RunEof) -> Result<(), Refusal> {
    Err(Refusal::busy("runs are not built yet", 0))
}

/// The last runs, newest first.
pub async fn list(_state: &Arc<State>, _member: &Member, _list: RunList) -> Result<Vec<RunInfo>, Refusal> {
    Err(Refusal::busy("runs are not built yet", 0))
}

/// One run.
pub async fn get(_state: &Arc<State>, _member: &Member, _run: RunId) -> Result<RunInfo, Refusal> {
    Err(Refusal::busy("runs are not built yet", 0))
}

/// One run by its short number, the 41 of `r41`.
pub async fn find_by_n(_state: &Arc<State>, _member: &Member, _n: u64) -> Result<RunInfo, Refusal> {
    Err(Refusal::busy("runs are not built yet", 0))
}

/// A watcher has dealt with output.
pub fn ack(outlet: &Outlet, ack: RunAck) {
    outlet.push(Item::Ack(FlowKey::Run(ack.run), ack.off));
}

/// Bytes for a run's standard input.
pub async fn input(_state: &Arc<State>, _member: &Member, _outlet: &Arc<Outlet>, _input: RunInput, _body: Bytes) {}

/// Carries out a request about runs.
pub async fn request(
    _state: &Arc<State>,
    _member: &Member,
    _outlet: &Arc<Outlet>,
    _id: Option<u64>,
    _request: Request,
) -> Result<Option<Bytes>, Refusal> {
    Err(Refusal::busy("runs are not built yet", 0))
}

/// Serves a host's connection.
pub async fn serve_host(_state: &Arc<State>, _reader: &mut FrameReader, _outlet: &Arc<Outlet>, _hello: HostHello) {}
