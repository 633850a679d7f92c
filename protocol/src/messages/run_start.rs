//! Starting a command, on one host or several.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::impl_message;
use super::limits::RunLimits;
use super::secrets::Secrets;
use super::terminals::Tty;
use crate::ids::{CommandName, Nonce, RoomName, RunId};

/// Runs a command. Operators and above. Either `cmd` (given to `/bin/sh -c`), `argv` or `command`; with `tty` none of
/// them means the login shell of the host's user. Answer: [`RunStartOk`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunStart {
    /// The room that shows it.
    pub room: RoomName,
    /// A command for the shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmd: Option<String>,
    /// Or a program and its arguments, which no shell reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub argv: Option<Vec<String>>,
    /// Or a named command of the room, which says all else itself. Those whom it allows may run it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandName>,
    /// The values of its parameters, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// The values of the other parameters, as people type them: in the order of the parameters, or `NAME=VALUE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// The host's name; `local` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Or the names of several hosts: one run on each, all of them or none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Or labels: one run on each host that has all of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub label: BTreeMap<String, String>,
    /// The folder to run in; the host's own work folder if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Variables in addition to the host's clean environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Variables that are on no record, and whose values are masked in the output.
    #[serde(default, skip_serializing_if = "Secrets::is_empty")]
    pub secrets: Secrets,
    /// Seconds after which it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u64>,
    /// What else it may use.
    #[serde(default, skip_serializing_if = "RunLimits::is_empty")]
    pub limits: Box<RunLimits>,
    /// What it does without: names of [`super::SANDBOXES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sandbox: Vec<String>,
    /// It reads what `run.input` sends; otherwise it reads nothing (`/dev/null`).
    #[serde(default)]
    pub stdin: bool,
    /// It gets a terminal, which it reads and writes. Its output is all on descriptor 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<Tty>,
    /// Standard output and error share one pipe, so that their order is kept; all output is on descriptor 1.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub merge: bool,
    /// Processes that outlive the first one are kept, and the run ends when the last of them has ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detach: bool,
    /// The client's id of this request: a retry does not run it twice.
    pub nonce: Nonce,
}

impl RunStart {
    /// Returns a request without anything to run, for the caller to fill in.
    pub fn new(room: RoomName, nonce: Nonce) -> Self {
        Self {
            room,
            cmd: None,
            argv: None,
            command: None,
            params: BTreeMap::new(),
            args: Vec::new(),
            host: None,
            hosts: Vec::new(),
            label: BTreeMap::new(),
            cwd: None,
            env: BTreeMap::new(),
            secrets: Secrets::default(),
            limits: Box::default(),
            timeout_s: None,
            sandbox: Vec::new(),
            stdin: false,
            tty: None,
            merge: false,
            detach: false,
            nonce,
        }
    }
}

/// One run of a group.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunLane {
    /// The run.
    pub run: RunId,
    /// Its short number.
    pub n: u64,
    /// The `seq` of its line in the room.
    pub seq: u64,
    /// Its host.
    pub host: String,
}

/// The answer to [`RunStart`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunStartOk {
    /// The run; of a group the first one.
    pub run: RunId,
    /// Its short number; 0, which is not sent, for a proposal.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n: u64,
    /// The `seq` of its line in the room, or of the proposal.
    pub seq: u64,
    /// Nothing runs yet: this is the number of a proposal that somebody else must approve. `run` is the id that the run
    /// will have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<u64>,
    /// When the proposal expires, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// The generation of the starter's lease of the keyboard, for a run with `stdin` or `tty`.
    #[serde(default, rename = "gen", skip_serializing_if = "Option::is_none")]
    pub lease: Option<u64>,
    /// The runs of a group, one for each host; empty for a run by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunLane>,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl_message! { RunStart = "run.start" }
