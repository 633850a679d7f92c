//! The company-wide room.

use crate::store::RoomId;

/// The company-wide room, which exists from the start.
pub const GENERAL: RoomId = RoomId(1);
/// The name of the company-wide room.
pub const GENERAL_NAME: &str = "general";
