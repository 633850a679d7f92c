//! Submits the text of the composer: posts it, runs it, or executes a slash command.

use wardroom_client_core::protocol::{RoomName, RunId};
use yew::Callback;

use super::paste::upload_as_file;
use crate::engine::{Engine, NoticeKind};
use crate::logic::intent::{Intent, intent};
use crate::logic::run_options::RunOptions;
use crate::ui::{ComposeMode, UiAction, UiHandle};

/// Opens the terminal of a run that has started.
pub fn open_terminal(ui: &UiHandle) -> Callback<RunId> {
    let ui = ui.clone();
    Callback::from(move |run| ui.dispatch(UiAction::Terminal(Some(run))))
}

/// Returns `false` if nothing was done, and the text must stay. Without `how`, and the host where commands run by default,
/// the user may not run commands.
pub fn submit(
    engine: &Engine,
    ui: &UiHandle,
    room: &RoomName,
    text: &str,
    mode: ComposeMode,
    how: Option<(&RunOptions, &str)>,
) -> bool {
    let intent_of_text = match (mode, intent(text)) {
        // An edit stays a message; it never becomes a command.
        (ComposeMode::Edit(_), Intent::Run(_) | Intent::Command(_) | Intent::Invalid(_)) => {
            Intent::Post(text.trim_end().to_owned())
        }
        (_, intent_of_text) => intent_of_text,
    };
    match intent_of_text {
        Intent::Empty | Intent::Invalid(_) => return false,
        // Keep the text in the field.
        Intent::Post(_) | Intent::Run(_) if engine.read(|client| client.outbox().is_full()) => {
            engine.show_notice(NoticeKind::OutboxFull);
            return false;
        }
        Intent::TooLong => upload_as_file(engine, room, text),
        Intent::Post(text) => match mode {
            ComposeMode::New | ComposeMode::Rerun(_) => engine.post(room, text, None),
            ComposeMode::Reply(seq) => engine.post(room, text, Some(seq)),
            ComposeMode::Edit(seq) => engine.edit(room, seq, text),
        },
        Intent::Run(cmd) => {
            let Some((how, run_host)) = how else { return false };
            let again = match mode {
                ComposeMode::Rerun(seq) => engine.run_started_at(room, seq),
                ComposeMode::New | ComposeMode::Reply(_) | ComposeMode::Edit(_) => None,
            };
            let host = how.host.clone().or(again.map(|run| run.host)).or_else(|| Some(run_host.to_owned()));
            engine.run(room, Some(cmd), RunOptions { host, ..how.clone() }, open_terminal(ui));
        }
        Intent::Command(command) => engine.execute(ui, room, command),
    }
    true
}
