//! A room that a reader has open.

use std::sync::Arc;

use crate::access::ReadAccess;
use crate::rooms::Room;

/// A room that the reader has open.
pub(super) struct OpenRoom {
    pub(super) room: Arc<Room>,
    pub(super) access: ReadAccess,
    /// The last event taken for the reader.
    pub(super) cursor: u64,
    /// True once the reader was told that it has caught up.
    pub(super) is_live: bool,
}
