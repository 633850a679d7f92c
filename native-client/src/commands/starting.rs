//! Starts a run and waits until it has an id. A host or a connection that is away usually returns within seconds, such as
//! after a restart of the server; a command that has not started by then does not start later.

use std::io::IsTerminal as _;

use tokio::time::Instant;
use wardroom_client_core::{Command, Error, PostState};
use wardroom_protocol::limits::{TERM_COLS_MAX, TERM_ROWS_MAX};
use wardroom_protocol::messages::{RunStart, RunStartOk, TermSize, Tty};
use wardroom_protocol::{Code, Nonce};

use super::ls::other_version;
use super::out::say;
use super::refused;
use crate::edit::Size;
use crate::exit::Failure;
use crate::limits::{HOST_WAIT, START_AGAIN_AFTER};
use crate::runner::Runner;

/// A run that has no id yet.
pub(super) struct Starting {
    nonce: Nonce,
    began: Instant,
    again_at: Option<Instant>,
}

impl Starting {
    /// Asks for the run.
    pub(super) fn begin(runner: &mut Runner, start: RunStart) -> Starting {
        let nonce = start.nonce.clone();
        runner.command(Command::StartRun { start: Box::new(start), watch: false });
        Starting { nonce, began: Instant::now(), again_at: None }
    }

    /// Handles a refused start: it is tried again for a while, or fails.
    pub(super) fn failed(&mut self, runner: &Runner, error: Error) -> Result<(), Failure> {
        let posts = runner.client().outbox().posts();
        let state = posts.iter().find(|post| post.nonce == self.nonce).map(|post| post.state.clone());
        let may_wait = error.code == Some(Code::Busy) || matches!(state, Some(PostState::NotSent(_)));
        if may_wait && self.began.elapsed() < HOST_WAIT {
            self.again_at = Some(Instant::now() + START_AGAIN_AFTER);
            return Ok(());
        }
        match state {
            Some(PostState::NotSent(why)) => Err(Failure::no_connection(why.words())),
            _ => refused(error),
        }
    }

    /// Waits until it is time to try again; for ever if it is not.
    pub(super) async fn again(&self) {
        match self.again_at {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// Tries again, with the same nonce, so that it does not start twice.
    pub(super) fn retry(&mut self, runner: &mut Runner) {
        self.again_at = None;
        runner.command(Command::RetryPost { nonce: self.nonce.clone() });
    }
}

/// Asks for runs on several hosts, and waits for the answer.
pub(super) async fn ask_to_start(runner: &mut Runner, start: &RunStart) -> Result<RunStartOk, Failure> {
    runner.ask(start).await?.fields().map_err(other_version)
}

/// Says at a terminal how others name a run that has started, with what they do with it.
pub(super) fn say_started(n: u64, then: &str) {
    if std::io::stderr().is_terminal() {
        say(&format!("wardroom: started r{n}{then}"));
    }
}

/// Returns the terminal that a run gets: one of the size of our own.
pub(super) fn own_size() -> Tty {
    let Size { columns, rows } = crate::edit::size();
    let cols = u16::try_from(columns).unwrap_or(u16::MAX).clamp(1, TERM_COLS_MAX);
    let rows = u16::try_from(rows).unwrap_or(u16::MAX).clamp(1, TERM_ROWS_MAX);
    Tty { size: TermSize { cols, rows }, fixed: false }
}
