//! What an event changes besides the timeline. It travels with the event, and the publisher applies it after the
//! commit, in commit order. The state in memory is therefore always what the events up to some position made it.

use bytes::Bytes;
use wardroom_protocol::RoomRole;

use super::ids::UserId;

/// A change besides the timeline.
#[derive(Clone, Debug)]
pub enum Effect {
    /// The room's title changed.
    Title(String),
    /// The room's topic changed.
    Topic(String),
    /// The room was archived or unarchived.
    Archived(bool),
    /// The room's retention in days changed; 0: forever.
    Retention(u32),
    /// Each run needs an approval, or not.
    Approve(bool),
    /// A user became a member.
    Joined(UserId, RoomRole),
    /// A user stopped being a member.
    Went(UserId),
    /// A member's role changed.
    Role(UserId, RoomRole),
    /// A message mentions these users.
    Mentions(Mentions),
    /// A message was amended.
    Amended(Amended),
}

/// The users that a message mentions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Mentions {
    /// Members, by name; empty if `is_here` mentions them all.
    pub users: Vec<UserId>,
    /// True for `@here`.
    pub is_here: bool,
}

impl Mentions {
    /// Returns true if nobody is mentioned.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && !self.is_here
    }
}

/// The result of an amendment.
#[derive(Clone, Debug)]
pub struct Amended {
    /// The message.
    pub target: u64,
    /// The author of the message.
    pub author: UserId,
    /// True if the message was deleted.
    pub is_deleted: bool,
    /// The new mentions, if they changed.
    pub mentions: Option<Mentions>,
    /// Lines whose frames changed.
    pub replaced: Vec<Replaced>,
}

/// A line with a new frame.
#[derive(Clone, Debug)]
pub struct Replaced {
    /// The `seq` of its event.
    pub seq: u64,
    /// The frame for everybody.
    pub frame: Bytes,
    /// The frame for its author, if it contains a nonce.
    pub own_frame: Option<Bytes>,
}
