//! The room that everybody is in.

use crate::store::RoomId;

/// The room that everybody is in; it exists from the start.
pub const GENERAL: RoomId = RoomId(1);
/// Its name.
pub const GENERAL_NAME: &str = "general";
