//! The named commands of a room: the list, the form that runs one, and the form that defines one.

mod definition;
mod list;
mod run_form;
mod settings;

use std::cell::Cell;
use std::rc::Rc;

use wardroom_client_core::Change;
use wardroom_client_core::Error;
use wardroom_client_core::protocol::limits::COMMANDS_MAX;
use wardroom_client_core::protocol::messages::{Answer, CommandInfo, CommandList, CommandListed, CommandParam};
use wardroom_client_core::protocol::{EventBody, RoomName};
use yew::prelude::*;

pub use list::CommandButtons;
pub use run_form::RunCommandDialog;
pub use settings::CommandSettings;

use crate::engine::{Engine, Topic};
use crate::features::rights::use_rights;
use crate::hooks::use_topic;

/// Events in which a changed definition is looked for; an older one was loaded already.
const LOOKED_AT_EVENTS: usize = 100;

/// Returns the commands of a room, once they are wanted and have arrived. They are loaded again when one is added, changed
/// or removed, and when the user's rights change.
#[hook]
pub fn use_named_commands(room: &RoomName, is_wanted: bool) -> Vec<CommandInfo> {
    let engine = use_topic(Topic::Model(Change::Room(room.clone())));
    let list = use_state_eq(|| (room.clone(), Vec::<CommandInfo>::new()));
    let changed_at = engine.read(|client| {
        let mut events = client.rooms().get(room)?.timeline.events().rev().take(LOOKED_AT_EVENTS);
        let is_change = |body: &EventBody| matches!(body, EventBody::Command(_) | EventBody::CommandRemoved(_));
        events.find(|event| is_change(&event.body)).map(|event| event.seq)
    });
    let rights = use_rights(room);
    use_effect_with((room.clone(), changed_at, is_wanted, rights), {
        let list = list.setter();
        move |(room, _, is_wanted, _)| {
            let is_current = Rc::new(Cell::new(*is_wanted));
            if *is_wanted {
                let (of, still) = (room.clone(), is_current.clone());
                let on_all = Callback::from(move |found| {
                    if still.get() {
                        list.set((of.clone(), found));
                    }
                });
                load(&engine, room, Vec::new(), on_all);
            }
            move || is_current.set(false)
        }
    });
    // Those of the room before are not this one's.
    if list.0 == *room { list.1.clone() } else { Vec::new() }
}

/// Loads the pages of the list after what was found.
fn load(engine: &Engine, room: &RoomName, found: Vec<CommandInfo>, on_all: Callback<Vec<CommandInfo>>) {
    let after = found.last().map(|info| info.command.name.clone());
    let on_answer = {
        let (engine, room) = (engine.clone(), room.clone());
        Callback::from(move |answer: Result<Answer, Error>| {
            let Some(listed) = answer.ok().and_then(|answer| answer.fields::<CommandListed>().ok()) else { return };
            let is_more = listed.more && !listed.commands.is_empty();
            let found: Vec<CommandInfo> = found.iter().cloned().chain(listed.commands).collect();
            if is_more && found.len() < COMMANDS_MAX {
                load(&engine, &room, found, on_all.clone());
            } else {
                on_all.emit(found);
            }
        })
    };
    engine.request(CommandList { room: room.clone(), after }, on_answer);
}

/// Returns the parameters as `/help` shows arguments: `VERSION [TO]`.
pub fn arguments(info: &CommandInfo) -> String {
    let param = |param: &CommandParam| {
        let name = param.name.as_str().to_uppercase();
        if param.default.is_some() { format!("[{name}]") } else { name }
    };
    info.command.params.iter().map(param).collect::<Vec<_>>().join(" ")
}
