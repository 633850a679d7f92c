//! The events of runs, from start to end.

use serde::{Deserialize, Serialize};

use super::{Approval, Reactions};
use crate::ids::RunId;
use crate::messages::{CommandRef, Exit, RunLimits, Tty};

/// A command was started on a host.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunStarted {
    /// The run.
    pub run: RunId,
    /// Its short number, unique on the server: people say `r41`.
    pub n: u64,
    /// The command for display: `cmd` as given, or `argv` quoted.
    pub cmd: String,
    /// The host that it runs on.
    pub host: String,
    /// The folder that it runs in, if the request named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The named command, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Box<CommandRef>>,
    /// The approval, if it needed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Box<Approval>>,
    /// Its terminal, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<Tty>,
    /// It reads standard input.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stdin: bool,
    /// How it is kept from the server's files, if its host has said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<String>,
    /// What it does without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sandbox: Vec<String>,
    /// What it may use, as far as the request limited it.
    #[serde(default, skip_serializing_if = "RunLimits::is_empty")]
    pub limits: Box<RunLimits>,
    /// The names of its secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// The first run of its group, if the command was started on several hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<RunId>,
    /// The last reaction that is already applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amended: Option<u64>,
    /// In the order in which each emoji was first added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reactions>,
}

impl RunStarted {
    /// Returns its limits and what it does without: `memory=2G`, `no-network`.
    pub fn conditions(&self) -> Vec<String> {
        self.limits.words().into_iter().chain(self.sandbox.iter().cloned()).collect()
    }
}

/// A run has ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunEnded {
    /// The run.
    pub run: RunId,
    /// Its short number.
    pub n: u64,
    /// How it ended.
    pub exit: Exit,
    /// Bytes of output.
    pub bytes: u64,
    /// Milliseconds from its start to its end.
    pub ms: u64,
    /// The output exceeded the limit, and the rest was not kept.
    #[serde(default)]
    pub truncated: bool,
    /// Processes that were still there after every attempt to stop them.
    #[serde(default)]
    pub left: u32,
    /// The command lines of processes that outlived the first one and were ended with the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<String>,
    /// The run had been declared lost, and this is what its host said when it returned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}
