//! A run as it is shown.

use std::sync::Arc;

use wardroom_protocol::RunId;
use wardroom_protocol::messages::{Detached, Exit, RunInfo, TermSize, Tty};

use super::tail::OutputTail;
use super::terminal::Keyboard;

/// A run that appeared in a room, or is watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id.
    pub run: RunId,
    /// Its details; `None` for a run that is watched by its id alone, until the server has answered.
    pub info: Option<Arc<RunInfo>>,
    /// Whether it is running.
    pub state: RunState,
    /// The end of its output as lines, while it is (or was) watched.
    pub tail: Arc<OutputTail>,
    /// Bytes of output so far, as far as is known.
    pub bytes: u64,
    /// The output exceeded the limit, and the rest was not kept.
    pub truncated: bool,
    /// Processes that survived all attempts to stop them.
    pub left: u32,
    /// Its output is being watched.
    pub watched: bool,
    /// Its terminal, if it has one.
    pub tty: Option<Tty>,
    /// The size of its terminal at the last byte that arrived here.
    pub size: Option<TermSize>,
    /// What goes on with `detach`, once its first process has ended.
    pub detached: Option<Detached>,
    /// Who types into it.
    pub keyboard: Keyboard,
}

/// Whether a run is running.
#[derive(Clone, Debug, PartialEq)]
pub enum RunState {
    /// It is running, as far as is known.
    Running,
    /// It has ended.
    Ended {
        /// How.
        exit: Exit,
        /// Its duration in milliseconds.
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
            tty: None,
            size: None,
            detached: None,
            keyboard: Keyboard::default(),
        }
    }
}
