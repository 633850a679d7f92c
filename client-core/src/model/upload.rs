//! An upload as it is shown.

use wardroom_protocol::messages::{IfExists, Place};
use wardroom_protocol::{Nonce, RelPath};

use crate::effect::Error;

/// A file on its way to a room.
#[derive(Clone, Debug, PartialEq)]
pub struct Upload {
    /// Its mark.
    pub nonce: Nonce,
    /// The room.
    pub place: Place,
    /// The path asked for; when it is done, the path that it got.
    pub path: RelPath,
    /// Bytes.
    pub size: u64,
    /// The file's own time, Unix milliseconds.
    pub mtime: Option<u64>,
    /// What becomes of a file that is there.
    pub if_exists: IfExists,
    /// Bytes that the server has on disk: what a progress bar shows.
    pub acked: u64,
    /// How it stands.
    pub state: UploadState,
}

/// How an upload stands.
#[derive(Clone, Debug, PartialEq)]
pub enum UploadState {
    /// It waits for the connection, or for others before it.
    Waiting,
    /// What the server has already is read once, for the digest.
    Hashing {
        /// Bytes read.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// Bytes are on their way.
    Sending,
    /// Held on demand.
    Paused,
    /// All bytes are there; the server checks and files them.
    Committing,
    /// It is stored.
    Done {
        /// Its line in the room.
        seq: u64,
    },
    /// It did not come about.
    Failed(Error),
}

impl UploadState {
    /// Nothing more will happen by itself.
    pub fn is_over(&self) -> bool {
        matches!(self, UploadState::Done { .. } | UploadState::Failed(_))
    }
}
