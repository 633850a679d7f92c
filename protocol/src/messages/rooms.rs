//! Rooms: lists, membership, the timeline.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::impl_message;
use super::session::RoomInfo;
use crate::ids::{Epoch, Nonce, RoomName, UserName};
use crate::role::Role;

/// All rooms that one may see. Answer: [`RoomListed`].
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct RoomList {}

/// The answer to [`RoomList`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomListed {
    /// By name.
    pub rooms: Vec<RoomInfo>,
}

/// Makes a room, and joins it. Members and above; one that exists is `conflict`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomCreate {
    /// Its name.
    pub room: RoomName,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Only members see it.
    #[serde(default)]
    pub private: bool,
}

/// Becomes a member: an event in the room, unless one is already. Answer: [`Stood`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomJoin {
    /// The room.
    pub room: RoomName,
}

/// Is a member no more.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomLeave {
    /// The room.
    pub room: RoomName,
}

/// Events from a position on, then [`RoomLive`], then what comes. A room that is open is opened anew.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomOpen {
    /// The room.
    pub room: RoomName,
    /// The last event that one has: what follows it is sent. Beyond the head it is answered `reset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Instead of `after`: so many of the last events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
    /// The epoch that `after` belongs to; another than the server's is answered `reset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
}

/// The answer to [`RoomOpen`], before the first event.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct RoomOpened {
    /// The `seq` after which events follow.
    pub after: u64,
    /// The last event when the room was opened: `head - after` are to be caught up.
    pub head: u64,
}

/// No more events of this room on this connection.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomClose {
    /// The room.
    pub room: RoomName,
}

/// A page of the timeline. Of `before`, `after` and `around` one or none (the last page). Answer: [`RoomPage`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomHistory {
    /// The room.
    pub room: RoomName,
    /// Events before this `seq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Events after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Events on both sides of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<u64>,
    /// How many at most; 1 to 200, 50 if it is not said. A page may hold fewer where the line's bound is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The answer to [`RoomHistory`], ascending.
#[derive(Debug, Deserialize, Serialize)]
pub struct RoomPage {
    /// Each as an `event` without its `t`; read with [`crate::Event::parse`].
    pub events: Vec<Box<RawValue>>,
    /// There are more in the direction that was asked for.
    pub more: bool,
}

/// Says something. Two posts of one user with one nonce are one post. Answer: [`Stood`].
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

/// Where something stands in its room; `None` where nothing had to be written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Stood {
    /// Its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
}

/// One has read up to here; told to all connections of the user. Never goes back.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomRead {
    /// The room.
    pub room: RoomName,
    /// The last event read.
    pub seq: u64,
}

/// Who is in a room. Answer: [`RoomMembersListed`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomMembers {
    /// The room.
    pub room: RoomName,
}

/// The answer to [`RoomMembers`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomMembersListed {
    /// By name.
    pub members: Vec<MemberInfo>,
}

/// A member of a room.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct MemberInfo {
    /// The name they sign in with.
    pub user: UserName,
    /// The name as it is shown.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// They have a connection.
    pub here: bool,
}

/// All events up to `head` have been sent; what follows is new. Told.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RoomLive {
    /// The room.
    pub room: RoomName,
    /// The last event sent.
    pub head: u64,
}

/// A room that is not open on this connection moved on, or was read elsewhere. Told, never stored.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RoomState {
    /// The room.
    pub room: RoomName,
    /// The last event.
    pub head: u64,
    /// The last event that one has read.
    pub read: u64,
    /// Unread messages that name one.
    #[serde(default)]
    pub mentions: u64,
}

impl_message! {
    RoomList = "room.list", RoomCreate = "room.create", RoomJoin = "room.join", RoomLeave = "room.leave",
    RoomOpen = "room.open", RoomClose = "room.close", RoomHistory = "room.history", RoomPost = "room.post",
    RoomRead = "room.read", RoomMembers = "room.members", RoomLive = "room.live", RoomState = "room.state",
}
