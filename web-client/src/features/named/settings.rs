//! The commands of a room, for those who define them.

use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::protocol::messages::{CommandInfo, CommandRemove};
use yew::prelude::*;

use super::definition::Definition;
use super::use_named_commands;
use crate::components::Confirm;
use crate::hooks::{use_engine, use_words};
use crate::i18n::fill;
use crate::testids;
use crate::text::sanitize::one_line;

#[derive(PartialEq, Properties)]
pub struct CommandSettingsProps {
    pub room: RoomName,
}

/// What is shown in place of the list.
#[derive(Clone, PartialEq)]
enum Open {
    Nothing,
    /// The form, with the command that it changes.
    Form(Option<CommandInfo>),
    /// A question before this one is removed.
    Removal(CommandInfo),
}

#[component]
pub fn CommandSettings(props: &CommandSettingsProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let commands = use_named_commands(&props.room, true);
    let open = use_state_eq(|| Open::Nothing);
    let set = {
        let open = open.setter();
        Callback::from(move |next: Open| open.set(next))
    };
    if let Open::Form(info) = &*open {
        let on_close = set.reform(|()| Open::Nothing);
        return html! { <Definition room={props.room.clone()} info={info.clone()} {on_close} /> };
    }
    let item = |info: &CommandInfo| {
        let name = info.command.name.to_string();
        let (edit, remove) = (info.clone(), info.clone());
        let edit = set.reform(move |_: MouseEvent| Open::Form(Some(edit.clone())));
        let remove = set.reform(move |_: MouseEvent| Open::Removal(remove.clone()));
        html! {
            <div key={name.clone()} class="form__member" data-testid={testids::COMMAND_ITEM}>
                <span class="form__name">{ format!("/{name} ") }<span class="muted">{ one_line(&info.command.about) }</span></span>
                <button class="text-button" type="button" onclick={edit} aria-label={fill(words.settings.command_edit_label, &[&name])} data-testid={testids::COMMAND_EDIT}>{ words.edit }</button>
                <button class="text-button text-button--danger" type="button" onclick={remove} aria-label={fill(words.settings.remove_who, &[&name])} data-testid={testids::COMMAND_REMOVE}>{ words.settings.remove }</button>
            </div>
        }
    };
    html! {
        <section class="form" aria-label={words.runs.commands}>
            <p class="form__hint">{ words.settings.commands_lead }</p>
            <div class="list">{ for commands.iter().map(item) }</div>
            <div class="form__actions">
                <button class="button" type="button" onclick={set.reform(|_: MouseEvent| Open::Form(None))} data-testid={testids::COMMAND_ADD}>{ words.settings.command_add }</button>
            </div>
            if let Open::Removal(info) = &*open {
                <Confirm title={fill(words.settings.command_remove_head, &[info.command.name.as_str()])} lead={words.settings.command_remove_lead} yes={words.settings.remove}
                    on_yes={Callback::from({
                        let (room, name) = (props.room.clone(), info.command.name.clone());
                        move |()| engine.send(CommandRemove { room: room.clone(), name: name.clone() })
                    })} on_close={set.reform(|()| Open::Nothing)} />
            }
        </section>
    }
}
