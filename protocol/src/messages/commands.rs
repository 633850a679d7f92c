//! Named commands: a room's owners define them once, and members run them by name. Their parameters become arguments of a
//! program, and never text for a shell.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::{CommandName, RoomName, UserName};

/// Defines a command, or replaces one. Owners of the room and admins, if they may run commands on its host. Answer:
/// [`CommandAdded`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CommandAdd {
    /// The room.
    pub room: RoomName,
    /// The definition.
    pub command: CommandSpec,
    /// The version that it replaces. If absent, a command with this name is `conflict`; so is any other version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u64>,
}

/// What a named command runs, and who may run it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CommandSpec {
    /// Its name: people type `/deploy`.
    pub name: CommandName,
    /// What it does, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The program and its arguments. `{version}` in an argument is the value of the parameter `version`; `{{version}}`
    /// is the text `{version}`.
    pub argv: Vec<String>,
    /// The host; `local` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The folder to run in; the host's own work folder if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Variables in addition to the host's clean environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Seconds after which it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u64>,
    /// What its runs do without: names of [`super::SANDBOXES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sandbox: Vec<String>,
    /// The parameters, in the order in which people type them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<CommandParam>,
    /// Who may run it: `member`, `operator` or `owner`.
    #[serde(default, skip_serializing_if = "Level::is_default")]
    pub allow: Level,
    /// Somebody else must approve each run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approve: bool,
}

/// A parameter of a named command.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CommandParam {
    /// Its name.
    pub name: CommandName,
    /// A regular expression that the whole value must match, in the syntax of Rust's `regex`.
    pub pattern: String,
    /// What it is, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The value if none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// Who may do something in a room. Each level includes those above it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nobody.
    Nobody,
    /// Owners of the room, and admins who see it.
    Owner,
    /// Members of the room whose account is an operator's or an admin's.
    #[default]
    Operator,
    /// Members of the room; not its readers.
    Member,
}

impl Level {
    /// Returns true for the default, which is not sent on the wire.
    pub fn is_default(&self) -> bool {
        *self == Level::default()
    }

    /// Returns the level as on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Nobody => "nobody",
            Level::Owner => "owner",
            Level::Operator => "operator",
            Level::Member => "member",
        }
    }

    /// Returns those that it means: `owners`.
    pub fn who(self) -> &'static str {
        match self {
            Level::Nobody => "nobody",
            Level::Owner => "owners",
            Level::Operator => "operators",
            Level::Member => "members",
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Level {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "nobody" => Ok(Level::Nobody),
            "owner" => Ok(Level::Owner),
            "operator" => Ok(Level::Operator),
            "member" => Ok(Level::Member),
            _ => Err("this is member, operator, owner or nobody"),
        }
    }
}

/// The answer to [`CommandAdd`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CommandAdded {
    /// Its version: 1, and one more with each change. A name that is used again continues.
    pub version: u64,
    /// The digest of the definition, in 64 hexadecimal digits (BLAKE3).
    pub digest: String,
}

/// Lists the named commands of a room, as many as fit in a line. Answer: [`CommandListed`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CommandList {
    /// The room.
    pub room: RoomName,
    /// Only commands after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<CommandName>,
}

/// The answer to [`CommandList`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CommandListed {
    /// By name.
    pub commands: Vec<CommandInfo>,
    /// There are more, after the last of these.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// A named command.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CommandInfo {
    /// The definition.
    pub command: CommandSpec,
    /// Its version.
    pub version: u64,
    /// The digest of the definition.
    pub digest: String,
    /// Who defined this version.
    pub by: UserName,
    /// When, in Unix milliseconds.
    pub at: u64,
    /// The caller may run it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may: bool,
}

/// Removes a named command. Owners and admins.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CommandRemove {
    /// The room.
    pub room: RoomName,
    /// Its name.
    pub name: CommandName,
}

/// The named command that a run was started by, as it was then.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CommandRef {
    /// Its name.
    pub name: CommandName,
    /// The version.
    pub version: u64,
    /// The digest of that version.
    pub digest: String,
    /// The values of its parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
}

impl_message! {
    CommandAdd = "command.add", CommandList = "command.list", CommandRemove = "command.remove",
}
