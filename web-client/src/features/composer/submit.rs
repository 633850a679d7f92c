//! Submits the text of the composer: posts it, runs it, or executes a slash command.

use wardroom_client_core::protocol::RoomName;

use super::paste::upload_as_file;
use crate::engine::{Engine, NoticeKind};
use crate::logic::intent::{Intent, intent};
use crate::ui::{ComposeMode, UiHandle};

/// Returns `false` if nothing was done, and the text must stay.
pub fn submit(engine: &Engine, ui: &UiHandle, room: &RoomName, text: &str, mode: ComposeMode, may_run: bool) -> bool {
    let intent_of_text = match (mode, intent(text)) {
        // An edit stays a message; it never becomes a command.
        (ComposeMode::Edit(_), Intent::Run(_) | Intent::Command(_) | Intent::Invalid(_)) => {
            Intent::Post(text.trim_end().to_owned())
        }
        (_, intent_of_text) => intent_of_text,
    };
    match intent_of_text {
        Intent::Empty | Intent::Invalid(_) => return false,
        Intent::Run(_) if !may_run => return false,
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
            let again = match mode {
                ComposeMode::Rerun(seq) => engine.run_started_at(room, seq),
                ComposeMode::New | ComposeMode::Reply(_) | ComposeMode::Edit(_) => None,
            };
            engine.run(room, cmd, again.map(|run| run.host));
        }
        Intent::Command(command) => engine.execute(ui, room, command),
    }
    true
}
