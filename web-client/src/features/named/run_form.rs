//! The form that runs a named command: a field for each parameter, and what would run.

use std::collections::BTreeMap;

use wardroom_client_core::Error;
use wardroom_client_core::protocol::argv::quoted;
use wardroom_client_core::protocol::messages::{Answer, CommandInfo, CommandParam, RunStart};
use wardroom_client_core::protocol::template::{Part, parts};
use wardroom_client_core::protocol::{CommandName, RoomName};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::use_named_commands;
use crate::components::Modal;
use crate::hooks::{use_engine, use_words};
use crate::i18n::fill;
use crate::testids;
use crate::text::sanitize::{one_line, sanitized};

#[derive(PartialEq, Properties)]
pub struct RunCommandDialogProps {
    pub room: RoomName,
    pub name: CommandName,
    pub on_close: Callback<()>,
}

#[component]
pub fn RunCommandDialog(props: &RunCommandDialogProps) -> Html {
    let commands = use_named_commands(&props.room, true);
    let Some(info) = commands.iter().find(|info| info.command.name == props.name) else { return Html::default() };
    html! {
        <Modal title={format!("/{}", props.name)} on_close={props.on_close.clone()}>
            // Another version has other parameters.
            <RunForm key={info.version} room={props.room.clone()} info={info.clone()} on_close={props.on_close.clone()} />
        </Modal>
    }
}

#[derive(PartialEq, Properties)]
struct RunFormProps {
    room: RoomName,
    info: CommandInfo,
    on_close: Callback<()>,
}

#[component]
fn RunForm(props: &RunFormProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let command = &props.info.command;
    let values = use_state_eq(|| {
        let default = |param: &CommandParam| (param.name.to_string(), param.default.clone().unwrap_or_default());
        command.params.iter().map(default).collect::<BTreeMap<_, _>>()
    });
    let wrong = use_state_eq(|| None::<String>);
    // A second try after a lost connection starts nothing twice.
    let nonce = use_memo((*values).clone(), |_| engine.nonce());
    let onsubmit = {
        let (engine, close, wrong) = (engine.clone(), props.on_close.clone(), wrong.setter());
        let start = RunStart {
            command: Some(command.name.clone()),
            params: (*values).clone(),
            ..RunStart::new(props.room.clone(), (*nonce).clone())
        };
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let (close, wrong) = (close.clone(), wrong.clone());
            let on_answer = Callback::from(move |answer: Result<Answer, Error>| match answer {
                Ok(_) => close.emit(()),
                Err(error) => wrong.set(Some(words.why(&error))),
            });
            engine.send_with(start.clone(), on_answer);
        })
    };
    let field = |param: &CommandParam| {
        let name = param.name.to_string();
        let value = values.get(&name).cloned().unwrap_or_default();
        let oninput = {
            let values = values.clone();
            let name = name.clone();
            Callback::from(move |event: InputEvent| {
                let mut next = (*values).clone();
                next.insert(name.clone(), event.target_unchecked_into::<HtmlInputElement>().value());
                values.set(next);
            })
        };
        let hint = format!("named-{name}");
        html! {
            <label class="form__label" key={name.clone()}>{ &name }
                <input class="field" {value} {oninput} aria-describedby={hint.clone()} autocapitalize="none" autocomplete="off" spellcheck="false" data-testid={testids::COMMAND_VALUE} />
                <span id={hint} class="form__hint">
                    if !param.about.is_empty() { { one_line(&param.about) }{ " · " } }<code>{ one_line(&param.pattern) }</code>
                </span>
            </label>
        }
    };
    let host = command.host.as_deref().unwrap_or("local");
    html! {
        <form class="form" {onsubmit}>
            if !command.about.is_empty() { <p class="form__hint">{ sanitized(&command.about).into_owned() }</p> }
            { for command.params.iter().map(field) }
            <p class="form__hint">{ fill(words.runs.command_runs, &[&one_line(host)]) }{ " " }<code data-testid={testids::COMMAND_PREVIEW}>{ preview(&command.argv, &values) }</code></p>
            if command.approve { <p class="form__hint">{ words.runs.command_approved }</p> }
            <div class="form__foot">
                if let Some(wrong) = &*wrong { <p class="error" role="alert" data-testid={testids::FORM_ERROR}>{ wrong }</p> }
                <button class="button" type="button" onclick={props.on_close.reform(|_| ())} data-testid={testids::CANCEL}>{ words.cancel }</button>
                <button class="button button--primary" type="submit" disabled={!props.info.may} data-testid={testids::COMMAND_RUN}>{ words.run }</button>
            </div>
        </form>
    }
}

/// What would run. A parameter without a value keeps its name in braces.
fn preview(argv: &[String], values: &BTreeMap<String, String>) -> String {
    let word = |argument: &String| {
        let filled = |part| match part {
            Part::Text(text) => text.to_owned(),
            Part::Value(name) => match values.get(name).filter(|value| !value.is_empty()) {
                Some(value) => value.clone(),
                None => format!("{{{name}}}"),
            },
        };
        parts(argument).into_iter().map(filled).collect::<String>()
    };
    let shown = argv.iter().map(word).collect::<Vec<_>>();
    one_line(&quoted(&shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_seen_what_would_run() {
        let argv = ["./deploy", "{v}", "--to={to}", "{{v}}"].map(str::to_owned);
        let values = [("v".to_owned(), "4.2; reboot".to_owned()), ("to".to_owned(), String::new())].into();
        assert_eq!(preview(&argv, &values), "./deploy '4.2; reboot' '--to={to}' '{v}'");
    }
}
