//! Who may do what, as types: a service that needs a right asks for the value that proves it, and only this file can
//! make one.

use std::sync::Arc;

use wardroom_protocol::{Role, RoomName};

use crate::accounts::{SessionId, User};
use crate::refusal::Refusal;
use crate::rooms::{Registry, Room};
use crate::store::UserId;

/// Somebody who is signed in, on one connection.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who.
    pub user: Arc<User>,
    /// By which session.
    pub session: Option<SessionId>,
    /// From where, as the audit shows it.
    pub address: String,
}

/// A member who may talk, create rooms and share files.
pub struct Speaker<'a>(&'a Member);

/// A member who may run commands.
pub struct Operator<'a>(&'a Member);

/// A member who may write to the standard input of a run.
pub struct Typist;

/// A member who may manage accounts.
pub struct Admin<'a>(&'a Member);

/// A room that a member may read.
pub struct Readable {
    /// The room.
    pub room: Arc<Room>,
}

/// A room that a member is in.
pub struct Joined {
    /// The room.
    pub room: Arc<Room>,
}

macro_rules! right {
    ($name:ident, $function:ident, $role:expr, $why:expr) => {
        impl<'a> $name<'a> {
            /// Who holds the right.
            pub fn member(&self) -> &'a Member {
                self.0
            }
        }

        impl Member {
            /// Proves the right.
            ///
            /// # Errors
            /// `forbidden`
            pub fn $function(&self) -> Result<$name<'_>, Refusal> {
                if self.user.role >= $role { Ok($name(self)) } else { Err(Refusal::forbidden($why)) }
            }
        }
    };
}

right!(Speaker, speaker, Role::Member, "a viewer only reads: ask an admin for the role member");
right!(Operator, operator, Role::Operator, "only operators run commands: ask an admin for the role operator");
right!(Admin, admin, Role::Admin, "only admins manage accounts");

impl Member {
    /// A room that this member may read: a public one, or one that they are in.
    ///
    /// # Errors
    /// `not_found`, also for a private room of others.
    pub fn readable(&self, rooms: &Registry, name: &RoomName) -> Result<Readable, Refusal> {
        rooms
            .by_name(name)
            .filter(|room| !room.is_private || room.has(self.user.id))
            .map(|room| Readable { room })
            .ok_or_else(|| Refusal::not_found(format!("there is no room {name}")))
    }

    /// The right to write to a run: its starter's, as long as they may run commands, and every admin's.
    ///
    /// # Errors
    /// `forbidden`
    pub fn typist(&self, starter: UserId) -> Result<Typist, Refusal> {
        let operator = self.operator()?.member();
        if operator.user.id == starter || operator.user.role >= Role::Admin {
            return Ok(Typist);
        }
        Err(Refusal::forbidden("only who started a run writes to it, and admins"))
    }

    /// A room that this member is in.
    ///
    /// # Errors
    /// `not_found`; `forbidden` for a public room that they have not joined.
    pub fn joined(&self, rooms: &Registry, name: &RoomName) -> Result<Joined, Refusal> {
        let Readable { room } = self.readable(rooms, name)?;
        if room.has(self.user.id) {
            return Ok(Joined { room });
        }
        Err(Refusal::forbidden(format!("you are not a member of {name}: join it first")))
    }
}
