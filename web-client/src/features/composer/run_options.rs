//! The options of a command, below the text that starts it.

use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::protocol::messages::Right;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::features::hosts::use_hosts;
use crate::features::rights::use_rights;
use crate::hooks::use_words;
use crate::logic::run_options::RunOptions;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct RunOptionsRowProps {
    pub room: RoomName,
    /// The host unless the options name one.
    pub run_host: String,
    pub options: RunOptions,
    pub on_change: Callback<RunOptions>,
    /// Starts a shell in a terminal.
    pub on_terminal: Callback<()>,
}

#[component]
pub fn RunOptionsRow(props: &RunOptionsRowProps) -> Html {
    let words = use_words();
    let rights = use_rights(&props.room);
    let hosts = use_hosts(false);
    let hosts: Vec<_> = hosts.iter().filter(|info| rights.allows(Right::Run, Some(&info.host))).collect();
    let options = &props.options;
    let change = |set: fn(&mut RunOptions, bool)| {
        let (options, on_change) = (options.clone(), props.on_change.clone());
        Callback::from(move |event: Event| {
            let mut next = options.clone();
            set(&mut next, event.target_unchecked_into::<HtmlInputElement>().checked());
            on_change.emit(next);
        })
    };
    let choose = {
        let (options, on_change) = (options.clone(), props.on_change.clone());
        Callback::from(move |event: Event| {
            let name = event.target_unchecked_into::<HtmlSelectElement>().value();
            on_change.emit(RunOptions { host: Some(name), ..options.clone() });
        })
    };
    let item = |checked: bool, disabled: bool, label: &'static str, hint: &'static str, testid, set| {
        html! {
            <label class="run-options__item" title={hint}>
                <input type="checkbox" {checked} {disabled} onchange={change(set)} data-testid={testid} />{ label }
            </label>
        }
    };
    let chosen = options.host.as_deref().unwrap_or(&props.run_host);
    let is_only = hosts.iter().all(|info| info.host == "local");
    html! {
        <div class="run-options" role="group" aria-label={words.runs.run_options}>
            { item(options.tty, false, words.runs.run_tty, words.runs.run_tty_hint, testids::RUN_TTY, |how, on| how.tty = on) }
            { item(options.stdin && !options.tty, options.tty, words.runs.run_stdin, words.runs.run_stdin_hint, testids::RUN_STDIN, |how, on| how.stdin = on) }
            { item(options.merge && !options.tty, options.tty, words.runs.run_merge, words.runs.run_merge_hint, testids::RUN_MERGE, |how, on| how.merge = on) }
            { item(options.detach, false, words.runs.run_detach, words.runs.run_detach_hint, testids::RUN_DETACH, |how, on| how.detach = on) }
            if !is_only {
                <label class="run-options__item">{ words.runs.run_host }
                    <select class="field" onchange={choose} data-testid={testids::RUN_HOST}>
                        { for hosts.iter().map(|host| html! {
                            <option key={host.host.clone()} value={host.host.clone()} selected={host.host == chosen} disabled={!host.connected}>{ &host.host }</option>
                        }) }
                    </select>
                </label>
            }
            <button class="text-button" type="button" onclick={props.on_terminal.reform(|_: MouseEvent| ())} data-testid={testids::TERMINAL_NEW}>{ words.runs.terminal_new }</button>
        </div>
    }
}
