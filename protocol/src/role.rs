//! Roles: what a member may do, in four steps that include each other.

use serde::{Deserialize, Serialize};

/// Ordered: a greater role includes all lesser ones.
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
    /// Returns the role as on the wire and in the store.
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

/// A member's role in one room, in addition to their [`Role`]: the lesser of the two counts. Ordered.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomRole {
    /// May only read, whatever their role.
    Reader,
    /// May do what their role allows.
    #[default]
    Member,
    /// May also manage its members and their roles, rename it, and archive it. The creator is an owner; admins are
    /// owners everywhere.
    Owner,
}

impl RoomRole {
    /// Returns the role as on the wire and in the store.
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
