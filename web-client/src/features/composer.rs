//! Where one writes: words, or a command after `$ `. What is unsent is kept per room over a reload.

use wardroom_client_core::Change;
use wardroom_client_core::Command;
use wardroom_client_core::protocol::{Role, RoomName};
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, HtmlTextAreaElement};
use yew::prelude::*;

use super::notices::Notices;
use crate::app::{Engine, Topic};
use crate::components::FileButton;
use crate::hooks::{use_topic, use_words};
use crate::i18n::{Words, fill};
use crate::logic::intent::{Intent, intent, is_command};
use crate::services::{browser, storage};
use crate::testids;

const COMPOSER_ID: &str = "composer";

#[derive(PartialEq, Properties)]
pub struct BelowProps {
    pub room: RoomName,
}

/// What stands below the timeline: notices, and the composer or the reason why there is none.
#[component]
pub fn Below(props: &BelowProps) -> Html {
    let words = use_words();
    use_topic(Topic::Model(Change::Link));
    use_topic(Topic::Model(Change::Rooms));
    let engine = use_topic(Topic::Model(Change::Room(props.room.clone())));
    let role = engine.read(|client| client.you().map(|you| you.role));
    let room = engine.read(|client| client.rooms().get(&props.room).cloned());
    let must_join = room.is_some_and(|room| !room.info.joined && room.info.head > 0);
    let join = {
        let (engine, room) = (engine.clone(), props.room.clone());
        Callback::from(move |_| engine.command(Command::JoinRoom { room: room.clone() }))
    };
    html! {
        <div class="below">
            <Notices />
            if role == Some(Role::Viewer) {
                <p class="compose__read-only">{ words.read_only }</p>
            } else if must_join {
                <p class="compose__read-only">{ fill(words.you_are_not_in, &[props.room.as_str()]) }{ " " }
                    <button class="tool tool--main" onclick={join} data-testid={testids::ROOM_JOIN}>{ words.join }</button></p>
            } else {
                <Composer key={props.room.as_str()} room={props.room.clone()} may_run={role >= Some(Role::Operator)} />
            }
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct ComposerProps {
    room: RoomName,
    may_run: bool,
}

#[component]
fn Composer(props: &ComposerProps) -> Html {
    let words = use_words();
    let engine = crate::hooks::use_engine();
    let area = use_node_ref();
    let key = storage::key_of(engine.user(), &format!("draft.{}", props.room));
    let text = use_state_eq({
        let key = key.clone();
        move || storage::read(&key).unwrap_or_default()
    });
    use_effect_with((), {
        let (area, text) = (area.clone(), text.clone());
        move |()| {
            if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                area.set_value(&text);
                fit(&area);
                // On a phone the keyboard would cover the room that one has just opened.
                if browser::window().inner_width().ok().and_then(|w| w.as_f64()).unwrap_or(0.0) > 700.0 {
                    let _ = area.focus();
                }
            }
        }
    });
    let oninput = {
        let (area, set, key) = (area.clone(), text.setter(), key.clone());
        Callback::from(move |_: InputEvent| {
            let Some(area) = area.cast::<HtmlTextAreaElement>() else { return };
            fit(&area);
            storage::write(&key, Some(area.value().as_str()).filter(|text| !text.is_empty()));
            set.set(area.value());
        })
    };
    let send = {
        let (area, set, engine, room, may_run) =
            (area.clone(), text.setter(), engine.clone(), props.room.clone(), props.may_run);
        Callback::from(move |()| {
            let Some(area) = area.cast::<HtmlTextAreaElement>() else { return };
            if carry_out(&engine, &room, intent(&area.value()), may_run) {
                area.set_value("");
                fit(&area);
                storage::write(&key, None);
                set.set(String::new());
            }
            let _ = area.focus();
        })
    };
    let onkeydown = {
        let send = send.clone();
        Callback::from(move |event: KeyboardEvent| {
            // While an input method composes, Enter chooses a word.
            if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
                event.prevent_default();
                send.emit(());
            }
        })
    };
    let is_run = is_command(&text);
    let label = if is_run { words.run_in.to_owned() } else { fill(words.message_to, &[props.room.as_str()]) };
    html! {
        <div class="compose"><div class="compose__box">
            <textarea class={classes!("compose__text", is_run.then_some("compose__text--run"))} id={COMPOSER_ID} ref={area} rows="1"
                placeholder={label.clone()} aria-label={label} enterkeyhint="send" autocapitalize={is_run.then_some("none")} spellcheck={(!is_run).to_string()}
                aria-describedby="composer-hint" {oninput} {onkeydown} data-testid={testids::COMPOSER} />
            <div class="compose__row">
                <span id="composer-hint" class="compose__hint">{ hint(&text, &props.room, props.may_run, words) }</span>
                <span class="compose__acts">
                    <FileButton room={props.room.clone()} words={words.add_files} is_main=true />
                    <button class="tool compose__send" onclick={send.reform(|_| ())} data-testid={testids::SEND}>
                        { if is_run { words.run_it } else { words.send } }{ " " }<span class="kbd" aria-hidden="true">{ "↵" }</span>
                    </button>
                </span>
            </div>
        </div></div>
    }
}

