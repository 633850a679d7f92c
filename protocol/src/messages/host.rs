//! Messages between a host and the core. A host connects like a client, authenticates with its token or the host key,
//! and reports the length of its spools; the core answers from which offset it wants each. Offsets make every resend
//! harmless, run ids every repeated start.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::exit::Exit;
use super::impl_message;
use super::limits::RunLimits;
use super::runs::{Detached, Signal};
use super::secrets::Secrets;
use super::terminals::{TermSize, Tty};
use crate::ids::{RunId, UserName};

/// The first frame of a host, with one of two secrets: its own token, or the host key and a name.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct HostHello {
    /// The version of the protocol: 1.
    pub v: u32,
    /// The host's token, which also says its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The host key; accepted on the unix socket only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The host's name; only with `key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// A random id of the host's process: another process does not get the name while this one is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// A random id of the folder of its spools, which is kept: the host's runs are in this one and in no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spool: Option<String>,
    /// The host's program and its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How it keeps commands from the server's files: `user`, `namespace`, `landlock` or `none`. Absent if it runs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<String>,
    /// The sandboxes that work on its machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sandbox: Vec<String>,
    /// The runs whose spools it holds.
    pub runs: Vec<HostRun>,
}

impl std::fmt::Debug for HostHello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostHello").field("host", &self.host).field("runs", &self.runs).finish_non_exhaustive()
    }
}

/// A spool that a host holds.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostRun {
    /// The run.
    pub run: RunId,
    /// Bytes in the spool.
    pub bytes: u64,
    /// The run is over; `host.ended` follows after the last byte.
    pub ended: bool,
    /// Bytes of input that the command has been given.
    #[serde(default)]
    pub input: u64,
}

/// The answer to [`HostHello`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct HostWelcome {
    /// The host's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// The offset from which each run's output is to be sent. A run that is not listed here is forgotten.
    pub runs: Vec<HostFrom>,
    /// Bytes that may be sent beyond the last `host.ack`, per run.
    pub window: u64,
}

/// The offset from which a run's output is to be sent.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostFrom {
    /// The run.
    pub run: RunId,
    /// The next byte that the core needs.
    pub from: u64,
}

/// Starts a run, unless the host has it already.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostStart {
    /// The run.
    pub run: RunId,
    /// The program and its arguments; for a `cmd`, those of the shell.
    pub argv: Vec<String>,
    /// The folder to run in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Variables in addition to the clean environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// More variables, whose values the host takes out of the output before it writes it anywhere.
    #[serde(default, skip_serializing_if = "Secrets::is_empty")]
    pub secrets: Secrets,
    /// Seconds after which it is stopped.
    pub timeout_s: u64,
    /// What else it may use, as far as the request says.
    #[serde(default, skip_serializing_if = "RunLimits::is_empty")]
    pub limits: RunLimits,
    /// What it does without. A host that cannot set that up does not start it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sandbox: Vec<String>,
    /// Bytes of output after which it is stopped.
    pub output_bytes_max: u64,
    /// It reads what `host.input` sends.
    #[serde(default)]
    pub stdin: bool,
    /// It gets a terminal. With an empty `argv` it runs the login shell of the host's user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<Tty>,
    /// Standard output and error share one pipe.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub merge: bool,
    /// Processes that outlive the first one are kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detach: bool,
    /// The isolation that the run is on record with. A host that has another one by now does not start it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<String>,
    /// Who started it, for the run's environment.
    pub by: UserName,
    /// The room, for the run's environment.
    pub room: String,
}

/// The run has a process. Sent by the host.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostStarted {
    /// The run.
    pub run: RunId,
    /// The pid of its first process.
    pub pid: u32,
}

/// Output of a run, from a host.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostOutput {
    /// The run.
    pub run: RunId,
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// The offset of the first byte in the run's output.
    pub off: u64,
    /// The number of raw bytes that follow.
    pub len: u64,
    /// The terminal has this size from this byte on; absent if the size has not changed.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub size: Option<TermSize>,
}

/// The core has stored all bytes before `off`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostAck {
    /// The run.
    pub run: RunId,
    /// The next byte needed.
    pub off: u64,
}

/// The first process of a run with `detach` has ended, and others go on. Sent again after each reconnect, and when
/// these change.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostDetached {
    /// The run.
    pub run: RunId,
    /// What goes on.
    #[serde(flatten)]
    pub detached: Detached,
}

/// The run is over; sent after its last byte, and again after each reconnect until it is forgotten.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostEnded {
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

/// The end is stored; the host may delete the spool.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostForget {
    /// The run.
    pub run: RunId,
}

/// Raw bytes for a run's standard input or terminal.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostInput {
    /// The run.
    pub run: RunId,
    /// The offset of the first byte in the run's input. Bytes that the run has already are ignored.
    pub off: u64,
    /// The number of raw bytes that follow.
    pub len: u64,
}

/// The command has been given all input before `off`. Sent by the host, and again after each reconnect.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostInputAck {
    /// The run.
    pub run: RunId,
    /// The offset after the last such byte.
    pub off: u64,
}

/// The end of a run's standard input.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostEof {
    /// The run.
    pub run: RunId,
    /// The length of the input.
    pub off: u64,
}

/// Changes the size of a run's terminal.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostResize {
    /// The run.
    pub run: RunId,
    /// The new size.
    #[serde(flatten)]
    pub size: TermSize,
}

/// What a terminal answers to a query in the run's output, such as for its cursor position. Written to the terminal
/// once: an answer with an `at` that is not beyond the last one is ignored.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostReply {
    /// The run.
    pub run: RunId,
    /// The offset after the query in the run's output.
    pub at: u64,
    /// The number of raw bytes that follow.
    pub len: u64,
}

/// A signal for a run, and who sent it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostSignal {
    /// The run.
    pub run: RunId,
    /// The signal.
    pub signal: Signal,
    /// Who sent it.
    pub by: UserName,
}

impl_message! {
    HostHello = "host.hello", HostWelcome = "host.welcome", HostStart = "host.start", HostStarted = "host.started",
    HostOutput = "host.output", HostDetached = "host.detached", HostAck = "host.ack", HostEnded = "host.ended", HostForget = "host.forget",
    HostInput = "host.input", HostInputAck = "host.input_ack", HostEof = "host.eof", HostSignal = "host.signal",
    HostResize = "host.resize", HostReply = "host.reply",
}
