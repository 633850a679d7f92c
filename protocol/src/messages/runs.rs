//! Runs: commands on a host, their output as a log, and its watchers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::{Nonce, RoomName, RunId, UserName};

/// Runs a command. Operators and above. Either `cmd` (given to `/bin/sh -c`) or `argv`. Answer: [`RunStartOk`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunStart {
    /// The room that it is seen in.
    pub room: RoomName,
    /// A command for the shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmd: Option<String>,
    /// Or a program and its arguments, which no shell reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub argv: Option<Vec<String>>,
    /// The host's name; `local` if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The folder to run in; the host's own work folder if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Variables beside the host's clean environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Seconds after which it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u64>,
    /// It reads what `run.input` sends; otherwise it reads nothing (`/dev/null`).
    #[serde(default)]
    pub stdin: bool,
    /// The author's mark: a retry does not run it twice.
    pub nonce: Nonce,
}

/// The answer to [`RunStart`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunStartOk {
    /// The run.
    pub run: RunId,
    /// Its short number.
    pub n: u64,
    /// Its line in the room.
    pub seq: u64,
}

/// Sends the run's output from a byte on, then its end. Answer: `ok`.
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
}

/// The watcher has dealt with all bytes before `off`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunAck {
    /// The run.
    pub run: RunId,
    /// The next byte wanted.
    pub off: u64,
}

/// No more output of this run on this connection.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunUnwatch {
    /// The run.
    pub run: RunId,
}

/// Raw bytes for the run's standard input. Its starter and admins.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunInput {
    /// The run.
    pub run: RunId,
    /// Raw bytes that follow.
    pub len: u64,
}

/// The end of the run's standard input.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunEof {
    /// The run.
    pub run: RunId,
}

/// Sends a signal to the run. `TERM` begins the stop that ends with `KILL` after a grace. Operators and above.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunSignal {
    /// The run.
    pub run: RunId,
    /// Which.
    pub signal: Signal,
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

/// The last runs, newest first. Answer: [`RunListed`].
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct RunList {
    /// Of this room only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomName>,
    /// How many at most; 1 to 100, 20 if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The answer to [`RunList`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RunListed {
    /// Newest first.
    pub runs: Vec<RunInfo>,
}

/// One run. Answer: [`RunInfo`].
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunGet {
    /// The run.
    pub run: RunId,
}

/// What is known of a run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunInfo {
    /// The run.
    pub run: RunId,
    /// Its short number.
    pub n: u64,
    /// The room that it is seen in.
    pub room: RoomName,
    /// Its line there.
    pub seq: u64,
    /// Who started it.
    pub by: UserName,
    /// The command as people read it.
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
    /// Milliseconds that it took; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
}

/// Output of a run. Told to its watchers.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunOutput {
    /// The run.
    pub run: RunId,
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// The first byte's place in the run's output, counted over both.
    pub off: u64,
    /// Raw bytes that follow.
    pub len: u64,
}

/// The run is over, and its last byte has been sent. Told to its watchers.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunEnd {
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub exit: Exit,
    /// Bytes of output.
    pub bytes: u64,
    /// Milliseconds that it took.
    pub ms: u64,
    /// Output went over the limit, and the rest was not kept.
    #[serde(default)]
    pub truncated: bool,
    /// Processes that were still there after everything was done to stop them.
    #[serde(default)]
    pub left: u32,
}

/// How a run ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the fields are named by their variants")]
pub enum Exit {
    /// A member stopped it.
    StoppedBy { stopped_by: UserName, signal: String },
    /// It exited by itself.
    Code { code: i32 },
    /// A signal that no member sent ended it; its name without `SIG`.
    Signal { signal: String },
    /// It took longer than it was allowed to.
    Timeout { timeout: bool },
    /// It wrote more than it was allowed to: `output`.
    Limit { limit: String },
    /// What became of it is not known, and why.
    Lost { lost: String },
    /// Nothing could be started, and why.
    Failed { failed: String },
}

impl Exit {
    /// True for an exit with code 0 and nothing else.
    pub fn is_success(&self) -> bool {
        matches!(self, Exit::Code { code: 0 })
    }

    /// The exit in a few words: `exit 2`, `stopped by ann`, `timed out`.
    pub fn words(&self) -> String {
        match self {
            Exit::Code { code } => format!("exit {code}"),
            Exit::StoppedBy { stopped_by, signal } => format!("stopped by {stopped_by} ({signal})"),
            Exit::Signal { signal } => format!("ended by signal {signal}"),
            Exit::Timeout { .. } => "timed out".to_owned(),
            Exit::Limit { limit } => format!("stopped at its {limit} limit"),
            Exit::Lost { lost } => format!("lost: {lost}"),
            Exit::Failed { failed } => format!("not started: {failed}"),
        }
    }

    /// The exit code with which `wardroom run` leaves: the command's own, or as a shell would say it (128 + signal,
    /// 124 as timeout(1), 127 as a command not found).
    pub fn shell_code(&self) -> u8 {
        match self {
            Exit::Code { code } => u8::try_from(code & 0xff).unwrap_or(1),
            Exit::StoppedBy { signal, .. } | Exit::Signal { signal } => 128u8.saturating_add(signal_number(signal)),
            Exit::Timeout { .. } => 124,
            Exit::Limit { .. } | Exit::Lost { .. } => 125,
            Exit::Failed { .. } => 127,
        }
    }
}

/// Linux's numbers for the names that runs end with; 0 for others.
fn signal_number(name: &str) -> u8 {
    match name {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "ILL" => 4,
        "TRAP" => 5,
        "ABRT" => 6,
        "BUS" => 7,
        "FPE" => 8,
        "KILL" => 9,
        "USR1" => 10,
        "SEGV" => 11,
        "USR2" => 12,
        "PIPE" => 13,
        "ALRM" => 14,
        "TERM" => 15,
        "XCPU" => 24,
        "XFSZ" => 25,
        _ => 0,
    }
}

impl_message! {
    RunStart = "run.start", RunWatch = "run.watch", RunAck = "run.ack", RunUnwatch = "run.unwatch",
    RunInput = "run.input", RunEof = "run.eof", RunSignal = "run.signal", RunList = "run.list", RunGet = "run.get",
    RunOutput = "run.output", RunEnd = "run.end",
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn exits_are_told_apart() {
        for (json, code) in [
            (r#"{"code":3}"#, 3),
            (r#"{"signal":"KILL"}"#, 137),
            (r#"{"timeout":true}"#, 124),
            (r#"{"stopped_by":"ann","signal":"TERM"}"#, 143),
            (r#"{"limit":"output"}"#, 125),
            (r#"{"lost":"the host restarted"}"#, 125),
            (r#"{"failed":"no such file: mak"}"#, 127),
        ] {
            let exit: Exit = serde_json::from_str(json).unwrap();
            assert_eq!(exit.shell_code(), code, "{json}");
            assert_eq!(serde_json::to_string(&exit).unwrap(), json);
        }
    }
}
