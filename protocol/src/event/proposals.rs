//! The events of runs that somebody else must approve.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::UserName;
use crate::messages::{CommandRef, Tty};

/// A run was proposed: all that will run if somebody else approves it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunProposed {
    /// Its short number, unique on the server: people say `p3`.
    pub n: u64,
    /// The command for display.
    pub cmd: String,
    /// The host.
    pub host: String,
    /// The folder, if the request named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Its variables: those of a named command.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Its time limit in seconds.
    pub timeout_s: u64,
    /// The named command, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Box<CommandRef>>,
    /// Its terminal, if it has one. What is typed into it needs no further approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<Tty>,
    /// It reads standard input, which needs no further approval.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stdin: bool,
    /// Processes that outlive the first one are kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detach: bool,
    /// The digest of all of it, in 64 hexadecimal digits (BLAKE3).
    pub digest: String,
    /// When it expires, in Unix milliseconds.
    pub until: u64,
}

/// A proposal will not run.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunRefused {
    /// Its number.
    pub n: u64,
    /// The `seq` of its line.
    pub proposed: u64,
    /// Why.
    pub why: WhyNot,
}

/// Why a proposal does not run.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WhyNot {
    /// A member refused it.
    Refused,
    /// Its proposer withdrew it.
    Withdrawn,
    /// Nobody decided in time.
    Expired,
}

/// The approval of a run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Approval {
    /// The number of the proposal.
    pub n: u64,
    /// Who approved it.
    pub by: UserName,
    /// The digest of what was approved.
    pub digest: String,
}
