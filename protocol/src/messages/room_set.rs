//! The settings of a room.

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::RoomName;

/// Changes a room's settings; absent fields stay. Owners and admins. Answer: [`super::PostAck`], the position of the
/// last event that this wrote.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomSet {
    /// The room.
    pub room: RoomName,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its topic; empty for none. Every member who may post can set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Archive or unarchive it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Days after which its content is removed; 0 keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Each run needs the approval of a second person. Owners turn it on; only admins turn it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve: Option<bool>,
}

impl_message! {
    RoomSet = "room.set",
}
