//! Files of a room: resumable uploads, downloads under credit, listings.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::{BadName, Nonce, RoomName, StreamId, UploadId};
use crate::path::RelPath;

/// The root of a path: `room:ops`, the files of that room.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// A room's files.
    Room(RoomName),
}

impl TryFrom<String> for Place {
    type Error = BadName;
    fn try_from(s: String) -> Result<Self, BadName> {
        match s.split_once(':') {
            Some(("room", room)) => RoomName::parse(room).map(Place::Room),
            _ => Err(BadName("a place is room:NAME")),
        }
    }
}

impl From<Place> for String {
    fn from(place: Place) -> String {
        place.to_string()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place::Room(room) = self;
        write!(f, "room:{room}")
    }
}

/// What happens if a file already exists at the path.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IfExists {
    /// The new file is refused: `conflict`.
    #[default]
    Fail,
    /// The old file is replaced.
    Replace,
    /// The new file gets another name: `a.log` becomes `a (2).log`.
    Rename,
}

/// Begins an upload, or finds the one that this user began with this nonce. Answer: [`FilePutOk`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FilePut {
    /// The room.
    #[serde(rename = "in")]
    pub place: Place,
    /// The path in it.
    pub path: RelPath,
    /// The size in bytes.
    pub size: u64,
    /// The file's modification time, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtime: Option<u64>,
    /// What happens if the file exists.
    #[serde(default)]
    pub if_exists: IfExists,
    /// The client's id of this request.
    pub nonce: Nonce,
}

/// The answer to [`FilePut`] and [`FileResume`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct FilePutOk {
    /// The upload.
    pub upload: UploadId,
    /// The next byte that the server needs.
    pub off: u64,
    /// Bytes that may be sent beyond the last `file.ack`.
    pub window: u64,
}

/// The next bytes of an upload. Has no number and no answer: [`FileAck`] follows when they are staged.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct FileChunk {
    /// The upload.
    pub upload: UploadId,
    /// The offset of the first byte; a wrong one is answered with `conflict` and the right `off`.
    pub off: u64,
    /// The number of raw bytes that follow.
    pub len: u64,
}

/// All bytes before `off` are done: staged on disk for an upload, processed by the reader of a download.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileAck {
    /// The upload, if the server sends this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<UploadId>,
    /// The download, if the client sends this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamId>,
    /// The next byte needed.
    pub off: u64,
}

/// Stores the whole file in the room, if the digest matches. Answer: [`FileCommitOk`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FileCommit {
    /// The upload.
    pub upload: UploadId,
    /// The BLAKE3 digest of all its bytes, 64 hexadecimal digits.
    pub blake3: String,
}

/// The answer to [`FileCommit`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileCommitOk {
    /// Its path: not the requested name if `rename` chose another.
    pub path: RelPath,
    /// Its line in the room.
    pub seq: u64,
}

/// Resumes an upload, from any connection of the same user; an older connection loses it.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct FileResume {
    /// The upload.
    pub upload: UploadId,
}

/// Aborts an upload; its staged bytes are deleted.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct FileAbort {
    /// The upload.
    pub upload: UploadId,
}

/// Lists a folder, by name. Answer: [`FileListed`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FileList {
    /// The room.
    #[serde(rename = "in")]
    pub place: Place,
    /// The folder; the room's top folder if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RelPath>,
    /// Only entries after this name: the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The answer to [`FileList`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FileListed {
    /// By name, at most [`crate::limits::LIST_ENTRIES_MAX`].
    pub entries: Vec<FileInfo>,
    /// True if more follow the last one.
    #[serde(default)]
    pub more: bool,
}

/// A file or a folder.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileInfo {
    /// Its name in a listing, its path in an answer to [`FileStat`].
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Bytes; 0 for a folder.
    pub size: u64,
    /// Unix milliseconds.
    pub mtime: u64,
    /// The BLAKE3 digest, if the server has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
}

/// The kind of an entry. Others (links, pipes, devices) are never shown.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they say it")]
pub enum FileKind {
    File,
    Folder,
}

/// Describes one file or folder. Answer: [`FileInfo`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FileStat {
    /// The room.
    #[serde(rename = "in")]
    pub place: Place,
    /// The path in it.
    pub path: RelPath,
}

/// Sends a file's bytes. Answer: [`FileGetOk`], then [`FileData`] and [`FileEnd`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FileGet {
    /// The room.
    #[serde(rename = "in")]
    pub place: Place,
    /// The path in it.
    pub path: RelPath,
    /// The first byte.
    #[serde(default)]
    pub off: u64,
    /// The number of bytes; to the end if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Bytes that may be sent beyond the last `file.ack`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// The digest that an earlier part had: if the file has changed since, the answer is `conflict`, so that parts
    /// never mix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
}

/// The answer to [`FileGet`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileGetOk {
    /// The download.
    pub stream: StreamId,
    /// Bytes of the whole file.
    pub size: u64,
    /// Unix milliseconds.
    pub mtime: u64,
    /// The digest of the whole file, if the server has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
}

/// Bytes of a download. Sent by the server.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileData {
    /// The download.
    pub stream: StreamId,
    /// The offset of the first byte in the file.
    pub off: u64,
    /// The number of raw bytes that follow.
    pub len: u64,
}

/// The last byte has been sent. Sent by the server.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileEnd {
    /// The download.
    pub stream: StreamId,
}

/// Cancels a download.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct FileClose {
    /// The download.
    pub stream: StreamId,
}

impl_message! {
    FilePut = "file.put", FileChunk = "file.chunk", FileAck = "file.ack", FileCommit = "file.commit",
    FileResume = "file.resume", FileAbort = "file.abort", FileList = "file.list", FileStat = "file.stat",
    FileGet = "file.get", FileData = "file.data", FileEnd = "file.end", FileClose = "file.close",
}
