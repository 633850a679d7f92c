//! Runs: commands on a host, their output as a log, and their watchers.

use serde::{Deserialize, Serialize};

use super::exit::Exit;
use super::impl_message;
use super::terminals::Tty;
use crate::ids::{RoomName, RunId, UserName};

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
    /// With `screen`: begins with the stored screen nearest before this moment (Unix milliseconds), and sends all output
    /// that follows, as a recording is played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
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
    /// What goes on with `detach`, once its first process has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detached: Option<Detached>,
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
    /// What it does without: names of [`super::SANDBOXES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sandbox: Vec<String>,
    /// The first run of its group, if the command was started on several hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<RunId>,
}

/// What goes on of a run with `detach` whose first process has ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Detached {
    /// How the first process ended.
    pub exit: Exit,
    /// The command lines of the processes that were left then: at most 16.
    pub kept: Vec<String>,
}

/// The first process of a run with `detach` has ended, and others go on. Sent to its watchers and to those who have its
/// room open.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunDetached {
    /// The run.
    pub run: RunId,
    /// How the first process ended.
    pub exit: Exit,
    /// As in [`Detached`].
    pub kept: Vec<String>,
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
    RunWatch = "run.watch", RunAck = "run.ack", RunUnwatch = "run.unwatch",
    RunSignal = "run.signal", RunLose = "run.lose", RunList = "run.list", RunGet = "run.get",
    RunEnd = "run.end", RunDetached = "run.detached",
}
