//! Rooms: lists, membership, the timeline.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::impl_message;
use super::session::RoomInfo;
use crate::ids::{Epoch, Nonce, RoomName, UserName};
use crate::role::{Role, RoomRole};

/// The rooms that one may see, as many as a line holds. Answer: [`RoomListed`].
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct RoomList {
    /// Those behind this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<RoomName>,
}

/// The answer to [`RoomList`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomListed {
    /// By name.
    pub rooms: Vec<RoomInfo>,
    /// There are more behind the last one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
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
    /// The author's mark: a retry under the same one is answered as the first, and makes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
}

/// Becomes a member: an event in the room, unless one is already. Answer: [`super::PostAck`].
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
    /// So many of the last events. With `after`: what follows that, unless it is more than this; then the last of it.
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
    /// Events from this time on (Unix milliseconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
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

/// One has read up to here; told to all connections of the user. Never goes back.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomRead {
    /// The room.
    pub room: RoomName,
    /// The last event read.
    pub seq: u64,
}

/// Who is in a room, as many as a line holds. Answer: [`RoomMembersListed`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomMembers {
    /// The room.
    pub room: RoomName,
    /// Those behind this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<UserName>,
}

/// The answer to [`RoomMembers`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomMembersListed {
    /// By name.
    pub members: Vec<MemberInfo>,
    /// There are more behind the last one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
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
    /// What they may do in this room.
    #[serde(default)]
    pub room_role: RoomRole,
    /// A program.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bot: bool,
}

/// Changes what a room is called or how it is kept: what is absent stays. Owners and admins. Answer: [`super::PostAck`], the place of
/// the last event that this made.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomSet {
    /// The room.
    pub room: RoomName,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is about; empty for nothing. Every member who may speak sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// It is over, or goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Days after which what is in it is removed; 0: it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
}

/// Makes somebody a member. In a private room by owners, in a public one by all members. Answer: [`super::PostAck`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomInvite {
    /// The room.
    pub room: RoomName,
    /// Whom.
    pub user: UserName,
    /// As what; `member` if it is not said. Another than that is an owner's to give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoomRole>,
}

/// Takes somebody out of a room. Owners. Answer: [`super::PostAck`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomRemove {
    /// The room.
    pub room: RoomName,
    /// Whom.
    pub user: UserName,
}

/// Changes what a member may do in a room. Owners; the last owner stays one (`conflict`). Answer: [`super::PostAck`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomSetRole {
    /// The room.
    pub room: RoomName,
    /// Whose.
    pub user: UserName,
    /// What they may do from now on.
    pub role: RoomRole,
}

/// The direct message of oneself and these; made where there is none. Answer: [`DmOpened`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DmOpen {
    /// The others, 1 to 15.
    pub users: Vec<UserName>,
}

/// The answer to [`DmOpen`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct DmOpened {
    /// The room's name, by which it is addressed like any other.
    pub room: RoomName,
}

/// Says it otherwise: one's own message, as long as it is not deleted. Answer: [`super::PostAck`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomEdit {
    /// The room.
    pub room: RoomName,
    /// The message.
    pub seq: u64,
    /// What it says from now on; as in a post.
    pub text: String,
}

/// Takes back a message: one's own; owners and admins anybody's. Its text is gone, its line stays. Answer: [`super::PostAck`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomDelete {
    /// The room.
    pub room: RoomName,
    /// The message.
    pub seq: u64,
}

/// Adds a reaction to a message, or takes one's own back. Done already is `ok` without a place. Answer: [`super::PostAck`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RoomReact {
    /// The room.
    pub room: RoomName,
    /// The message.
    pub seq: u64,
    /// One emoji.
    pub emoji: String,
    /// Add it, or take it back.
    pub on: bool,
}

/// One is typing. Not answered where it has no number; sent every few seconds at most.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Typing {
    /// The room.
    pub room: RoomName,
    /// Who: only in what the server tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserName>,
}

/// Who came and who went. Told, once a second at most, to connections that asked for the members of a room that these
/// users are in; never stored.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Presence {
    /// Users who have a connection now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub here: Vec<UserName>,
    /// Users who have none any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<UserName>,
}

/// A room is not what it was: one came to be a member, or its title, its owner or the like changed. Told to its members.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RoomChanged {
    /// As it is now for the reader; `joined` is false where they are no member any more.
    pub info: RoomInfo,
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
    /// Unread lines of others, as in [`RoomInfo`].
    #[serde(default)]
    pub unread: u64,
}

impl_message! {
    RoomList = "room.list", RoomCreate = "room.create", RoomJoin = "room.join", RoomLeave = "room.leave",
    RoomOpen = "room.open", RoomClose = "room.close", RoomHistory = "room.history",
    RoomRead = "room.read", RoomMembers = "room.members", RoomLive = "room.live", RoomState = "room.state",
    RoomSet = "room.set", RoomInvite = "room.invite", RoomRemove = "room.remove", RoomSetRole = "room.role", DmOpen = "dm.open",
    RoomEdit = "room.edit", RoomDelete = "room.delete", RoomReact = "room.react", Typing = "typing", Presence = "presence",
    RoomChanged = "room.changed",
}
