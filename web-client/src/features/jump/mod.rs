//! The jump dialog: rooms, people and actions, and a search through messages, commands, output and files. The focus
//! stays in the field; the list marks the selected entry (the combobox pattern of WAI-ARIA).

mod destination;
mod filter;
mod hit;

use gloo_timers::callback::Timeout;
use wardroom_client_core::Error;
use wardroom_client_core::protocol::limits::QUERY_CHARS_MIN;
use wardroom_client_core::protocol::messages::{Answer, Hit, Search, SearchFound};
use wardroom_client_core::protocol::{RoomName, UserName, query};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::components::{Badge, Modal, icon};
use crate::engine::Topic;
use crate::hooks::{use_engine, use_topic, use_ui, use_words};
use crate::i18n::fill;
use crate::limits::{HITS_PAGE, SEARCH_DELAY_MS};
use crate::services::browser;
use crate::testids;
use crate::ui::UiAction;
use destination::{Destination, destinations};
use filter::{Filter, Filters};
use hit::HitItem;

#[derive(Clone, Default, PartialEq)]
struct SearchResults {
    hits: Vec<Hit>,
    next: Option<u64>,
    behind: u64,
    /// The number of hits, as it is shown.
    total: String,
    /// The server did not count all hits.
    is_more: bool,
    is_loading: bool,
    error: Option<String>,
}

#[derive(PartialEq, Properties)]
pub struct JumpProps {
    pub room: RoomName,
    /// The initial text.
    pub text: String,
    pub on_close: Callback<()>,
}

#[component]
pub fn Jump(props: &JumpProps) -> Html {
    const LIST_ID: &str = "jump-list";
    let words = use_words();
    let engine = use_topic(Topic::Model(wardroom_client_core::Change::Rooms));
    let ui = use_ui();
    let on_close = props.on_close.clone();
    let text = use_state_eq(|| props.text.clone());
    let filter = use_state_eq(Filter::default);
    let chosen = use_state_eq(|| 0_usize);
    let (results, more) = use_search(&text, &filter, &props.room);
    use_effect_with(engine.clone(), |engine| engine.load_all_users());
    let list = use_node_ref();
    let destinations: Vec<Destination> = destinations(&engine, &props.room, &text, words);
    let count = destinations.len() + results.hits.len();
    let at = (*chosen).min(count.saturating_sub(1));
    let go = {
        let (engine, ui, room, destinations, hits) =
            (engine.clone(), ui.clone(), props.room.clone(), destinations.clone(), results.hits.clone());
        let close = on_close.clone();
        Callback::from(move |at: usize| {
            close.emit(());
            match destinations.get(at) {
                Some(destination) => destination.go(&engine, &ui, &room),
                None => {
                    if let Some(hit) = hits.get(at - destinations.len()) {
                        ui.dispatch(UiAction::JumpToLine(hit.room.clone(), hit.seq, hit.off));
                    }
                }
            }
        })
    };
    let oninput = {
        let (set, chosen) = (text.setter(), chosen.setter());
        Callback::from(move |event: InputEvent| {
            set.set(event.target_unchecked_into::<HtmlInputElement>().value());
            chosen.set(0);
        })
    };
    let onkeydown = {
        let (chosen, go) = (chosen.setter(), go.clone());
        Callback::from(move |event: KeyboardEvent| {
            if browser::is_composing(&event) || count == 0 {
                return;
            }
            match event.key().as_str() {
                "ArrowDown" => chosen.set((at + 1) % count),
                "ArrowUp" => chosen.set((at + count - 1) % count),
                "Enter" => go.emit(at),
                _ => return,
            }
            event.prevent_default();
        })
    };
    use_effect_with(at, {
        let list = list.clone();
        move |_| {
            let chosen = list
                .cast::<web_sys::Element>()
                .and_then(|list| list.query_selector("[aria-selected=true]").ok().flatten());
            if let Some(chosen) = chosen {
                let options = web_sys::ScrollIntoViewOptions::new();
                options.set_block(web_sys::ScrollLogicalPosition::Nearest);
                chosen.scroll_into_view_with_scroll_into_view_options(&options);
            }
        }
    });
    let take = |nth: usize| {
        let go = go.clone();
        Callback::from(move |_: MouseEvent| go.emit(nth))
    };
    let destination = |(nth, destination): (usize, &Destination)| {
        html! {
            <div key={destination.key()} id={format!("{LIST_ID}-{nth}")} role="option" aria-selected={(nth == at).to_string()} class="jump__item" onclick={take(nth)}
                data-testid={testids::JUMP_DESTINATION} data-key={destination.key()}>
                <span class="jump__icon" aria-hidden="true">{ icon(destination.icon()) }</span>
                <span class="jump__name">{ destination.name() }</span><span class="jump__detail">{ destination.more() }</span><Badge unread={destination.unread()} />
            </div>
        }
    };
    let is_more = results.is_more;
    let hit = |(nth, hit): (usize, &Hit)| {
        let nth = nth + destinations.len();
        html! {
            <div key={format!("{}/{}/{}", hit.room, hit.seq, hit.off.unwrap_or(0))} id={format!("{LIST_ID}-{nth}")} role="option" aria-selected={(nth == at).to_string()}
                class="jump__item jump__item--hit" onclick={take(nth)} data-testid={testids::SEARCH_HIT} data-seq={hit.seq.to_string()}>
                <HitItem hit={hit.clone()} is_more={is_more} />
            </div>
        }
    };
    let is_searching = text.trim().chars().count() >= QUERY_CHARS_MIN;
    html! {
        <Modal title={words.jump_head} {on_close} is_bare=true class={classes!("modal--jump")}>
            <input class="jump__field" value={(*text).clone()} {oninput} {onkeydown} role="combobox" aria-expanded="true" aria-controls={LIST_ID} aria-autocomplete="list"
                aria-activedescendant={(count > 0).then(|| format!("{LIST_ID}-{at}"))} aria-label={words.jump_head} placeholder={words.jump_placeholder} autofocus=true
                autocomplete="off" spellcheck="false" data-testid={testids::JUMP_FIELD} />
            if is_searching { <Filters filter={filter.clone()} /> }
            <div class="jump__list" id={LIST_ID} role="listbox" aria-label={words.jump_head} ref={list} tabindex="-1">
                { for destinations.iter().enumerate().map(destination) }
                { for results.hits.iter().enumerate().map(hit) }
            </div>
            <div class="jump__foot" role="status">{ status(&results, is_searching, words) }
                if results.next.is_some() { <button class="text-button" onclick={more.reform(|_| ())} data-testid={testids::SEARCH_MORE}>{ words.hits_more }</button> }
            </div>
        </Modal>
    }
}

