//! A room that a reader has open.

use std::sync::Arc;

use crate::access::ReadAccess;
use crate::rooms::Room;

/// A room that the reader has open.
pub(super) struct OpenRoom {
    pub(super) room: Arc<Room>,
    pub(super) access: ReadAccess,
    /// The last event that was taken for the reader.
    pub(super) cursor: u64,
    /// The reader was told that nothing older is to come.
    pub(super) is_live: bool,
}
