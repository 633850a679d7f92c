//! The hint below the text: a command's arguments, an error, or what can be typed.

use wardroom_client_core::protocol::messages::CommandInfo;
use yew::prelude::*;

use crate::features::named::arguments;
use crate::i18n::{Lang, Words, fill};
use crate::logic::complete::command_of;
use crate::logic::intent::{Intent, intent, is_command, unknown_command};
use crate::text::sanitize::one_line;

pub fn hint(text: &str, room: &str, may_run: bool, named: &[CommandInfo], lang: Lang, words: &Words) -> Html {
    let is_meant = |info: &&CommandInfo| text.split_whitespace().next() == Some(&format!("/{}", info.command.name));
    if let Some(info) = named.iter().find(is_meant) {
        let usage = format!("/{} {}", info.command.name, arguments(info));
        return html! {
            <span class="composer__usage"><code>{ usage }</code>{ " " }{ one_line(&info.command.about) }</span>
        };
    }
    if let Some(entry) = command_of(text) {
        return html! {
            <span class="composer__usage"><code>{ format!("/{} {}", entry.name, entry.arguments) }</code>{ " " }{ lang.about(entry) }</span>
        };
    }
    match intent(text) {
        Intent::TooLong => {
            html! { <span class="composer__hint--run" role="status">{ words.too_long }</span> }
        }
        Intent::Invalid(why) => match unknown_command(text) {
            Some(None) => html! {},
            Some(Some(name)) => {
                let says = fill(words.unknown_command, &[&name]);
                html! { <span class="composer__hint--error" role="alert">{ says }</span> }
            }
            None if text.contains(' ') => html! { <span class="composer__hint--error" role="alert">{ why }</span> },
            None => html! {},
        },
        _ if is_command(text) && may_run => {
            html! { <span class="composer__hint--run">{ fill(words.hint_running, &[room]) }</span> }
        }
        _ if is_command(text) => {
            html! { <span class="composer__hint--error" role="alert">{ words.hint_no_run }</span> }
        }
        _ => html! {
            <>
                <span class="composer__key"><span class="kbd">{ "/" }</span>{ format!(" {}", words.hint_commands) }</span>
                if may_run {
                    <span class="composer__key"><span class="kbd">{ "$" }</span>{ format!(" {}", words.hint_run) }</span>
                }
                <span class="composer__key"><span class="kbd">{ "@" }</span>{ format!(" {}", words.hint_people) }</span>
                <span class="composer__key"><span class="kbd">{ "⇧↵" }</span>{ format!(" {}", words.hint_newline) }</span>
                <span class="composer__key">{ words.hint_drop }</span>
            </>
        },
    }
}
