//! The output of a run as it comes, and looking into it without reading all of it: where a text is, how many lines are
//! before a byte, and when the bytes were written.

use serde::{Deserialize, Serialize};

use super::impl_message;
use super::terminals::TermSize;
use crate::ids::RunId;

/// Output of a run. Sent to its watchers.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(from = "OutputFields")]
pub struct RunOutput {
    /// The run.
    pub run: RunId,
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// The offset of the first byte in the run's output, counted over both descriptors.
    pub off: u64,
    /// The number of raw bytes that follow.
    pub len: u64,
    /// The terminal has this size from this byte on; absent if the size has not changed.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub size: Option<TermSize>,
}

/// [`RunOutput`] as it is read: field by field, since this message arrives for each piece of output.
#[derive(Deserialize)]
struct OutputFields {
    run: RunId,
    fd: u8,
    off: u64,
    len: u64,
    cols: Option<u16>,
    rows: Option<u16>,
}

impl From<OutputFields> for RunOutput {
    fn from(fields: OutputFields) -> RunOutput {
        let OutputFields { run, fd, off, len, cols, rows } = fields;
        RunOutput { run, fd, off, len, size: cols.zip(rows).map(|(cols, rows)| TermSize { cols, rows }) }
    }
}

/// Returns when a run's output was written, and by which descriptor. Answer: [`RunTimesOk`].
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunTimes {
    /// The run.
    pub run: RunId,
    /// The first byte of interest.
    #[serde(default)]
    pub from: u64,
}

/// The answer to [`RunTimes`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct RunTimesOk {
    /// Offsets of output, ascending, each with the time at which the bytes from it on were written, Unix milliseconds. The
    /// first one is at or before `from`.
    pub times: Vec<(u64, u64)>,
    /// For each of them the descriptor: 1 for stdout, 2 for stderr.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fds: Vec<u8>,
    /// There are more, after the last of these.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// Looks for the next text in a run's output. Answer: [`RunFindOk`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RunFind {
    /// The run.
    pub run: RunId,
    /// Any of these, at most [`crate::limits::FIND_TEXTS_MAX`]; ASCII letters match in either case. Without one, any byte of
    /// `fd`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<String>,
    /// Only in what this descriptor wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fd: Option<u8>,
    /// The first byte at which it may begin; with `back`, the first one at which it may not. By default the beginning; with
    /// `back`, the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Looks for the last one before `from`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub back: bool,
}

/// The answer to [`RunFind`]: found at a byte, to be continued, or (without both) not found.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct RunFindOk {
    /// The first byte of what was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// Nothing was found so far: the `from` that continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// Counts the line ends within `from..to` of a run's output. Answer: [`RunLinesOk`].
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunLines {
    /// The run.
    pub run: RunId,
    /// The first byte.
    #[serde(default)]
    pub from: u64,
    /// The byte after the last one.
    pub to: u64,
}

/// The answer to [`RunLines`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunLinesOk {
    /// Line ends within `from..to`.
    pub lines: u64,
    /// The byte after the last one that was looked at: less than the request's if that was far.
    pub to: u64,
}

impl_message! {
    RunOutput = "run.output", RunTimes = "run.times", RunFind = "run.find", RunLines = "run.lines",
}
