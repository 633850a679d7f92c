//! The status of a run in words. The symbol and the colour only repeat it.

use wardroom_client_core::protocol::messages::Exit;
use wardroom_client_core::{Run, RunState};
use yew::prelude::*;

use super::{Icon, icon};
use crate::i18n::{Words, fill};
use crate::text::format::{duration, elapsed};

#[derive(Clone, Debug, PartialEq)]
pub struct RunStatus {
    /// `running 0:41`, `exit 2`.
    pub words: String,
    /// The CSS class.
    pub class: &'static str,
    /// Shown beside the words.
    pub symbol: &'static str,
    /// For tests.
    pub state: &'static str,
    /// The duration, unless the words include it.
    pub duration: Option<String>,
}

/// The status of a run at this time by the server's clock.
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

/// The limit that a run exceeded, in words.
fn limit_words(limit: &str, words: &Words) -> String {
    let name = match limit {
        "cpu" => words.runs.limit_cpu,
        "memory" => words.runs.limit_memory,
        "processes" => words.runs.limit_processes,
        "file-size" => words.runs.limit_file_size,
        "output" => words.runs.limit_output,
        "idle" => return words.runs.ended_idle.to_owned(),
        "oom" => return words.runs.ended_oom.to_owned(),
        other => other,
    };
    fill(words.ended_limit, &[name])
}

/// An exit in words.
pub fn exit_words(exit: &Exit, words: &Words) -> String {
    match exit {
        Exit::Code { code } => fill(words.exit_code, &[&code.to_string()]),
        Exit::StoppedBy { stopped_by, .. } => fill(words.ended_stopped, &[stopped_by.as_str()]),
        Exit::Signal { signal } => fill(words.ended_signal, &[signal]),
        Exit::Timeout { .. } => words.ended_timeout.to_owned(),
        Exit::Limit { limit } => limit_words(limit, words),
        Exit::Lost { lost } => fill(words.ended_lost, &[lost]),
        Exit::Failed { failed } => fill(words.ended_not_started, &[failed]),
    }
}

/// The icon of a status; the words beside it say the same.
pub fn status_icon(status: &RunStatus) -> Html {
    match status.class {
        "state--running" => html! { <span class="pulse" aria-hidden="true"></span> },
        "state--success" => icon(Icon::Passed),
        "state--warning" => icon(Icon::Stop),
        _ => icon(Icon::Failed),
    }
}
