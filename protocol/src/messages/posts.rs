//! Posting a message to a room, and the answer.

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::{Nonce, RoomName, UserName};

/// Posts a message. Two posts of one user with one nonce are one post. Answer: [`Posted`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomPost {
    /// The room.
    pub room: RoomName,
    /// The text, at most [`crate::limits::TEXT_BYTES_MAX`] bytes, not empty.
    pub text: String,
    /// The client's id of this request: a retry has the same.
    pub nonce: Nonce,
    /// The `seq` of the line that it replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
}

/// The `seq` of the event that a request wrote to its room; `None` if nothing had to be written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PostAck {
    /// The event's position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
}

/// The answer to [`RoomPost`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Posted {
    /// The message's position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// People whom the text mentions but who are not in the room: they are not notified. At most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_here: Vec<UserName>,
}

impl_message! {
    RoomPost = "room.post",
}
