//! When the output of a run was written.

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::RunId;

/// Returns when a run's output was written. Answer: [`RunTimesOk`].
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunTimes {
    /// The run.
    pub run: RunId,
    /// The first byte of interest.
    #[serde(default)]
    pub from: u64,
}

/// The answer to [`RunTimes`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunTimesOk {
    /// Offsets of output, ascending, each with the time at which the bytes from it on were written, Unix milliseconds. The
    /// first one is at or before `from`.
    pub times: Vec<(u64, u64)>,
    /// There are more, after the last of these.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

impl_message! {
    RunTimes = "run.times",
}
