//! Who may do what, as types: a service that needs a right asks for the value that proves it, and only this file can
//! make one.

use std::sync::Arc;

use wardroom_protocol::{Role, RoomName, RoomRole};

use crate::accounts::{SessionId, User};
use crate::error::Error;
use crate::rooms::{Registry, Room};
use crate::store::UserId;

/// Somebody who is signed in, on one connection.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who.
    pub user: Arc<User>,
    /// By which session.
    pub session: Option<SessionId>,
    /// How often the password had been set by then, where it was shown and no session was made.
    pub passwords_set: Option<u64>,
    /// From where, as the audit shows it.
    pub address: String,
}

/// A member who may talk, create rooms and share files.
pub struct Speaker<'a>(&'a Member);

/// A member who may run commands.
pub struct Operator<'a>(&'a Member);

/// A member who may write to the standard input of a run.
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

/// A room that a member may add to: it goes on, and they do more in it than read.
pub struct SpeakerIn {
    /// The room.
    pub room: Arc<Room>,
}

/// A room in which a member may run commands.
pub struct OperatorIn {
    /// The room.
    pub room: Arc<Room>,
}

/// A room that a member may keep: say who is in it, what it is called, and what is taken back.
pub struct OwnerIn {
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
    /// Refuses everything to an account that was closed; its connections are about to be closed too. Nobody signs in as
    /// the system, so that it counts as closed, and still acts for whoever holds the administrator's key.
    fn open_account(&self) -> Result<(), Error> {
        if self.user.is_disabled() && self.user.id != UserId::SYSTEM {
            return Err(Error::unauthorized("this account is closed"));
        }
        Ok(())
    }

    /// A room that this member may read: a public one, or one that they are in.
    ///
    /// # Errors
    /// `not_found`, also for a private room of others.
    pub fn readable(&self, rooms: &Registry, name: &RoomName) -> Result<Readable, Error> {
        let room = rooms.by_name(name).ok_or_else(|| no_room(name))?;
        self.still_reads(&room)?;
        Ok(Readable { room })
    }

    /// Asks once more whether this member may read a room. To be called after every wait, before what was read
    /// meanwhile is given to them.
    ///
    /// # Errors
    /// As [`Member::readable`].
    pub fn still_reads(&self, room: &Room) -> Result<(), Error> {
        self.open_account()?;
        if room.is_seen_by(self.user.id) { Ok(()) } else { Err(no_room(&room.name)) }
    }

    /// The right to write to a run: its starter's, as long as they may run commands in its room, and every admin's who
    /// sees the room.
    ///
    /// # Errors
    /// `not_found` (the room), `forbidden`.
    pub fn may_write(&self, room: &Arc<Room>, starter: UserId) -> Result<InputRight, Error> {
        let operator = self.operator()?.member();
        self.still_reads(room)?;
        if operator.user.role() >= Role::Admin {
            return Ok(InputRight);
        }
        if operator.user.id == starter {
            return self.active_there(room).map(|_| InputRight);
        }
        Err(Error::forbidden("only who started a run writes to it, and admins"))
    }

    /// A room that this member is in.
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

    /// A room that this member is in, and more than a reader.
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

    /// A room that this member may speak in, and share files.
    ///
    /// # Errors
    /// `not_found`, `forbidden`; `conflict` where it is archived.
    pub fn speaker_in(&self, rooms: &Registry, name: &RoomName) -> Result<SpeakerIn, Error> {
        self.speaker()?;
        self.speaker_there(&self.readable(rooms, name)?.room)
    }

    /// As [`Member::speaker_in`], for a room that is at hand. What goes on for long asks this at each step.
    ///
    /// # Errors
    /// As [`Member::speaker_in`].
    pub fn speaker_there(&self, room: &Arc<Room>) -> Result<SpeakerIn, Error> {
        self.speaker()?;
        let room = unarchived(self.active_there(room)?.room)?;
        Ok(SpeakerIn { room })
    }

    /// A room that this member may run commands in.
    ///
    /// # Errors
    /// As [`Member::speaker_in`].
    pub fn operator_in(&self, rooms: &Registry, name: &RoomName) -> Result<OperatorIn, Error> {
        self.operator()?;
        let room = unarchived(self.active(rooms, name)?.room)?;
        Ok(OperatorIn { room })
    }

    /// A room that this member may keep: one that they own, or see as an admin. It may be archived.
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

    /// As [`Member::keeper_of`], for a room that goes on.
    ///
    /// # Errors
    /// As [`Member::keeper_of`]; `conflict` where it is archived.
    pub fn owner_in(&self, rooms: &Registry, name: &RoomName) -> Result<OwnerIn, Error> {
        let room = unarchived(self.keeper_of(rooms, name)?.room)?;
        Ok(OwnerIn { room })
    }

    /// True for owners of a room that they may speak in, and for admins in each room that they see.
    pub fn is_owner_of(&self, room: &Room) -> bool {
        let is_admin = self.user.role() >= Role::Admin && room.is_seen_by(self.user.id);
        is_admin || (self.user.role() >= Role::Member && room.role_of(self.user.id) == Some(RoomRole::Owner))
    }
}

/// The refusal of a room that is not there, and of one that the member may not know of.
fn no_room(name: &RoomName) -> Error {
    Error::not_found(format!("there is no room {name}"))
}

/// The room, if it goes on.
///
/// # Errors
/// `conflict`
pub fn unarchived(room: Arc<Room>) -> Result<Arc<Room>, Error> {
    if room.is_archived() {
        return Err(Error::conflict(format!("{} is archived: it can be read, and nothing is added", room.name)));
    }
    Ok(room)
}
