//! Saying something in a room, and the answer to it.

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::{Nonce, RoomName, UserName};

/// Says something. Two posts of one user with one nonce are one post. Answer: [`Posted`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomPost {
    /// The room.
    pub room: RoomName,
    /// The words, at most [`crate::limits::TEXT_BYTES_MAX`] bytes, not empty.
    pub text: String,
    /// The author's mark: a retry bears the same.
    pub nonce: Nonce,
    /// The `seq` of the line that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
}

/// The `seq` that a request got in its room; `None` if nothing had to be written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PostAck {
    /// Its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
}

/// The answer to [`RoomPost`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Posted {
    /// Its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// People whom the text names and who are not in the room: they are not notified. At most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_here: Vec<UserName>,
}

impl_message! {
    RoomPost = "room.post",
}
