//! What host and shim say to each other: frames as on the wire (a line of JSON, and raw bytes after those with `len`).
//!
//! An old shim must work with a new host. Therefore messages and fields are only added, unknown fields are ignored, and
//! a request that the shim does not know is answered with `unknown`. The one exception is the first message, the
//! [`Order`]: it goes to a shim that the same host has just started.

use serde::{Deserialize, Serialize};
use wardroom_protocol::messages::{Detached, HostEnded, RunLimits, Secrets, Signal, TermSize};
use wardroom_protocol::{Frame, Message, RunId, UserName};

use crate::process::isolation::Isolation;
use crate::process::sandbox::Sandbox;

/// What to run. It follows its own length (4 bytes, little endian), because it may be longer than a frame, and has the
/// lock of the spool folder attached, which the shim holds until the run is on record.
#[derive(Deserialize, Serialize)]
pub struct Order {
    /// The run.
    pub run: RunId,
    /// The folder of its spool.
    pub spool: String,
    /// The id of this boot.
    pub boot: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The folder to run in.
    pub cwd: String,
    /// The whole environment.
    pub env: Vec<(String, String)>,
    /// The terminal, if it gets one.
    pub tty: Option<TermSize>,
    /// It reads standard input.
    pub stdin: bool,
    /// Standard output and error share one pipe.
    pub merge: bool,
    /// Processes that outlive the first one are kept.
    pub detach: bool,
    /// Seconds after which it is stopped.
    pub timeout_s: u64,
    /// What else it may use.
    pub limits: RunLimits,
    /// Bytes of output after which it is stopped.
    pub output_bytes_max: u64,
    /// What the command is kept from.
    pub isolation: Isolation,
    /// What it does without.
    pub sandbox: Sandbox,
    /// What is taken out of the output; the environment has it too.
    pub secrets: Secrets,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").field("run", &self.run).finish_non_exhaustive()
    }
}

/// The first request on every connection but the one that brought the order: the key that is in the record of the run,
/// which commands cannot read.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Attach {
    /// The key.
    pub key: String,
}

/// The state of a run. The first message of a shim on every connection, after `attach`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct State {
    /// The version of this protocol: 1.
    pub v: u32,
    /// The pid of the command's first process, once it runs.
    pub pid: Option<u32>,
    /// Bytes of output in the spool.
    pub bytes: u64,
    /// Bytes of input that the command has been given.
    pub input: u64,
    /// The run has a terminal, and `passed` slows it down.
    #[serde(default)]
    pub can_pace: bool,
}

/// The command runs.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Started {
    /// The pid of its first process.
    pub pid: u32,
}

/// The spool has grown.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Output {
    /// Bytes of output in the spool.
    pub bytes: u64,
}

/// The terminal has another size, from an offset of the output on.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Resized {
    /// The offset.
    pub off: u64,
    /// The size.
    #[serde(flatten)]
    pub size: TermSize,
}

/// The command has been given all input before `off`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct InputAck {
    /// The offset after the last such byte.
    pub off: u64,
}

/// The first process has ended, and others are kept. Repeated on every connection, after `started`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DetachedNotice {
    /// What goes on.
    #[serde(flatten)]
    pub detached: Detached,
}

/// The run is over. The shim ends after this if the end is in the spool too; otherwise it waits for `forget`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Ended {
    /// How it ended.
    pub end: HostEnded,
}

/// A request that this shim does not know.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Unknown {
    /// Its type.
    pub got: String,
}

/// Raw bytes of input.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Input {
    /// The offset of the first byte. Bytes that the shim has had are ignored.
    pub off: u64,
    /// The number of raw bytes that follow.
    pub len: u64,
}

/// The end of the input.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Eof {
    /// Its length.
    pub off: u64,
}

/// What the terminal answers to a query in the output. One whose `at` is not beyond the last is ignored.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Reply {
    /// The offset after the query.
    pub at: u64,
    /// The number of raw bytes that follow.
    pub len: u64,
}

