//! What a member of the house may do, in four steps that include each other.

use serde::{Deserialize, Serialize};

/// Ordered: a greater role may do all that a lesser one may.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads rooms, runs and files.
    Viewer,
    /// Talks, creates rooms and shares files.
    Member,
    /// Runs commands.
    Operator,
    /// Manages accounts.
    Admin,
}

impl Role {
    /// The role as it stands on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Member => "member",
            Role::Operator => "operator",
            Role::Admin => "admin",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Role {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "viewer" => Ok(Role::Viewer),
            "member" => Ok(Role::Member),
            "operator" => Ok(Role::Operator),
            "admin" => Ok(Role::Admin),
            _ => Err("a role is viewer, member, operator or admin"),
        }
    }
}

/// What a member may do in one room, beside what their [`Role`] allows: the lesser of the two counts. Ordered.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomRole {
    /// Only reads, whatever they may do elsewhere.
    Reader,
    /// Does what their role allows.
    #[default]
    Member,
    /// Also says who is in it and what they may do, names it, archives it. Who made it is one; admins are everywhere.
    Owner,
}

impl RoomRole {
    /// The role as it stands on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            RoomRole::Reader => "reader",
            RoomRole::Member => "member",
            RoomRole::Owner => "owner",
        }
    }
}

impl std::fmt::Display for RoomRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for RoomRole {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "reader" => Ok(RoomRole::Reader),
            "member" => Ok(RoomRole::Member),
            "owner" => Ok(RoomRole::Owner),
            _ => Err("a role in a room is reader, member or owner"),
        }
    }
}
