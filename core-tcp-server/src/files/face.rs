//! What uploads and downloads are for their callers: how the bytes travel, and the stored file at the end.

use wardroom_protocol::RelPath;

/// How bytes travel on the caller's connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Face {
    /// In frames, under credit, acknowledged.
    Program,
    /// Raw: the socket's own flow control is the credit.
    Person,
}

/// A file that is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Committed {
    /// Its path.
    pub path: RelPath,
    /// The `seq` of its event in the room.
    pub seq: u64,
    /// The digest in 64 hexadecimal digits.
    pub blake3: String,
}