/// `false` where nothing was done, and the text has to stay.
fn carry_out(engine: &Engine, room: &RoomName, intent: Intent, may_run: bool) -> bool {
    match intent {
        Intent::Nothing | Intent::TooLong(_) => return false,
        Intent::Run(_) if !may_run => return false,
        Intent::Say(text) => engine.post(room, text),
        Intent::Run(cmd) => engine.run(room, cmd, None),
    }
    true
}

fn hint(text: &str, room: &RoomName, may_run: bool, words: &Words) -> Html {
    match intent(text) {
        Intent::TooLong(over) => {
            html! { <span class="compose__hint--bad" role="alert">{ fill(words.too_long, &[&over.to_string()]) }</span> }
        }
        _ if is_command(text) && may_run => {
            html! { <span class="compose__hint--run">{ fill(words.hint_running, &[room.as_str()]) }</span> }
        }
        _ if is_command(text) => {
            html! { <span class="compose__hint--bad" role="alert">{ words.hint_not_operator }</span> }
        }
        _ => html! {
            <>
                if may_run {
                    <span class="compose__key"><span class="kbd">{ "$" }</span>{ format!(" {}", words.hint_run) }</span>
                }
                <span class="compose__key"><span class="kbd">{ "⇧↵" }</span>{ format!(" {}", words.hint_newline) }</span>
                <span class="compose__key">{ words.hint_drop }</span>
            </>
        },
    }
}

/// As high as its text, up to what the style sheet allows. To be measured it is made small for a moment; the box
/// around it is held meanwhile, or the timeline would grow for that moment, and be scrolled.
fn fit(area: &HtmlTextAreaElement) {
    let style = area.unchecked_ref::<HtmlElement>().style();
    let around = area.parent_element().and_then(|around| around.dyn_into::<HtmlElement>().ok());
    if let Some(around) = &around {
        let _ = around.style().set_property("height", &format!("{}px", around.offset_height()));
    }
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", area.scroll_height()));
    if let Some(around) = &around {
        let _ = around.style().remove_property("height");
    }
}

/// Goes to where one writes.
pub fn focus_composer() {
    let element = browser::document().get_element_by_id(COMPOSER_ID);
    if let Some(Ok(area)) = element.map(|element| element.dyn_into::<HtmlElement>()) {
        let _ = area.focus();
    }
}

/// Writes an example into the composer, for a person to send or to change.
pub fn fill_composer(text: &str) {
    let Some(element) = browser::document().get_element_by_id(COMPOSER_ID) else { return };
    let Ok(area) = element.dyn_into::<HtmlTextAreaElement>() else { return };
    area.set_value(text);
    let _ = area.focus();
    // The composer hears of it as of anything that is typed.
    let options = web_sys::EventInit::new();
    options.set_bubbles(true);
    if let Ok(event) = Event::new_with_event_init_dict("input", &options) {
        let _ = area.dispatch_event(&event);
    }
}
