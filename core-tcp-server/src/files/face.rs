//! What an upload and a download are for those who ask: how the bytes travel, and the file that stands in the end.

use wardroom_protocol::RelPath;

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
