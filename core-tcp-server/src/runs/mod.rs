//! Runs: commands on hosts, their output as logs.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::Request;
use wardroom_protocol::messages::{HostHello, RunAck, RunInput};

use crate::outlet::{FlowKey, Item, Outlet};
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
