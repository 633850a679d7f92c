//! Files on rooms' shelves: uploads that go on where they stopped, downloads under credit, lists. Called by both faces;
//! knows no socket, only the [`Outlet`] of a connection, to which acknowledgements and bytes go.
//!
//! A person's face streams a file so: [`put`] with [`Face::Person`], then [`write`] for each piece as it is read (it
//! waits for room, so the socket is not read faster than the disk writes), then [`commit`] without a digest. And
//! [`open_download`] with [`Face::Person`], whose flow is pushed to the outlet and gives the file's bytes alone.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::messages::{
    FileAck, FileChunk, FileGet, FileGetOk, FileInfo, FileList, FileListed, FilePut, FilePutOk,
};
use wardroom_protocol::{RelPath, Request, UploadId};

use crate::outlet::{Flow, FlowKey, Item, Outlet};
use crate::policy::Member;
use crate::refusal::Refusal;
use crate::state::State;
use crate::store::Store;

/// The shelves, and the uploads to them.
pub struct Files {}

/// How bytes travel on the connection that asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Face {
    /// In frames, under credit, acknowledged.
    Program,
    /// As they are: the socket's own flow control is the credit.
    Person,
}

/// A file that stands on its shelf.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Committed {
    /// Where.
    pub path: RelPath,
    /// Its line in the room.
    pub seq: u64,
    /// The digest, 64 hexadecimal digits.
    pub blake3: String,
}

impl Files {
    /// Opens the shelves.
    pub async fn load(_data: &Path, _store: &Store) -> Result<Self, Refusal> {
        Ok(Self {})
    }
}

fn unbuilt() -> Refusal {
    Refusal::busy("files are not built yet", 0)
}

/// Ends what a crash left half done.
pub async fn recover(_state: &Arc<State>) -> Result<(), Refusal> {
    Ok(())
}

/// Begins an upload, or finds the one that this user began under this nonce. This connection then holds it.
///
/// # Errors
/// `forbidden`, `not_found`, `conflict`, `too_large`, `busy`.
pub async fn put(
    _state: &Arc<State>,
    _member: &Member,
    _outlet: &Arc<Outlet>,
    _put: FilePut,
    _face: Face,
) -> Result<FilePutOk, Refusal> {
    Err(unbuilt())
}

/// The next bytes of an upload, `off` being their place. Waits until there is room for them.
///
/// # Errors
/// `conflict` with `off`, `too_large`, `not_found`, `busy`.
pub async fn write(
    _state: &Arc<State>,
    _member: &Member,
    _outlet: &Arc<Outlet>,
    _upload: UploadId,
    _off: u64,
    _bytes: Bytes,
) -> Result<(), Refusal> {
    Err(unbuilt())
}

/// Puts the whole file on the shelf, if the digest is right; without one, what came is taken as it is. Asked again,
/// it answers the same.
///
/// # Errors
/// `conflict`, `not_found`, `forbidden`, `bad_request`, `busy`.
pub async fn commit(
    _state: &Arc<State>,
    _member: &Member,
    _upload: UploadId,
    _blake3: Option<String>,
) -> Result<Committed, Refusal> {
    Err(unbuilt())
}

/// Gives an upload up; what was staged is removed.
///
/// # Errors
/// `not_found`; `conflict` where it is on the shelf already.
pub async fn abort(_state: &Arc<State>, _member: &Member, _upload: UploadId) -> Result<(), Refusal> {
    Err(unbuilt())
}

/// The entries of a folder, by name, a page at a time.
///
/// # Errors
/// `not_found`, `bad_request` for a file.
pub async fn list(_state: &Arc<State>, _member: &Member, _ask: FileList) -> Result<FileListed, Refusal> {
    Err(unbuilt())
}

/// One file or folder; its name is the path.
///
/// # Errors
/// `not_found`.
pub async fn stat(
    _state: &Arc<State>,
    _member: &Member,
    _ask: wardroom_protocol::messages::FileStat,
) -> Result<FileInfo, Refusal> {
    Err(unbuilt())
}

/// Opens a file to be sent. The caller pushes its own answer first, then the flow, to the same outlet.
///
/// # Errors
/// `not_found`, `bad_request` beyond the end, `conflict` for another digest than `blake3`, `busy`.
pub async fn open_download(
    _state: &Arc<State>,
    _member: &Member,
    _outlet: &Arc<Outlet>,
    _get: FileGet,
    _face: Face,
) -> Result<(FileGetOk, Box<dyn Flow>), Refusal> {
    Err(unbuilt())
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
    Err(unbuilt())
}
