//! The suggestions above the composer. The focus stays in the text field; the list marks the selected entry (the
//! listbox pattern of WAI-ARIA).

use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::protocol::messages::CommandInfo;
use yew::prelude::*;

use crate::engine::Engine;
use crate::features::named::arguments;
use crate::hooks::{use_prefs, use_words};
use crate::i18n::Lang;
use crate::limits::SUGGESTIONS_MAX;
use crate::logic::complete::{Begun, Kind, commands, fits};
use crate::testids;
use crate::text::emoji;
use crate::text::sanitize::one_line;

/// The id of the list; entries add their index.
pub const LIST_ID: &str = "suggestions";

/// A suggestion.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// The text that it inserts.
    pub with: String,
    /// Shown first.
    pub name: String,
    /// Shown beside it.
    pub more: String,
    /// A description.
    pub about: String,
}

/// The suggestions for a partial word. `named` are the commands of the room.
pub fn suggestions(
    engine: &Engine,
    room: &RoomName,
    begun: &Begun<'_>,
    named: &[CommandInfo],
    lang: Lang,
) -> Vec<Suggestion> {
    let made = |with: String, name: String, more: String, about: String| Suggestion { with, name, more, about };
    match begun.kind {
        Kind::Command => {
            let named = named.iter().filter(|info| info.may && info.command.name.as_str().starts_with(begun.part));
            let named = named.map(|info| {
                let name = format!("/{}", info.command.name);
                made(name.clone(), name, arguments(info), one_line(&info.command.about))
            });
            let builtin = commands(begun.part).map(|entry| {
                let name = format!("/{}", entry.name);
                made(name.clone(), name, entry.arguments.to_owned(), lang.about(entry).to_owned())
            });
            named.chain(builtin).collect()
        }
        Kind::Emoji => emoji::search_names(begun.part, SUGGESTIONS_MAX)
            .into_iter()
            .map(|(name, emoji)| made(emoji.to_owned(), emoji.to_owned(), format!(":{name}:"), String::new()))
            .collect(),
        Kind::Room => engine.read(|client| {
            let rooms = client.rooms().values().filter(|room| room.info.dm.is_empty());
            let fitting =
                rooms.filter(|room| fits(room.info.room.as_str(), begun.part) || fits(&room.info.title, begun.part));
            fitting
                .take(SUGGESTIONS_MAX)
                .map(|room| {
                    made(
                        format!("#{}", room.info.room),
                        format!("#{}", room.info.room),
                        room.info.title.clone(),
                        String::new(),
                    )
                })
                .collect()
        }),
        Kind::Person => engine.read(|client| {
            let people = client.rooms().get(room).and_then(|room| room.people.clone()).unwrap_or_default();
            let fitting =
                people.iter().filter(|member| fits(member.user.as_str(), begun.part) || fits(&member.name, begun.part));
            let mut list: Vec<Suggestion> = fitting
                .take(SUGGESTIONS_MAX)
                .map(|member| {
                    let sign = if member.here { "●" } else { "○" };
                    made(
                        format!("@{}", member.user),
                        format!("{sign} {}", member.name),
                        format!("@{}", member.user),
                        String::new(),
                    )
                })
                .collect();
            if "here".starts_with(begun.part) {
                list.push(made(
                    "@here".to_owned(),
                    "@here".to_owned(),
                    lang.words().here_about.to_owned(),
                    String::new(),
                ));
            }
            list
        }),
    }
}

#[derive(PartialEq, Properties)]
pub struct SuggestListProps {
    pub list: Vec<Suggestion>,
    pub selected: usize,
    pub on_take: Callback<usize>,
}

#[component]
pub fn SuggestList(props: &SuggestListProps) -> Html {
    let words = use_words();
    let _ = use_prefs();
    let list = use_node_ref();
    use_effect_with((props.selected, props.list.len()), {
        let list = list.clone();
        move |(selected, _)| {
            let child = list.cast::<web_sys::Element>().and_then(|list| list.children().item(*selected as u32));
            if let Some(child) = child {
                let options = web_sys::ScrollIntoViewOptions::new();
                options.set_block(web_sys::ScrollLogicalPosition::Nearest);
                child.scroll_into_view_with_scroll_into_view_options(&options);
            }
        }
    });
    let item = |(at, entry): (usize, &Suggestion)| {
        let take = {
            let on_take = props.on_take.clone();
            // Before the text field loses the focus.
            Callback::from(move |event: PointerEvent| {
                event.prevent_default();
                on_take.emit(at);
            })
        };
        html! {
            <div key={entry.with.clone()} id={format!("{LIST_ID}-{at}")} role="option" aria-selected={(at == props.selected).to_string()} class="suggestions__item"
                onpointerdown={take} data-testid={testids::SUGGESTION}>
                <span class="suggestions__name">{ &entry.name }</span>
                <span class="suggestions__arguments">{ &entry.more }</span>
                <span class="suggestions__about">{ &entry.about }</span>
            </div>
        }
    };
    html! {
        <div class="suggestions" id={LIST_ID} role="listbox" tabindex="0" aria-label={words.suggestions} ref={list} data-testid={testids::SUGGESTIONS}>
            { for props.list.iter().enumerate().map(item) }
        </div>
    }
}
