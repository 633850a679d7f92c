//! Rooms: lists, membership, the timeline.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::impl_message;
use super::session::RoomInfo;
use crate::ids::{Epoch, Nonce, RoomName, UserName};
use crate::role::{Role, RoomRole};

/// Lists the rooms that the caller may see, as many as fit in a line. Answer: [`RoomListed`].
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct RoomList {
    /// Only rooms after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<RoomName>,
}

/// The answer to [`RoomList`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomListed {
    /// By name.
    pub rooms: Vec<RoomInfo>,
    /// True if more follow the last one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// Creates a room and joins it. Members and above; if it exists: `conflict`.
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
    /// The client's id of this request: a retry with the same nonce gets the first answer and creates nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
}

/// Joins a room: an event in the room, unless the caller is a member already. Answer: [`super::PostAck`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomJoin {
    /// The room.
    pub room: RoomName,
}

/// Leaves a room.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomLeave {
    /// The room.
    pub room: RoomName,
}

/// Sends events from a position on, then [`RoomLive`], then new ones. A room that is already open is opened again.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomOpen {
    /// The room.
    pub room: RoomName,
    /// The last event that the client has: those after it are sent. Beyond the head, the answer is `reset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// This many of the last events. With `after`: those after it, but at most this many of the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
    /// The epoch that `after` belongs to; if it is not the server's, the answer is `reset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
}

/// The answer to [`RoomOpen`], before the first event.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct RoomOpened {
    /// The `seq` after which events follow.
    pub after: u64,
    /// The last event when the room was opened: `head - after` events follow.
    pub head: u64,
}

/// Stops the events of this room on this connection.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomClose {
    /// The room.
    pub room: RoomName,
}

/// Requests a page of the timeline. At most one of `before`, `after` and `around`; without one, the last page. Answer:
/// [`RoomPage`].
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
    /// Events from this time on (Unix milliseconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// The most events to return: 1 to 200, 50 if absent. A page has fewer if they exceed a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The answer to [`RoomHistory`], ascending.
#[derive(Debug, Deserialize, Serialize)]
pub struct RoomPage {
    /// Each as an `event` without its `t`; parsed by [`crate::Event::parse`].
    pub events: Vec<Box<RawValue>>,
    /// True if there are more in the requested direction.
    pub more: bool,
}

/// The caller has read up to here; sent to all connections of the user. Never decreases.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomRead {
    /// The room.
    pub room: RoomName,
    /// The last event read.
    pub seq: u64,
}

/// Lists the members of a room, as many as fit in a line. Answer: [`RoomMembersListed`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomMembers {
    /// The room.
    pub room: RoomName,
    /// Only members after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<UserName>,
}

/// The answer to [`RoomMembers`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomMembersListed {
    /// By name.
    pub members: Vec<MemberInfo>,
    /// True if more follow the last one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// A member of a room.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct MemberInfo {
    /// The name they sign in with.
    pub user: UserName,
    /// The display name.
    pub name: String,
    /// The role of the account.
    pub role: Role,
    /// The member has a connection.
    pub here: bool,
    /// The role in this room.
    #[serde(default)]
    pub room_role: RoomRole,
    /// The member is a program.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bot: bool,
    /// What the member says about themselves; empty for nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub status: String,
}

/// Adds a member. In a private room by owners, in a public one by all members. Answer: [`super::PostAck`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomInvite {
    /// The room.
    pub room: RoomName,
    /// The user.
    pub user: UserName,
    /// The role in the room; `member` if absent. Only owners may give others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoomRole>,
}

/// Removes a member. Owners. Answer: [`super::PostAck`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomRemove {
    /// The room.
    pub room: RoomName,
    /// The member.
    pub user: UserName,
}

/// Changes the role of a member in a room. Owners; the last owner must stay one (`conflict`). Answer:
/// [`super::PostAck`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomSetRole {
    /// The room.
    pub room: RoomName,
    /// The member.
    pub user: UserName,
    /// The new role.
    pub role: RoomRole,
}

/// Opens the direct message of the caller and these users; creates it if there is none. Answer: [`DmOpened`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DmOpen {
    /// The other users, 1 to 15.
    pub users: Vec<UserName>,
}

/// The answer to [`DmOpen`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct DmOpened {
    /// The room's name, by which it is addressed like any other.
    pub room: RoomName,
}

/// Edits one of the caller's own messages, unless it is deleted. Answer: [`super::PostAck`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomEdit {
    /// The room.
    pub room: RoomName,
    /// The message.
    pub seq: u64,
    /// The new text; as in a post.
    pub text: String,
}

/// Deletes a message: one's own; owners and admins any. Its text is removed, its line stays. Answer:
/// [`super::PostAck`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomDelete {
    /// The room.
    pub room: RoomName,
    /// The message.
    pub seq: u64,
}

/// Adds a reaction to a message, or removes the caller's own. If nothing changes, the answer is `ok` without a
/// position. Answer: [`super::PostAck`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomReact {
    /// The room.
    pub room: RoomName,
    /// The message.
    pub seq: u64,
    /// One emoji.
    pub emoji: String,
    /// Add it, or remove it.
    pub on: bool,
}

/// The caller is typing. Not answered without a number; sent every few seconds at most.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Typing {
    /// The room.
    pub room: RoomName,
    /// Who is typing: only if the server sends this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserName>,
}

/// Users who connected or disconnected, or set their status. Sent at most once a second to connections that asked for the members of a room
/// that these users are in; never stored.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Presence {
    /// Users who have a connection now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub here: Vec<UserName>,
    /// Users who have no connection any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<UserName>,
    /// The statuses of the users in `here`. Users without a status are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<UserStatus>,
}

/// What a user says about themselves.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct UserStatus {
    /// The user.
    pub user: UserName,
    /// The text of [`super::StatusSet`].
    pub text: String,
}

/// A room has changed: the caller became a member, or its title, an owner or the like changed. Sent to its members.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RoomChanged {
    /// Its new state for the reader; `joined` is false if they are no longer a member.
    pub info: RoomInfo,
}

/// All events up to `head` have been sent; what follows is new. Sent by the server.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RoomLive {
    /// The room.
    pub room: RoomName,
    /// The last event sent.
    pub head: u64,
}

/// A room that is not open on this connection has new events, or was read elsewhere. Sent by the server, never stored.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RoomState {
    /// The room.
    pub room: RoomName,
    /// The last event.
    pub head: u64,
    /// The last event that the user has read.
    pub read: u64,
    /// Unread messages that mention the user.
    #[serde(default)]
    pub mentions: u64,
    /// Unread lines of others, as in [`RoomInfo`].
    #[serde(default)]
    pub unread: u64,
}

impl_message! {
    RoomList = "room.list", RoomCreate = "room.create", RoomJoin = "room.join", RoomLeave = "room.leave",
    RoomOpen = "room.open", RoomClose = "room.close", RoomHistory = "room.history",
    RoomRead = "room.read", RoomMembers = "room.members", RoomLive = "room.live", RoomState = "room.state",
    RoomInvite = "room.invite", RoomRemove = "room.remove", RoomSetRole = "room.role", DmOpen = "dm.open",
    RoomEdit = "room.edit", RoomDelete = "room.delete", RoomReact = "room.react", Typing = "typing", Presence = "presence",
    RoomChanged = "room.changed",
}
