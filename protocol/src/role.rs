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