/// Changes the size of the terminal.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Resize {
    /// The size.
    #[serde(flatten)]
    pub size: TermSize,
}

/// How far the core has followed the output of a terminal, which is read only a little ahead of that.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Passed {
    /// The core has the bytes before this offset. Without one it follows no more, and nothing is slowed down.
    pub off: Option<u64>,
}

/// A member's signal: INT and HUP go to the process group, TERM and KILL stop the run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SendSignal {
    /// The signal.
    pub signal: Signal,
    /// Who sent it.
    pub by: UserName,
}

/// Stops the run, for a reason of the host's.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Stop {
    /// The reason, as in `lost`.
    pub why: String,
}

/// The host has the end: the shim need not keep it.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Forget {}

macro_rules! messages {
    ($($name:ident = $t:literal),* $(,)?) => { $(impl Message for $name { const T: &'static str = $t; })* };
}
messages! {
    State = "state", Started = "started", Output = "output", Resized = "resized", InputAck = "input_ack",
    DetachedNotice = "detached",
    Ended = "ended", Unknown = "unknown", Input = "input", Eof = "eof", Reply = "reply", Resize = "resize",
    SendSignal = "signal", Stop = "stop", Passed = "passed", Forget = "forget", Attach = "attach",
}

/// Everything that a host may ask of a shim.
#[derive(Debug)]
pub enum Request {
    Input(Input, bytes::Bytes),
    Eof(Eof),
    Reply(Reply, bytes::Bytes),
    Resize(Resize),
    Signal(SendSignal),
    Stop(Stop),
    Passed(Passed),
    Forget(Forget),
    Attach(Attach),
    Unknown(String),
}

/// Everything that a shim may say.
#[derive(Debug)]
pub enum Notice {
    State(State),
    Started(Started),
    Output(Output),
    Resized(Resized),
    InputAck(InputAck),
    Detached(DetachedNotice),
    Ended(Box<Ended>),
    Unknown(String),
}

#[derive(Deserialize)]
struct Head {
    t: String,
}

impl Request {
    /// Parses a frame from a host.
    ///
    /// # Errors
    /// If its fields do not fit.
    pub fn parse(frame: Frame) -> Result<Request, serde_json::Error> {
        let Frame { line, body } = frame;
        let Head { t } = serde_json::from_slice(&line)?;
        Ok(match t.as_str() {
            Input::T => Request::Input(serde_json::from_slice(&line)?, body),
            Eof::T => Request::Eof(serde_json::from_slice(&line)?),
            Reply::T => Request::Reply(serde_json::from_slice(&line)?, body),
            Resize::T => Request::Resize(serde_json::from_slice(&line)?),
            SendSignal::T => Request::Signal(serde_json::from_slice(&line)?),
            Stop::T => Request::Stop(serde_json::from_slice(&line)?),
            Passed::T => Request::Passed(serde_json::from_slice(&line)?),
            Forget::T => Request::Forget(serde_json::from_slice(&line)?),
            Attach::T => Request::Attach(serde_json::from_slice(&line)?),
            _ => Request::Unknown(t),
        })
    }
}

impl Notice {
    /// Parses a frame from a shim.
    ///
    /// # Errors
    /// If its fields do not fit.
    pub fn parse(line: &[u8]) -> Result<Notice, serde_json::Error> {
        let Head { t } = serde_json::from_slice(line)?;
        Ok(match t.as_str() {
            State::T => Notice::State(serde_json::from_slice(line)?),
            Started::T => Notice::Started(serde_json::from_slice(line)?),
            Output::T => Notice::Output(serde_json::from_slice(line)?),
            Resized::T => Notice::Resized(serde_json::from_slice(line)?),
            InputAck::T => Notice::InputAck(serde_json::from_slice(line)?),
            DetachedNotice::T => Notice::Detached(serde_json::from_slice(line)?),
            Ended::T => Notice::Ended(serde_json::from_slice(line)?),
            _ => Notice::Unknown(t),
        })
    }
}
