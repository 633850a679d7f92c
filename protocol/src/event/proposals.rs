//! The events of runs that somebody else must approve.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::UserName;
use crate::limits::RUN_TIMEOUT_DEFAULT_S;
use crate::messages::{CommandRef, RunLimits, Tty, span_words};

/// A run was proposed: all that will run if somebody else approves it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunProposed {
    /// Its short number, unique on the server: people say `p3`.
    pub n: u64,
    /// The command for display.
    pub cmd: String,
    /// The host; of several the first.
    pub host: String,
    /// All hosts, if they are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// The folder, if the request named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Its variables: those of a named command.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Its time limit in seconds.
    pub timeout_s: u64,
    /// What else it may use.
    #[serde(default, skip_serializing_if = "RunLimits::is_empty")]
    pub limits: Box<RunLimits>,
    /// What it does without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sandbox: Vec<String>,
    /// How its hosts keep it from the server's files, each level once. It starts only while they still do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub isolation: Vec<String>,
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

impl RunProposed {
    /// Returns the names of its hosts, for people.
    pub fn hosts_words(&self) -> String {
        if self.hosts.is_empty() { self.host.clone() } else { self.hosts.join(", ") }
    }

    /// Returns under what it would run, apart from what is usual: `timeout=10m`, `memory=2G`, `no-network`.
    pub fn conditions(&self) -> Vec<String> {
        let timeout =
            (self.timeout_s != RUN_TIMEOUT_DEFAULT_S).then(|| format!("timeout={}", span_words(self.timeout_s)));
        timeout.into_iter().chain(self.limits.words()).chain(self.sandbox.iter().cloned()).collect()
    }
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
