//! Files of a room: uploads that go on where they stopped, downloads under credit, lists.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::{BadName, Nonce, RoomName, StreamId, UploadId};
use crate::path::RelPath;

/// Where a path begins: `room:ops`, the files of that room.
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

/// What becomes of a file that stands where another is to go.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IfExists {
    /// The new one is refused: `conflict`.
    #[default]
    Fail,
    /// The old one is replaced.
    Replace,
    /// The new one gets another name: `a.log` becomes `a (2).log`.
    Rename,
}

/// Begins an upload, or finds the one that this user began under this nonce. Answer: [`FilePutOk`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FilePut {
    /// The room.
    #[serde(rename = "in")]
    pub place: Place,
    /// The path on it.
    pub path: RelPath,
    /// Bytes that will come.
    pub size: u64,
    /// The file's own time, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtime: Option<u64>,
    /// What becomes of a file that is there.
    #[serde(default)]
    pub if_exists: IfExists,
    /// The author's mark.
    pub nonce: Nonce,
}

/// The answer to [`FilePut`] and [`FileResume`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct FilePutOk {
    /// The upload.
    pub upload: UploadId,
    /// The next byte that the server wants.
    pub off: u64,
    /// Bytes that may be sent beyond the last `file.ack`.
    pub window: u64,
}

/// The next bytes of an upload. No number, no answer: [`FileAck`] comes when they are staged.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct FileChunk {
    /// The upload.
    pub upload: UploadId,
    /// The first byte's place; another than the next is answered `conflict` with `off`, the right one.
    pub off: u64,
    /// Raw bytes that follow.
    pub len: u64,
}

/// All bytes before `off` have been taken: staged on disk for an upload, dealt with by the reader of a download.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileAck {
    /// The upload, in what the server sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<UploadId>,
    /// The download, in what the client sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamId>,
    /// The next byte wanted.
    pub off: u64,
}

/// Stores the whole file in the room, if the digest is right. Answer: [`FileCommitOk`].
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
    /// Where it stands: another name than asked for, where `rename` made one.
    pub path: RelPath,
    /// Its line in the room.
    pub seq: u64,
}

/// Goes on with an upload, from any connection of the same user; ends the older connection's hold on it.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct FileResume {
    /// The upload.
    pub upload: UploadId,
}

/// Gives an upload up; what was staged is removed.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct FileAbort {
    /// The upload.
    pub upload: UploadId,
}

/// The entries of a folder, by name. Answer: [`FileListed`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FileList {
    /// The room.
    #[serde(rename = "in")]
    pub place: Place,
    /// The folder; the room's top folder if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RelPath>,
    /// Entries after this name: the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The answer to [`FileList`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FileListed {
    /// By name, at most [`crate::limits::LIST_ENTRIES_MAX`].
    pub entries: Vec<FileInfo>,
    /// There are more after the last.
    #[serde(default)]
    pub more: bool,
}

/// A file or a folder.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileInfo {
    /// Its name in a list, its path in an answer to [`FileStat`].
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Bytes; 0 for a folder.
    pub size: u64,
    /// Unix milliseconds.
    pub mtime: u64,
    /// The BLAKE3 digest, where the server has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
}

/// What an entry is. Others (links, pipes, devices) are never shown.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they say it")]
pub enum FileKind {
    File,
    Folder,
}

/// One file or folder. Answer: [`FileInfo`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FileStat {
    /// The room.
    #[serde(rename = "in")]
    pub place: Place,
    /// The path on it.
    pub path: RelPath,
}

/// Sends a file's bytes. Answer: [`FileGetOk`], then [`FileData`] and [`FileEnd`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FileGet {
    /// The room.
    #[serde(rename = "in")]
    pub place: Place,
    /// The path on it.
    pub path: RelPath,
    /// The first byte.
    #[serde(default)]
    pub off: u64,
    /// How many bytes; all that follow if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Bytes that may be sent beyond the last `file.ack`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// The digest that the first part had: another file by now is `conflict`, so that parts are never mixed.
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
    /// The digest of the whole file, where the server has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
}

/// Bytes of a download. Told.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileData {
    /// The download.
    pub stream: StreamId,
    /// The first byte's place in the file.
    pub off: u64,
    /// Raw bytes that follow.
    pub len: u64,
}

/// The last byte has been sent. Told.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileEnd {
    /// The download.
    pub stream: StreamId,
}

/// The reader wants no more of a download.
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
