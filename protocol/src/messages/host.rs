//! Between a host and the core. A host dials in like a client, names itself with its key, and says how far its spools
//! are; the core says from where it wants them. Offsets make every resend harmless, run ids every repeated start.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::impl_message;
use super::runs::{Exit, Signal};
use crate::ids::{RunId, UserName};

/// The first frame of a host. Only a holder of the host key may send it.
#[derive(Clone, Deserialize, Serialize)]
pub struct HostHello {
    /// The version of the protocol: 1.
    pub v: u32,
    /// The host key.
    pub key: String,
    /// The host's name.
    pub host: String,
    /// The runs that it holds spools of.
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
    /// It is over; `host.ended` follows after the last byte.
    pub ended: bool,
}

/// The answer to [`HostHello`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct HostWelcome {
    /// From where each run's output is to be sent. A run that is not named here is forgotten.
    pub runs: Vec<HostFrom>,
    /// Bytes that may be sent beyond the last `host.ack`, per run.
    pub window: u64,
}

/// From where a run's output is to be sent.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostFrom {
    /// The run.
    pub run: RunId,
    /// The next byte that the core wants.
    pub from: u64,
}

/// Starts a run, unless it is there already.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct HostStart {
    /// The run.
    pub run: RunId,
    /// The program and its arguments: for a `cmd`, the shell's.
    pub argv: Vec<String>,
    /// The folder to run in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Variables beside the clean environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Seconds after which it is stopped.
    pub timeout_s: u64,
    /// Bytes of output after which it is stopped.
    pub output_bytes_max: u64,
    /// It reads what `host.input` sends.
    #[serde(default)]
    pub stdin: bool,
    /// Who started it, for the run's environment.
    pub by: UserName,
    /// The room, for the run's environment.
    pub room: String,
}

/// The run has a process. Told by the host.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostStarted {
    /// The run.
    pub run: RunId,
    /// Its first process.
    pub pid: u32,
}

/// Output of a run, from a host.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostOutput {
    /// The run.
    pub run: RunId,
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// The first byte's place in the run's output.
    pub off: u64,
    /// Raw bytes that follow.
    pub len: u64,
}

/// The core has stored all bytes before `off`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostAck {
    /// The run.
    pub run: RunId,
    /// The next byte wanted.
    pub off: u64,
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
    /// Milliseconds that it took.
    pub ms: u64,
    /// Output went over the limit, and the rest was not kept.
    #[serde(default)]
    pub truncated: bool,
    /// Processes still there after everything was done to stop them.
    #[serde(default)]
    pub left: u32,
}

/// The end is on record; the spool may go.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostForget {
    /// The run.
    pub run: RunId,
}

/// Raw bytes for a run's standard input.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostInput {
    /// The run.
    pub run: RunId,
    /// Raw bytes that follow.
    pub len: u64,
}

/// The end of a run's standard input.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostEof {
    /// The run.
    pub run: RunId,
}

/// A signal for a run, and who sent it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostSignal {
    /// The run.
    pub run: RunId,
    /// Which.
    pub signal: Signal,
    /// Who.
    pub by: UserName,
}

impl_message! {
    HostHello = "host.hello", HostWelcome = "host.welcome", HostStart = "host.start", HostStarted = "host.started",
    HostOutput = "host.output", HostAck = "host.ack", HostEnded = "host.ended", HostForget = "host.forget",
    HostInput = "host.input", HostEof = "host.eof", HostSignal = "host.signal",
}
