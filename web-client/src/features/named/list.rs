//! The commands of the room that the user may run, as buttons.

use wardroom_client_core::protocol::messages::CommandInfo;
use yew::prelude::*;

use crate::hooks::{use_ui, use_words};
use crate::testids;
use crate::text::sanitize::one_line;
use crate::ui::{Dialog, UiAction};

#[derive(PartialEq, Properties)]
pub struct CommandButtonsProps {
    pub commands: Vec<CommandInfo>,
}

#[component]
pub fn CommandButtons(props: &CommandButtonsProps) -> Html {
    let words = use_words();
    let ui = use_ui();
    let mut allowed = props.commands.iter().filter(|info| info.may).peekable();
    if allowed.peek().is_none() {
        return Html::default();
    }
    let item = |info: &CommandInfo| {
        let name = info.command.name.clone();
        let open = {
            let ui = ui.clone();
            Callback::from(move |_: MouseEvent| ui.dispatch(UiAction::Dialog(Some(Dialog::RunCommand(name.clone())))))
        };
        html! {
            <button key={info.command.name.to_string()} type="button" class="item" onclick={open} data-testid={testids::COMMAND_BUTTON}>
                <span class="item__name">{ format!("/{}", info.command.name) }</span>
                <span class="item__detail"><span class="item__text">{ one_line(&info.command.about) }</span></span>
            </button>
        }
    };
    html! {
        <div class="list">
            <div class="list__head"><span>{ words.runs.commands }</span></div>
            <div class="list">{ for allowed.map(item) }</div>
        </div>
    }
}
