//! A run as it is shown.

use std::sync::Arc;

use wardroom_protocol::RunId;
use wardroom_protocol::messages::{Exit, RunInfo};

use super::tail::OutputTail;

/// A run that was seen in a room, or is watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id.
    pub run: RunId,
    /// What is known of it; absent for one that is watched by its id alone, until the server has told.
    pub info: Option<Arc<RunInfo>>,
    /// How it stands.
    pub state: RunState,
    /// The end of its output as lines, while it is (or was) watched.
    pub tail: Arc<OutputTail>,
    /// Bytes of output so far, as far as is known.
    pub bytes: u64,
    /// Output went over the limit, and the rest was not kept.
    pub truncated: bool,
    /// Processes that were still there after everything was done to stop them.
    pub left: u32,
    /// Its output is followed.
    pub watched: bool,
}

/// How a run stands.
#[derive(Clone, Debug, PartialEq)]
pub enum RunState {
    /// It runs, as far as one has heard.
    Running,
    /// It is over.
    Ended {
        /// How.
        exit: Exit,
        /// Milliseconds that it took.
        ms: u64,
    },
}

impl Run {
    pub(crate) fn new(run: RunId) -> Self {
        Run {
            run,
            info: None,
            state: RunState::Running,
            tail: Arc::default(),
            bytes: 0,
            truncated: false,
            left: 0,
            watched: false,
        }
    }
}
