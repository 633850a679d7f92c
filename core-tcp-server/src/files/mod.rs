//! Files on shelves.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::Request;
use wardroom_protocol::messages::{FileAck, FileChunk};

use crate::outlet::{FlowKey, Item, Outlet};
use crate::policy::Member;
use crate::refusal::Refusal;
use crate::state::State;
use crate::store::Store;

/// The shelves, and the uploads to them.
pub struct Files {}

impl Files {
    /// Opens the shelves.
    pub async fn load(_data: &Path, _store: &Store) -> Result<Self, Refusal> {
        Ok(Self {})
    }
}

/// Ends what a crash left half done.
pub async fn recover(_state: &Arc<State>) -> Result<(), Refusal> {
    Ok(())
}

/// A reader has dealt with bytes of a download.
pub fn ack(outlet: &Outlet, ack: FileAck) {
    if let Some(stream) = ack.stream {
        outlet.push(Item::Ack(FlowKey::Stream(stream), ack.off));
    }
}

/// The next bytes of an upload.
pub async fn chunk(_state: &Arc<State>, _member: &Member, _outlet: &Arc<Outlet>, _chunk: FileChunk, _body: Bytes) {}

/// Carries out a request about files.
pub async fn request(
    _state: &Arc<State>,
    _member: &Member,
    _outlet: &Arc<Outlet>,
    _id: Option<u64>,
    _request: Request,
) -> Result<Option<Bytes>, Refusal> {
    Err(Refusal::busy("files are not built yet", 0))
}
