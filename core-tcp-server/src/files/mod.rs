//! Files of rooms: uploads that go on where they stopped, downloads under credit, lists. Called by both faces;
//! knows no socket, only the [`ConnectionSender`] of a connection, to which acknowledgements and bytes go.
//!
//! A person's face streams a file so: [`put`] with [`Face::Person`], then [`write`] for each piece as it is read (it
//! waits for room, so the socket is not read faster than the disk writes), then [`commit`] without a digest. And
//! [`open_download`] with [`Face::Person`], whose flow is pushed to the outlet and gives the file's bytes alone.

mod beneath;
mod commit;
mod download;
mod list;
mod names;
mod pump;
mod put;
mod recover;
mod send;
mod storage;
mod table;
mod text;
mod upload;
mod uploads;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::Semaphore;
use wardroom_protocol::messages::{FileAck, FileCommitOk};
use wardroom_protocol::{RelPath, Request};

pub use commit::commit;
pub use download::open_download;
pub use list::{list, stat};
pub use put::put;
pub use recover::{expire, recover, take_down};
pub use send::{abort, chunk, resume, write};
pub use text::shelve;

use crate::answer::ok;
use crate::error::Error;
use crate::flow::FlowKey;
use crate::limits::{DOWNLOADS_ALL_MAX, PLACING_LANES, UPLOAD_QUEUE_BYTES_MAX};
use crate::policy::Member;
use crate::sender::{ConnectionSender, Item};
use crate::state::State;
use crate::store::{RoomId, Store};

/// Room storage, and the uploads to them.
pub struct Files {
    storage: Arc<storage::RoomStorage>,
    uploads: uploads::Uploads,
    downloads: download::Downloads,
    /// Held while an upload is begun, until its row is on disk.
    opening: Arc<tokio::sync::Mutex<()>>,
    /// Held from a rename into room storage until the room was told.
    placing: [tokio::sync::Mutex<()>; PLACING_LANES],
    /// The memory for bytes that wait for the disk.
    queue: Arc<Semaphore>,
}

/// How bytes travel on the connection that asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Face {
    /// In frames, under credit, acknowledged.
    Program,
    /// As they are: the socket's own flow control is the credit.
    Person,
}

/// A file that is stored.
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
    /// Opens room storage. The uploads come with [`recover`], which needs the rooms.
    ///
    /// # Errors
    /// Where the folders cannot be opened.
    pub async fn load(data: &Path, _store: &Store) -> Result<Self, Error> {
        let data = data.to_owned();
        let storage = tokio::task::spawn_blocking(move || storage::RoomStorage::open(&data));
        let storage = storage.await.map_err(Error::internal)??;
        Ok(Self {
            storage: Arc::new(storage),
            uploads: uploads::Uploads::default(),
            downloads: download::Downloads::new(DOWNLOADS_ALL_MAX),
            opening: Arc::default(),
            placing: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            queue: Arc::new(Semaphore::new(UPLOAD_QUEUE_BYTES_MAX)),
        })
    }

    /// The lane in which files are added to this room, one after the other.
    fn lane(&self, room: RoomId) -> &tokio::sync::Mutex<()> {
        let lane = usize::try_from(room.0.unsigned_abs()).unwrap_or(0) % PLACING_LANES;
        // The remainder is always one of them.
        self.placing.get(lane).unwrap_or(&self.opening)
    }
}

/// The fields of an `ok` that says no more.
#[derive(Debug, Serialize)]
struct Empty {}

/// A reader has dealt with bytes of a download.
pub fn ack(sender: &ConnectionSender, ack: FileAck) {
    if let Some(stream) = ack.stream {
        sender.push(Item::Ack(FlowKey::Stream(stream), ack.off));
    }
}

/// Carries out a program's request about files.
///
/// # Errors
/// What the service refuses.
pub async fn request(
    state: &Arc<State>,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    id: Option<u64>,
    request: Request,
) -> Result<Option<Bytes>, Error> {
    Ok(match request {
        Request::FilePut(ask) => ok(id, &put(state, member, sender, ask, Face::Program).await?),
        Request::FileCommit(ask) => {
            let Committed { path, seq, .. } = commit(state, member, ask.upload, Some(ask.blake3)).await?;
            ok(id, &FileCommitOk { path, seq })
        }
        Request::FileResume(ask) => ok(id, &resume(state, member, sender, ask.upload).await?),
        Request::FileAbort(ask) => {
            abort(state, member, ask.upload).await?;
            ok(id, &Empty {})
        }
        Request::FileList(ask) => ok(id, &list(state, member, ask).await?),
        Request::FileStat(ask) => ok(id, &stat(state, member, ask).await?),
        Request::FileGet(ask) => {
            let (opened, flow) = open_download(state, member, sender, ask, Face::Program).await?;
            // In this order: the answer, then the bytes.
            if let Some(answer) = ok(id, &opened) {
                sender.tell(answer);
            }
            sender.push(Item::Flow(flow));
            None
        }
        Request::FileClose(ask) => {
            sender.push(Item::Stop(FlowKey::Stream(ask.stream)));
            ok(id, &Empty {})
        }
        _ => return Err(Error::bad_request("this is no request about files")),
    })
}
