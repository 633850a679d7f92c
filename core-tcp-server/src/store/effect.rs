//! What an event changes beside the timeline. It travels with the event, and is carried out by the publisher after the
//! commit, in commit order: what is in memory is therefore always what the events up to some place have made of it.

use bytes::Bytes;
use wardroom_protocol::RoomRole;

use super::ids::UserId;

/// What an event changes.
#[derive(Clone, Debug)]
pub enum Effect {
    /// What the room is called.
    Title(String),
    /// What it is about.
    Topic(String),
    /// It is over, or goes on.
    Archived(bool),
    /// Days after which what is in it is removed; 0: never.
    Retention(u32),
    /// Somebody became a member.
    Joined(UserId, RoomRole),
    /// Somebody is a member no more.
    Went(UserId),
    /// A member may do something else.
    Role(UserId, RoomRole),
    /// A message names these.
    Mentions(Mentions),
    /// A message is another than it was.
    Amended(Amended),
}

/// Whom a message names.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Mentions {
    /// Members, by name; nobody where `is_here`, which names them all.
    pub users: Vec<UserId>,
    /// `@here`
    pub is_here: bool,
}

impl Mentions {
    /// True where nobody is named.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && !self.is_here
    }
}

/// What an amendment changed.
#[derive(Clone, Debug)]
pub struct Amended {
    /// The message.
    pub target: u64,
    /// Whose it is.
    pub author: UserId,
    /// It was deleted.
    pub is_deleted: bool,
    /// Whom it names from now on, where that changed.
    pub mentions: Option<Mentions>,
    /// Lines that read otherwise from now on.
    pub replaced: Vec<Replaced>,
}

/// A line that reads otherwise from now on.
#[derive(Clone, Debug)]
pub struct Replaced {
    /// Its place.
    pub seq: u64,
    /// The frame for everybody.
    pub frame: Bytes,
    /// The frame for its author, where it bears a nonce.
    pub own_frame: Option<Bytes>,
}
