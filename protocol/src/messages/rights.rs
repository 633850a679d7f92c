//! Rules about who may run commands where. Without any, the roles of the account and of the room decide.

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::{RoomName, UserName};

/// What a rule is about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// To run any command, and to type into one.
    Run,
    /// To run the named commands of a room.
    RunNamed,
    /// To approve or refuse what others propose.
    Approve,
}

impl Right {
    /// All rights, in the order in which they are offered.
    pub const ALL: [Right; 3] = [Right::Run, Right::RunNamed, Right::Approve];

    /// Returns the right as on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Right::Run => "run",
            Right::RunNamed => "run-named",
            Right::Approve => "approve",
        }
    }

    /// Returns what it allows to do: `run commands`.
    pub fn what(self) -> &'static str {
        match self {
            Right::Run => "run commands",
            Right::RunNamed => "run named commands",
            Right::Approve => "approve runs",
        }
    }
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Right {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "run" => Ok(Right::Run),
            "run-named" => Ok(Right::RunNamed),
            "approve" => Ok(Right::Approve),
            _ => Err("a right is run, run-named or approve"),
        }
    }
}

/// Names a user in a rule, or removes them from it. Admins; owners of a room for `run-named` and `approve` in their room.
/// Answer: [`RightsSetOk`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RightsSet {
    /// The right.
    pub right: Right,
    /// Whom it names.
    pub user: UserName,
    /// The room; all rooms if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomName>,
    /// The host; all hosts if absent. One of room and host is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// False removes the rule.
    pub allow: bool,
    /// The last rule about a right in a place may be removed, so that the roles decide there again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
    /// The rule may take the right from those whom it does not name, as the first one in a place does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restrict: bool,
    /// Nothing is changed: the answer says what would be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub check: bool,
}

/// The answer to [`RightsSet`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct RightsSetOk {
    /// False if the rule was as requested already.
    pub changed: bool,
    /// Whom the rules about this right in this place name now. Nobody: the roles decide there again.
    pub named: Vec<UserName>,
    /// From whom the rule takes the right, by name: not more than somebody reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losers: Vec<UserName>,
    /// From how many more it does.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Lists the rules that the caller may see, in the order in which they were made. Answer: [`RightsListed`].
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct RightsList {
    /// Only rules that apply in this room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomName>,
    /// Only rules that apply on this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Only rules that name this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserName>,
    /// Only rules after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

/// The answer to [`RightsList`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RightsListed {
    /// The rules.
    pub rules: Vec<RuleInfo>,
    /// There are more, after the last one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// One rule.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RuleInfo {
    /// Its number, which grows.
    pub n: u64,
    /// The right.
    pub right: Right,
    /// Whom it names.
    pub user: UserName,
    /// The room; all rooms if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomName>,
    /// The host; all hosts if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Who made it.
    pub by: UserName,
    /// When.
    pub at: u64,
}

/// What rules say about a right of the reader in a room. Where they say nothing, the roles decide.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RuledRight {
    /// The right.
    pub right: Right,
    /// Whether the rules about the room name the reader; absent if there are none. Holds on all hosts that are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub here: Option<bool>,
    /// Hosts on which the reader has the right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
    /// Hosts on which the reader does not have it, though elsewhere they do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub off: Vec<String>,
}

impl_message! {
    RightsSet = "rights.set", RightsList = "rights.list",
}
