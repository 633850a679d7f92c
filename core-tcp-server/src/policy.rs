//! Permissions as types: a service that needs a right takes the value that proves it, and only this file and `running`,
//! where rules count too, can create one.

mod running;

use std::sync::Arc;

pub use running::Ruled;
use wardroom_protocol::{Role, RoomName, RoomRole};

use crate::accounts::{SessionId, User};
use crate::error::Error;
use crate::rooms::{Registry, Room};
use crate::store::UserId;

/// A user who is signed in, on one connection.
#[derive(Clone, Debug)]
pub struct Member {
    /// The user.
    pub user: Arc<User>,
    /// The session of the connection.
    pub session: Option<SessionId>,
    /// How often the password had been set, if the user signed in with it and no session was created.
    pub passwords_set: Option<u64>,
    /// The address, as shown in the audit log.
    pub address: String,
}

/// A member who may talk, create rooms and share files.
pub struct Speaker<'a>(&'a Member);

/// A member who may run commands.
pub struct Operator<'a>(&'a Member);

/// A member who may hold the keyboard of a run.
pub struct InputRight;

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

/// An active room that a member may add to, and not only read.
pub struct SpeakerIn {
    /// The room.
    pub room: Arc<Room>,
}

/// A room in which a member may run commands.
pub struct OperatorIn {
    /// The room.
    pub room: Arc<Room>,
}

/// A room that a member may manage: its members, its name, and deletions.
pub struct OwnerIn {
    /// The room.
    pub room: Arc<Room>,
}

macro_rules! right {
    ($name:ident, $function:ident, $role:expr, $why:expr) => {
        impl<'a> $name<'a> {
            /// Returns the holder of the right.
            pub fn member(&self) -> &'a Member {
                self.0
            }
        }

        impl Member {
            /// Checks the role and returns the right.
            ///
            /// # Errors
            /// `forbidden`
            pub fn $function(&self) -> Result<$name<'_>, Error> {
                self.open_account()?;
                if self.user.role() >= $role { Ok($name(self)) } else { Err(Error::forbidden($why)) }
            }
        }
    };
}

right!(Speaker, speaker, Role::Member, "a viewer only reads: ask an admin for the role member");
right!(Operator, operator, Role::Operator, "only operators run commands: ask an admin for the role operator");
right!(Admin, admin, Role::Admin, "only admins manage accounts");

impl Member {
    /// Refuses everything to a closed account, whose connections are about to close too. Nobody signs in as the system,
    /// so it counts as closed, but it still acts for the holder of the administrator's key.
    fn open_account(&self) -> Result<(), Error> {
        if self.user.is_disabled() && self.user.id != UserId::SYSTEM {
            return Err(Error::unauthorized("this account is closed"));
        }
        Ok(())
    }

    /// Returns a room that this member may read: a public one, or one that they are in.
    ///
    /// # Errors
    /// `not_found`, also for a private room that they are not in.
    pub fn readable(&self, rooms: &Registry, name: &RoomName) -> Result<Readable, Error> {
        let room = rooms.by_name(name).ok_or_else(|| no_room(name))?;
        self.still_reads(&room)?;
        Ok(Readable { room })
    }

    /// Checks again whether this member may read a room. Call it after every wait, before you return data that was read
    /// meanwhile.
    ///
    /// # Errors
    /// As [`Member::readable`].
    pub fn still_reads(&self, room: &Room) -> Result<(), Error> {
        self.open_account()?;
        if room.is_seen_by(self.user.id) { Ok(()) } else { Err(no_room(&room.name)) }
    }

    /// Returns a member who is not connected, to see what they may do.
    pub fn unconnected(user: &Arc<User>) -> Self {
        Self { user: Arc::clone(user), session: None, passwords_set: None, address: String::new() }
    }

    /// Returns a room that this member is in.
    ///
    /// # Errors
    /// `not_found`; `forbidden` for a public room that they have not joined.
    pub fn joined(&self, rooms: &Registry, name: &RoomName) -> Result<Joined, Error> {
        self.joined_there(&self.readable(rooms, name)?.room)
    }

    fn joined_there(&self, room: &Arc<Room>) -> Result<Joined, Error> {
        self.still_reads(room)?;
        if room.has(self.user.id) {
            return Ok(Joined { room: Arc::clone(room) });
        }
        Err(Error::forbidden(format!("you are not a member of {}: join it first", room.name)))
    }

    /// Returns a room that this member is in, if they may do more than read.
    ///
    /// # Errors
    /// `not_found`, `forbidden`.
    pub fn active(&self, rooms: &Registry, name: &RoomName) -> Result<Joined, Error> {
        self.active_there(&self.readable(rooms, name)?.room)
    }

    fn active_there(&self, room: &Arc<Room>) -> Result<Joined, Error> {
        let Joined { room } = self.joined_there(room)?;
        if room.role_of(self.user.id) >= Some(RoomRole::Member) {
            return Ok(Joined { room });
        }
        Err(Error::forbidden(format!("you only read in {}: ask one of its owners for the role member", room.name)))
    }

    /// Returns a room in which this member may speak and share files.
    ///
    /// # Errors
    /// `not_found`, `forbidden`; `conflict` if it is archived.
    pub fn speaker_in(&self, rooms: &Registry, name: &RoomName) -> Result<SpeakerIn, Error> {
        self.speaker()?;
        self.speaker_there(&self.readable(rooms, name)?.room)
    }

    /// As [`Member::speaker_in`], for a room that the caller has already. Long operations call this at each step.
    ///
    /// # Errors
    /// As [`Member::speaker_in`].
    pub fn speaker_there(&self, room: &Arc<Room>) -> Result<SpeakerIn, Error> {
        self.speaker()?;
        let room = unarchived(self.active_there(room)?.room)?;
        Ok(SpeakerIn { room })
    }

    /// Returns a room that this member may manage: one that they own, or see as an admin. It may be archived.
    ///
    /// # Errors
    /// `not_found`, `forbidden`.
    pub fn keeper_of(&self, rooms: &Registry, name: &RoomName) -> Result<OwnerIn, Error> {
        self.speaker()?;
        let Readable { room } = self.readable(rooms, name)?;
        if self.is_owner_of(&room) {
            return Ok(OwnerIn { room });
        }
        Err(Error::forbidden(format!("only owners of {name} do this, and admins")))
    }

    /// As [`Member::keeper_of`], for a room that is not archived.
    ///
    /// # Errors
    /// As [`Member::keeper_of`]; `conflict` if it is archived.
    pub fn owner_in(&self, rooms: &Registry, name: &RoomName) -> Result<OwnerIn, Error> {
        let room = unarchived(self.keeper_of(rooms, name)?.room)?;
        Ok(OwnerIn { room })
    }

    /// Returns true for owners of a room if they may speak at all, and for admins in each room that they see.
    pub fn is_owner_of(&self, room: &Room) -> bool {
        let is_admin = self.user.role() >= Role::Admin && room.is_seen_by(self.user.id);
        is_admin || (self.user.role() >= Role::Member && room.role_of(self.user.id) == Some(RoomRole::Owner))
    }
}

/// The refusal for a room that does not exist, and for one that the member may not know about.
fn no_room(name: &RoomName) -> Error {
    Error::not_found(format!("there is no room {name}"))
}

/// Returns the room, unless it is archived.
///
/// # Errors
/// `conflict` if it is archived.
pub fn unarchived(room: Arc<Room>) -> Result<Arc<Room>, Error> {
    if room.is_archived() {
        return Err(Error::conflict(format!("{} is archived: it can be read, and nothing is added", room.name)));
    }
    Ok(room)
}
