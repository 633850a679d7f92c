//! Carries out what was written: says it, runs it, or does what the command says.

use wardroom_client_core::protocol::RoomName;

use super::big::to_file;
use crate::app::{Engine, NoticeWhat, UiHandle, Writing};
use crate::logic::intent::{Intent, intent};

/// `false` where nothing was done, and the text has to stay.
pub fn carry_out(engine: &Engine, ui: &UiHandle, room: &RoomName, text: &str, writing: Writing, may_run: bool) -> bool {
    let meant = match (writing, intent(text)) {
        // What is said otherwise is said; it does not become a command.
        (Writing::Edit(_), Intent::Run(_) | Intent::Do(_) | Intent::Wrong(_)) => {
            Intent::Say(text.trim_end().to_owned())
        }
        (_, meant) => meant,
    };
    match meant {
        Intent::Nothing | Intent::Wrong(_) => return false,
        Intent::Run(_) if !may_run => return false,
        // The text stays where it is.
        Intent::Say(_) | Intent::Run(_) if engine.read(|client| client.outbox().is_full()) => {
            engine.tell(NoticeWhat::OutboxFull);
            return false;
        }
        Intent::File => to_file(engine, room, text),
        Intent::Say(text) => match writing {
            Writing::New | Writing::Again(_) => engine.post(room, text, None),
            Writing::Reply(seq) => engine.post(room, text, Some(seq)),
            Writing::Edit(seq) => engine.edit(room, seq, text),
        },
        Intent::Run(cmd) => {
            let again = match writing {
                Writing::Again(seq) => engine.run_at(room, seq),
                Writing::New | Writing::Reply(_) | Writing::Edit(_) => None,
            };
            engine.run(room, cmd, again.map(|run| run.host));
        }
        Intent::Do(command) => engine.carry_out(ui, room, command),
    }
    true
}
