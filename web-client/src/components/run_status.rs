//! How a run stands, in words; a sign and a colour repeat what the words say.

use wardroom_client_core::protocol::messages::Exit;
use wardroom_client_core::{Run, RunState};

use crate::i18n::{Words, fill};
use crate::text::format::{duration, elapsed};

/// The words of a run's state, and how they look.
#[derive(Clone, Debug, PartialEq)]
pub struct RunStatus {
    /// `running 0:41`, `exit 2`.
    pub words: String,
    /// Class of the words.
    pub class: &'static str,
    /// Beside them.
    pub symbol: &'static str,
    /// One word for tests.
    pub state: &'static str,
    /// How long it took, where the words do not say so.
    pub duration: Option<String>,
}

/// How a run stands at this time of the server's clock.
pub fn run_status(run: &Run, now_ms: u64, words: &Words) -> RunStatus {
    match &run.state {
        RunState::Running => {
            let since = run.info.as_ref().map_or(now_ms, |info| info.at);
            RunStatus {
                words: fill(words.running, &[&elapsed(now_ms.saturating_sub(since))]),
                class: "state--running",
                symbol: "●",
                state: "running",
                duration: None,
            }
        }
        RunState::Ended { exit, ms } if exit.is_success() => RunStatus {
            words: fill(words.ended_ok, &[&duration(*ms)]),
            class: "state--success",
            symbol: "✓",
            state: "ok",
            duration: None,
        },
        RunState::Ended { exit, ms } => RunStatus {
            words: exit_words(exit, words),
            class: if matches!(exit, Exit::StoppedBy { .. }) { "state--warning" } else { "state--error" },
            symbol: if matches!(exit, Exit::StoppedBy { .. }) { "■" } else { "✗" },
            state: "failed",
            duration: Some(duration(*ms)),
        },
    }
}

/// An exit in words.
pub fn exit_words(exit: &Exit, words: &Words) -> String {
    match exit {
        Exit::Code { code } => fill(words.exit_code, &[&code.to_string()]),
        Exit::StoppedBy { stopped_by, .. } => fill(words.ended_stopped, &[stopped_by.as_str()]),
        Exit::Signal { signal } => fill(words.ended_signal, &[signal]),
        Exit::Timeout { .. } => words.ended_timeout.to_owned(),
        Exit::Limit { limit } => fill(words.ended_limit, &[limit]),
        Exit::Lost { lost } => fill(words.ended_lost, &[lost]),
        Exit::Failed { failed } => fill(words.ended_not_started, &[failed]),
    }
}
