//! An upload as it is shown.

use wardroom_protocol::messages::{IfExists, Place};
use wardroom_protocol::{Nonce, RelPath};

use crate::effect::Error;

/// A file that is being uploaded.
#[derive(Clone, Debug, PartialEq)]
pub struct Upload {
    /// Its nonce.
    pub nonce: Nonce,
    /// The room.
    pub place: Place,
    /// The requested path; after the upload, the final path.
    pub path: RelPath,
    /// Bytes.
    pub size: u64,
    /// The file's modification time, Unix milliseconds.
    pub mtime: Option<u64>,
    /// What to do if the file exists.
    pub if_exists: IfExists,
    /// Bytes that the server has on disk: for the progress bar.
    pub acked: u64,
    /// Its state.
    pub state: UploadState,
}

/// The state of an upload.
#[derive(Clone, Debug, PartialEq)]
pub enum UploadState {
    /// It waits for the connection, or for earlier uploads.
    Waiting,
    /// Reads what the server already has, for the digest.
    Hashing {
        /// Bytes read.
        done: u64,
        /// Bytes to read.
        of: u64,
    },
    /// It is being sent.
    Sending,
    /// Paused by the user.
    Paused,
    /// The server has all bytes; it checks and stores them.
    Committing,
    /// It is stored.
    Done {
        /// Its position in the room.
        seq: u64,
    },
    /// It failed.
    Failed(Error),
}

impl UploadState {
    /// Nothing more will happen automatically.
    pub fn is_over(&self) -> bool {
        matches!(self, UploadState::Done { .. } | UploadState::Failed(_))
    }
}
