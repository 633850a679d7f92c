//! Runs: commands on a host, their output as a log, and their watchers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::exit::Exit;
use super::impl_message;
use super::limits::RunLimits;
use super::secrets::Secrets;
use super::terminals::Tty;
use crate::ids::{CommandName, Nonce, RoomName, RunId, UserName};

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

/// Sends the run's output from an offset on, then its end. Answer: `ok`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunWatch {
    /// The run.
    pub run: RunId,
    /// The first byte to send.
    #[serde(default)]
    pub from: u64,
    /// Bytes that may be sent beyond the last `run.ack`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// Begins with the screen of a terminal (`run.snapshot`) instead of `from`, and sends it again to a watcher that
    /// has fallen far behind.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub screen: bool,
}

/// The watcher has processed all bytes before `off`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunAck {
    /// The run.
    pub run: RunId,
    /// The next byte needed.
    pub off: u64,
}

/// Stops the output of this run on this connection.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunUnwatch {
    /// The run.
    pub run: RunId,
}

/// Sends a signal to the run. `TERM` is followed by `KILL` after a grace period. Operators and above.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunSignal {
    /// The run.
    pub run: RunId,
    /// The signal.
    pub signal: Signal,
}

/// Declares a run lost whose host does not return. Operators and above, while the host is away. Answer: `ok`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunLose {
    /// The run.
    pub run: RunId,
}

/// The signals that a member may send.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names that signal(7) gives them")]
pub enum Signal {
    Int,
    Term,
    Kill,
    Hup,
}

impl Signal {
    /// The name without `SIG`.
    pub fn as_str(self) -> &'static str {
        match self {
            Signal::Int => "INT",
            Signal::Term => "TERM",
            Signal::Kill => "KILL",
            Signal::Hup => "HUP",
        }
    }
}

/// Lists the last runs, newest first. Each field narrows the list. Answer: [`RunListed`].
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct RunList {
    /// Only runs of this room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomName>,
    /// Only runs in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<RunsIn>,
    /// Only runs on this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Only runs that this user started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserName>,
    /// Only runs whose command contains this text, in upper or lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only runs with a smaller number: the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// The most runs to return: 1 to 100, 20 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The states by which runs are listed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunsIn {
    /// Not ended yet.
    Running,
    /// Ended, in whatever way.
    Ended,
    /// Ended in any other way than with the exit code 0.
    Failed,
}

/// The answer to [`RunList`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RunListed {
    /// Newest first.
    pub runs: Vec<RunInfo>,
    /// There are more, before the last of these.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// Describes one run. Answer: [`RunInfo`].
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunGet {
    /// The run.
    pub run: RunId,
}

/// The state of a run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunInfo {
    /// The run.
    pub run: RunId,
    /// Its short number.
    pub n: u64,
    /// The room that shows it.
    pub room: RoomName,
    /// The `seq` of its line there.
    pub seq: u64,
    /// Who started it.
    pub by: UserName,
    /// The command for display.
    pub cmd: String,
    /// The host.
    pub host: String,
    /// When it was started, Unix milliseconds.
    pub at: u64,
    /// Bytes of output that the core has.
    pub bytes: u64,
    /// How it ended; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
    /// How long it took, in milliseconds; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// The command lines of processes that outlived the first one and were ended with the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<String>,
    /// Its terminal, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<Tty>,
    /// It reads standard input.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stdin: bool,
    /// Who holds its keyboard, while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<UserName>,
    /// How it is kept from the server's files: `user`, `namespace`, `landlock` or `none`. Absent if its host did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<String>,
    /// The first run of its group, if the command was started on several hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<RunId>,
}

/// The run is over, and its last byte has been sent. Sent to its watchers.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunEnd {
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub exit: Exit,
    /// Bytes of output.
    pub bytes: u64,
    /// How long it took, in milliseconds.
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
}

impl_message! {
    RunStart = "run.start", RunWatch = "run.watch", RunAck = "run.ack", RunUnwatch = "run.unwatch",
    RunSignal = "run.signal", RunLose = "run.lose", RunList = "run.list", RunGet = "run.get",
    RunEnd = "run.end",
}