fn status(results: &SearchResults, is_searching: bool, words: &crate::i18n::Words) -> String {
    let mut status = match (&results.error, is_searching, results.is_loading) {
        (Some(error), _, _) => error.clone(),
        (None, false, _) => words.jump_hint.to_owned(),
        (None, true, true) => words.searching.to_owned(),
        (None, true, false) if results.hits.is_empty() => words.hits_none.to_owned(),
        (None, true, false) => fill(words.hits_count, &[&results.total]),
    };
    if results.behind > 0 && is_searching {
        status.push(' ');
        status.push_str(&fill(words.hits_behind, &[&results.behind.to_string()]));
    }
    status
}

/// Searches a moment after the last key. Answers to earlier searches are ignored.
#[hook]
fn use_search(text: &str, filter: &Filter, room: &RoomName) -> (UseStateHandle<SearchResults>, Callback<()>) {
    let (engine, words) = (use_engine(), use_words());
    let results = use_state_eq(SearchResults::default);
    let timer = use_mut_ref(|| None::<Timeout>);
    let latest = use_mut_ref(|| 0_u64);
    let ask = {
        let (engine, results, latest) = (engine.clone(), results.setter(), latest.clone());
        let (q, filter, room) = (text.trim().to_owned(), filter.clone(), room.clone());
        Callback::from(move |(before, had, had_total): (Option<u64>, Vec<Hit>, Option<String>)| {
            *latest.borrow_mut() += 1;
            let number = *latest.borrow();
            let (results, latest) = (results.clone(), latest.clone());
            // Filters in the text take precedence over the fields.
            let written = match query::read(&q, browser::day_begins) {
                Ok(written) => written,
                Err(error) => return results.set(SearchResults { error: Some(error), ..SearchResults::default() }),
            };
            let search = Search {
                room: written.room.or_else(|| filter.here.then(|| room.clone())),
                by: written.by.or_else(|| UserName::parse(filter.by.trim().trim_start_matches('@')).ok()),
                kind: written.kind.or(filter.kind),
                since: written.since.or_else(|| filter.since_ms()),
                until: written.until.or_else(|| filter.until_ms()),
                before,
                limit: Some(HITS_PAGE),
                ..written
            };
            let on_answer = Callback::from(move |answer: Result<Answer, Error>| {
                if *latest.borrow() != number {
                    return;
                }
                let told = answer
                    .and_then(|answer| answer.fields::<SearchFound>().map_err(|bad| Error::local(bad.to_string())));
                results.set(match told {
                    Ok(told) => {
                        // The first page counts the hits of all pages.
                        let total = had_total.clone().unwrap_or_else(|| told.total_shown());
                        let mut hits = had.clone();
                        hits.extend(told.hits);
                        let (next, behind, is_more) = (told.next, told.behind, told.more);
                        SearchResults { hits, next, behind, total, is_more, is_loading: false, error: None }
                    }
                    Err(error) => SearchResults { error: Some(words.why(&error)), ..SearchResults::default() },
                });
            });
            engine.request(search, on_answer);
        })
    };
    use_effect_with((text.trim().to_owned(), filter.clone()), {
        let (results, ask, timer, latest) = (results.clone(), ask.clone(), timer.clone(), latest.clone());
        move |(q, _): &(String, Filter)| {
            *latest.borrow_mut() += 1;
            if q.chars().count() < QUERY_CHARS_MIN {
                *timer.borrow_mut() = None;
                results.set(SearchResults::default());
                return;
            }
            results.set(SearchResults { is_loading: true, ..(*results).clone() });
            *timer.borrow_mut() = Some(Timeout::new(SEARCH_DELAY_MS, move || ask.emit((None, Vec::new(), None))));
        }
    });
    let more = {
        let (results, ask) = (results.clone(), ask);
        Callback::from(move |()| ask.emit((results.next, results.hits.clone(), Some(results.total.clone()))))
    };
    (results, more)
}
