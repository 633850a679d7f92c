//! The form that defines a named command. Its parameters appear as their names are written in braces.

use std::collections::BTreeMap;

use wardroom_client_core::Error;
use wardroom_client_core::protocol::messages::{Answer, CommandAdd, CommandInfo, CommandParam, CommandSpec, Level};
use wardroom_client_core::protocol::{CommandName, RoomName, template};
use web_sys::{HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::features::hosts::use_hosts;
use crate::hooks::{use_engine, use_words};
use crate::testids;

/// What a parameter matches until its owner says otherwise: one word.
const PATTERN_AT_FIRST: &str = "[A-Za-z0-9._-]+";

#[derive(PartialEq, Properties)]
pub struct DefinitionProps {
    pub room: RoomName,
    /// The command that is changed.
    pub info: Option<CommandInfo>,
    pub on_close: Callback<()>,
}

/// The typed values.
#[derive(Clone, Default, PartialEq)]
struct Draft {
    name: String,
    about: String,
    /// The program and its arguments, one per line.
    argv: String,
    host: String,
    cwd: String,
    /// Of all names that were ever in braces: the pattern, the description and the default.
    params: BTreeMap<String, [String; 3]>,
    allow: Level,
    approve: bool,
}

impl Draft {
    fn of(spec: &CommandSpec) -> Draft {
        let param = |param: &CommandParam| {
            let values = [param.pattern.clone(), param.about.clone(), param.default.clone().unwrap_or_default()];
            (param.name.to_string(), values)
        };
        Draft {
            name: spec.name.to_string(),
            about: spec.about.clone(),
            argv: spec.argv.join("\n"),
            host: spec.host.clone().unwrap_or_default(),
            cwd: spec.cwd.clone().unwrap_or_default(),
            params: spec.params.iter().map(param).collect(),
            allow: spec.allow,
            approve: spec.approve,
        }
    }

    fn argv(&self) -> Vec<String> {
        self.argv.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// The parameters that the arguments name, in their order.
    fn params(&self) -> Vec<(String, [String; 3])> {
        let values = |name: &str| {
            self.params
                .get(name)
                .cloned()
                .unwrap_or_else(|| [PATTERN_AT_FIRST.to_owned(), String::new(), String::new()])
        };
        template::names(&self.argv()).into_iter().map(|name| (name.to_owned(), values(name))).collect()
    }

    /// The definition; `None` if the name is invalid. What the form does not show stays as it was.
    fn spec(&self, before: Option<&CommandSpec>) -> Option<CommandSpec> {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let param = |(name, [pattern, about, default]): (String, [String; 3])| {
            let name = CommandName::parse(&name).ok()?;
            Some(CommandParam { name, pattern, about, default: Some(default).filter(|text| !text.is_empty()) })
        };
        Some(CommandSpec {
            name: CommandName::parse(self.name.trim().trim_start_matches('/')).ok()?,
            about: self.about.trim().to_owned(),
            argv: self.argv(),
            host: some(&self.host).filter(|host| host != "local"),
            cwd: some(&self.cwd),
            env: before.map(|spec| spec.env.clone()).unwrap_or_default(),
            timeout_s: before.and_then(|spec| spec.timeout_s),
            sandbox: before.map(|spec| spec.sandbox.clone()).unwrap_or_default(),
            params: self.params().into_iter().filter_map(param).collect(),
            allow: self.allow,
            approve: self.approve,
        })
    }
}

/// Puts a typed text into the draft.
type Write = Box<dyn Fn(&mut Draft, String)>;

#[component]
pub fn Definition(props: &DefinitionProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let hosts = use_hosts(false);
    let draft = use_state_eq(|| props.info.as_ref().map(|info| Draft::of(&info.command)).unwrap_or_default());
    let wrong = use_state_eq(|| None::<String>);
    let onsubmit = {
        let (engine, draft, wrong) = (engine.clone(), (*draft).clone(), wrong.setter());
        let (room, info, close) = (props.room.clone(), props.info.clone(), props.on_close.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(command) = draft.spec(info.as_ref().map(|info| &info.command)) else {
                return wrong.set(Some(words.settings.command_name_rule.to_owned()));
            };
            // Another owner may have changed it meanwhile: their version is not overwritten.
            let replaces = info.as_ref().map(|info| info.version);
            let (close, wrong) = (close.clone(), wrong.clone());
            let on_answer = Callback::from(move |answer: Result<Answer, Error>| match answer {
                Ok(_) => close.emit(()),
                Err(error) => wrong.set(Some(words.why(&error))),
            });
            engine.send_with(CommandAdd { room: room.clone(), command, replaces }, on_answer);
        })
    };
    let change = |write: Write| {
        let (draft, wrong) = (draft.clone(), wrong.setter());
        Callback::from(move |event: InputEvent| {
            wrong.set(None);
            let mut next = (*draft).clone();
            write(&mut next, event.target_unchecked_into::<HtmlInputElement>().value());
            draft.set(next);
        })
    };
    let field = |label: &'static str, value: &str, testid: &'static str, write: fn(&mut Draft, String)| {
        html! {
            <label class="form__label">{ label }
                <input class="field" value={value.to_owned()} oninput={change(Box::new(write))} autocapitalize="none" autocomplete="off" spellcheck="false" data-testid={testid} />
            </label>
        }
    };
    let labels = [words.settings.command_pattern, words.settings.command_about, words.settings.command_default];
    let param = |(name, values): (String, [String; 3])| {
        let input = |(nth, (label, value)): (usize, (&'static str, String))| {
            let (name, all) = (name.clone(), values.clone());
            let write = move |draft: &mut Draft, text: String| {
                let entry = draft.params.entry(name.clone()).or_insert_with(|| all.clone());
                if let Some(value) = entry.get_mut(nth) {
                    *value = text;
                }
            };
            html! {
                <label key={nth} class="form__label">{ label }
                    <input class="field" {value} oninput={change(Box::new(write))} autocapitalize="none" autocomplete="off" spellcheck="false" data-testid={testids::COMMAND_PARAM} />
                </label>
            }
        };
        html! {
            <fieldset key={name.clone()} class="form__group">
                <legend><code>{ format!("{{{name}}}") }</code></legend>
                <div class="form__row">{ for labels.into_iter().zip(values.clone()).enumerate().map(input) }</div>
            </fieldset>
        }
    };
    let on_argv = {
        let draft = draft.clone();
        Callback::from(move |event: InputEvent| {
            let argv = event.target_unchecked_into::<HtmlTextAreaElement>().value();
            draft.set(Draft { argv, ..(*draft).clone() });
        })
    };
    let on_host = {
        let draft = draft.clone();
        Callback::from(move |event: Event| {
            let host = event.target_unchecked_into::<HtmlSelectElement>().value();
            draft.set(Draft { host, ..(*draft).clone() });
        })
    };
    let on_allow = {
        let draft = draft.clone();
        Callback::from(move |event: Event| {
            let allow = event.target_unchecked_into::<HtmlSelectElement>().value().parse().unwrap_or_default();
            draft.set(Draft { allow, ..(*draft).clone() });
        })
    };
    let on_approve = {
        let draft = draft.clone();
        Callback::from(move |event: Event| {
            let approve = event.target_unchecked_into::<HtmlInputElement>().checked();
            draft.set(Draft { approve, ..(*draft).clone() });
        })
    };
    let levels = [
        (Level::Member, words.settings.allow_members),
        (Level::Operator, words.settings.allow_operators),
        (Level::Owner, words.settings.allow_owners),
    ];
    // The form also keeps a host that is not listed now.
    let mut names: Vec<String> = hosts.iter().map(|info| info.host.clone()).collect();
    let chosen = if draft.host.is_empty() { "local" } else { &draft.host };
    if !names.iter().any(|name| name == chosen) {
        names.push(chosen.to_owned());
    }
    html! {
        <form class="form" {onsubmit}>
            if props.info.is_none() { { field(words.settings.command_name, &draft.name, testids::COMMAND_NAME, |draft, text| draft.name = text) } }
            { field(words.settings.command_about, &draft.about, testids::COMMAND_ABOUT, |draft, text| draft.about = text) }
            <label class="form__label">{ words.settings.command_argv }
                <textarea class="field field--code" rows="4" value={draft.argv.clone()} oninput={on_argv} aria-describedby="command-argv-hint" autocapitalize="none" spellcheck="false" data-testid={testids::COMMAND_ARGV} />
                <span id="command-argv-hint" class="form__hint">{ words.settings.command_argv_hint }</span>
            </label>
            <div class="form__params">{ for draft.params().into_iter().map(param) }</div>
            <div class="form__row">
                <label class="form__label">{ words.runs.run_host }
                    <select class="field" onchange={on_host} data-testid={testids::COMMAND_HOST}>
                        { for names.iter().map(|name| html! { <option key={name.clone()} value={name.clone()} selected={name == chosen}>{ name }</option> }) }
                    </select>
                </label>
                { field(words.settings.command_cwd, &draft.cwd, testids::COMMAND_CWD, |draft, text| draft.cwd = text) }
                <label class="form__label">{ words.settings.command_allow }
                    <select class="field" onchange={on_allow} data-testid={testids::COMMAND_ALLOW}>
                        { for levels.iter().map(|(level, label)| html! { <option key={level.as_str()} value={level.as_str()} selected={*level == draft.allow}>{ *label }</option> }) }
                    </select>
                </label>
            </div>
            <label class="form__check"><input type="checkbox" checked={draft.approve} onchange={on_approve} data-testid={testids::COMMAND_APPROVE} /><span>{ words.settings.command_approve }</span></label>
            <div class="form__foot">
                if let Some(wrong) = &*wrong { <p class="error" role="alert" data-testid={testids::FORM_ERROR}>{ wrong }</p> }
                <button class="button" type="button" onclick={props.on_close.reform(|_| ())} data-testid={testids::CANCEL}>{ words.cancel }</button>
                <button class="button button--primary" type="submit" data-testid={testids::SAVE}>{ words.save }</button>
            </div>
        </form>
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_definition_survives_the_form() {
        let json = r#"{"name":"deploy","about":"releases","argv":["./deploy","{v}","--to={to}"],"host":"web1","cwd":"/srv",
            "env":{"CI":"1"},"timeout_s":600,"params":[{"name":"v","pattern":"[0-9.]+"},
            {"name":"to","pattern":"prod|test","about":"where","default":"test"}],"allow":"member","approve":true}"#;
        let spec: CommandSpec = serde_json::from_str(json).unwrap();
        assert_eq!(Draft::of(&spec).spec(Some(&spec)), Some(spec));
    }

    #[test]
    fn parameters_come_and_go_with_their_names() {
        let mut draft = Draft { name: "/deploy".to_owned(), argv: "./deploy\n{v}\n".to_owned(), ..Draft::default() };
        draft.params.insert("v".to_owned(), ["[0-9]+".to_owned(), String::new(), String::new()]);
        draft.params.insert("gone".to_owned(), Default::default());
        let spec = draft.spec(None).unwrap();
        assert_eq!((spec.name.as_str(), spec.argv.len(), spec.params.len()), ("deploy", 2, 1));
        assert_eq!(spec.params.first().unwrap().pattern, "[0-9]+");
        draft.name = "De ploy".to_owned();
        assert_eq!(draft.spec(None), None);
    }
}
