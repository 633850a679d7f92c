//! The view of the composer: a text field and what stands around it. What is written and what keys do is
//! [`crate::logic::composer`]; this file says what was typed, and carries out what it decides.

use std::rc::Rc;

use wardroom_client_core::Command;
use wardroom_client_core::protocol::RoomName;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, HtmlElement, HtmlTextAreaElement, StorageEvent};
use yew::prelude::*;

use super::COMPOSER_ID;
use super::banner::Banner;
use super::big::{Big, Pasted, to_file};
use super::hint::hint;
use super::phone::PhoneKeys;
use super::sending::carry_out;
use super::suggest::{LIST_ID, SuggestList, suggestions};
use crate::app::{Engine, UiAct, UiHandle, Writing};
use crate::components::FileButton;
use crate::hooks::{use_engine, use_prefs, use_words};
use crate::i18n::fill;
use crate::logic::complete::{Kind, begun, byte_of_unit, completed};
use crate::logic::composer::{Act, Around, Composer as State, Does, Key};
use crate::logic::intent::{is_big, is_command};
use crate::services::listen::Listener;
use crate::services::{browser, drafts};
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct ComposerProps {
    pub room: RoomName,
    pub may_run: bool,
}

/// The state, as Yew keeps it.
#[derive(PartialEq)]
struct Kept(State);

impl Reducible for Kept {
    type Action = Act;

    fn reduce(self: Rc<Self>, act: Act) -> Rc<Self> {
        Rc::new(Kept(self.0.clone().after(act)))
    }
}

/// The composer.
#[component]
pub fn Composer(props: &ComposerProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let lang = use_prefs().lang;
    let ui = use_context::<UiHandle>().expect("inside House");
    let area = use_node_ref();
    let key = drafts::key(engine.user(), props.room.as_str());
    let kept = {
        let key = key.clone();
        use_reducer_eq(move || Kept(State::with_draft(drafts::read(&key))))
    };
    let state = &kept.0;
    let pasted = use_state_eq(|| None::<Pasted>);
    use_writing(&engine, &props.room, &ui, &kept);
    use_field(&area, state);
    use_draft(&key, &kept);

    let writing = state.writing;
    let begun_here = state.before_caret().and_then(begun).filter(|_| pasted.is_none());
    let list = begun_here.as_ref().map(|begun| suggestions(&engine, &props.room, begun, lang)).unwrap_or_default();
    let at = state.chosen.min(list.len().saturating_sub(1));

    let oninput = {
        let (area, kept, engine, room) = (area.clone(), kept.dispatcher(), engine.clone(), props.room.clone());
        Callback::from(move |_: InputEvent| {
            let Some(area) = area.cast::<HtmlTextAreaElement>() else { return };
            fit(&area);
            let text = area.value();
            if !text.is_empty() && !text.starts_with(['/', '$']) {
                engine.command(Command::Typing { room: room.clone() });
            }
            let caret = caret_of(&area, &text);
            kept.dispatch(Act::Typed(text, caret));
        })
    };
    // The caret moves without the text being another.
    let onselect = {
        let (area, kept) = (area.clone(), kept.dispatcher());
        Callback::from(move |_: Event| {
            if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                kept.dispatch(Act::Moved(caret_of(&area, &area.value())));
            }
        })
    };
    let take = {
        let (kept, list) = (kept.clone(), list.clone());
        Callback::from(move |at: usize| {
            let state = &kept.0;
            let before = state.text.get(..state.caret).unwrap_or_default();
            if let (Some(begun), Some(entry)) = (begun(before), list.get(at)) {
                let (text, caret) = completed(&state.text, &begun, state.caret, &entry.with);
                kept.dispatch(Act::Put(text, caret));
            }
        })
    };
    let cancel = {
        let ui = ui.clone();
        Callback::from(move |()| {
            ui.dispatch(UiAct::Write(Writing::New));
            super::focus_composer();
        })
    };
    let send = {
        let (kept, engine, room, may_run, ui, area) =
            (kept.clone(), engine.clone(), props.room.clone(), props.may_run, ui.clone(), area.clone());
        Callback::from(move |()| {
            // What the field has: an input method may not have told yet.
            let Some(text) = area.cast::<HtmlTextAreaElement>().map(|area| area.value()) else { return };
            if carry_out(&engine, &ui, &room, &text, kept.0.writing, may_run) {
                kept.dispatch(Act::Sent);
                ui.dispatch(UiAct::Write(Writing::New));
            }
            super::focus_composer();
        })
    };
    let file_pasted = {
        let (pasted, engine, room) = (pasted.clone(), engine.clone(), props.room.clone());
        Callback::from(move |()| {
            if let Some(text) = &*pasted {
                to_file(&engine, &room, &text.0);
            }
            pasted.set(None);
            super::focus_composer();
        })
    };
    let drop_pasted = {
        let pasted = pasted.setter();
        Callback::from(move |()| {
            pasted.set(None);
            super::focus_composer();
        })
    };
    let text_pasted = {
        let (pasted, area) = (pasted.clone(), area.clone());
        let fits = pasted.as_ref().is_some_and(|text| text.0.len() <= wardroom_protocol::limits::TEXT_BYTES_MAX);
        fits.then(|| {
            Callback::from(move |()| {
                let (Some(area), Some(text)) = (area.cast::<HtmlTextAreaElement>(), &*pasted) else { return };
                let _ = area.set_range_text(&text.0);
                pasted.set(None);
                let _ = area.focus();
                super::tell_input(&area);
            })
        })
    };
    let onpaste = {
        let pasted = pasted.setter();
        Callback::from(move |event: Event| {
            let clip = event.unchecked_ref::<ClipboardEvent>().clipboard_data();
            let Some(text) = clip.and_then(|clip| clip.get_data("text/plain").ok()).filter(|text| is_big(text)) else {
                return;
            };
            event.prevent_default();
            pasted.set(Some(Pasted(text.into())));
        })
    };
    let onkeydown = {
        let is_whole = list.get(at).is_some_and(|entry| entry.with == state.text);
        let is_command_list = begun_here.as_ref().is_some_and(|begun| begun.kind == Kind::Command);
        let around = Around {
            has_paste: pasted.is_some(),
            suggestions: list.len(),
            is_whole_command: is_command_list && is_whole,
        };
        let (kept, engine, room, ui) = (kept.clone(), engine.clone(), props.room.clone(), ui.clone());
        let (send, take, cancel, file_pasted, drop_pasted) =
            (send.clone(), take.clone(), cancel.clone(), file_pasted.clone(), drop_pasted.clone());
        Callback::from(move |event: KeyboardEvent| {
            let name = event.key();
            let is_composing = browser::is_composing(&event);
            let Some(does) = kept.0.key(Key { name: &name, shift: event.shift_key(), is_composing }, around) else {
                return;
            };
            event.prevent_default();
            event.stop_propagation();
            match does {
                Does::FilePaste => file_pasted.emit(()),
                Does::DropPaste => drop_pasted.emit(()),
                Does::Choose(at) => kept.dispatch(Act::Choose(at)),
                Does::Take(at) => take.emit(at),
                Does::Close => kept.dispatch(Act::Close),
                Does::Send => send.emit(()),
                Does::Cancel => cancel.emit(()),
                Does::EditLast => {
                    if let Some(seq) = engine.last_own(&room) {
                        ui.dispatch(UiAct::Write(Writing::Edit(seq)));
                    }
                }
            }
        })
    };
    let is_run = is_command(&state.text);
    let label = match writing {
        _ if is_run => words.run_in.to_owned(),
        Writing::Edit(_) => words.edit_label.to_owned(),
        _ => fill(words.message_to, &[&engine.room_called(&props.room)]),
    };
    let has_list = !list.is_empty();
    html! {
        <div class="compose">
            if has_list {
                <SuggestList list={list.clone()} chosen={at} on_take={take} />
            }
            <span class="unseen" role="status">{ if has_list { fill(words.suggestions_count, &[&list.len().to_string()]) } else { String::new() } }</span>
            if let Some(text) = &*pasted {
                <Big text={text.clone()} on_file={file_pasted} on_text={text_pasted} on_drop={drop_pasted} />
            }
            <Banner room={props.room.clone()} on_drop={cancel} />
            <div class="compose__box">
            <textarea class={classes!("compose__text", is_run.then_some("compose__text--run"))} id={COMPOSER_ID} ref={area} rows="1"
                placeholder={label.clone()} aria-label={label} enterkeyhint="send" autocapitalize={is_run.then_some("none")} spellcheck={(!is_run).to_string()}
                aria-describedby="composer-hint" aria-autocomplete="list" aria-controls={has_list.then_some(LIST_ID)}
                aria-activedescendant={has_list.then(|| format!("{LIST_ID}-{at}"))}
                {oninput} {onselect} {onkeydown} {onpaste} data-testid={testids::COMPOSER} />
            <div class="compose__row">
                <span id="composer-hint" class="compose__hint">{ hint(&state.text, &engine.room_called(&props.room), props.may_run, lang, words) }</span>
                <PhoneKeys may_run={props.may_run} />
                <span class="compose__acts">
                    <FileButton room={props.room.clone()} words={words.add_files} is_main=true />
                    <button class={classes!("tool", "compose__send", (!state.text.trim().is_empty()).then_some("tool--main"))} onclick={send.reform(|_| ())} data-testid={testids::SEND}>
                        { if is_run { words.run_it } else if matches!(writing, Writing::Edit(_)) { words.save } else { words.send } }
                    </button>
                </span>
            </div>
        </div></div>
    }
}

fn caret_of(area: &HtmlTextAreaElement, text: &str) -> usize {
    let units = area.selection_end().ok().flatten().unwrap_or(u32::MAX);
    byte_of_unit(text, units as usize)
}

/// What the room wants to be written is what is written.
#[hook]
fn use_writing(engine: &Engine, room: &RoomName, ui: &UiHandle, kept: &UseReducerHandle<Kept>) {
    let is_first = use_mut_ref(|| true);
    use_effect_with(ui.writing, {
        let (engine, room, kept) = (engine.clone(), room.clone(), kept.dispatcher());
        move |writing| {
            let original = match writing {
                Writing::Edit(seq) => engine.text_of(&room, *seq).map(|(_, text)| text).unwrap_or_default(),
                Writing::Again(seq) => {
                    engine.run_at(&room, *seq).map(|run| format!("$ {}", run.cmd)).unwrap_or_default()
                }
                Writing::New | Writing::Reply(_) => String::new(),
            };
            kept.dispatch(Act::Begin(*writing, original));
            // On a phone the keyboard would cover the room that one has just opened.
            let is_wide = browser::window().inner_width().ok().and_then(|w| w.as_f64()).unwrap_or(0.0) > 700.0;
            if !is_first.replace(false) || is_wide {
                super::focus_composer();
            }
        }
    });
}

/// A text that did not come from the field goes there.
#[hook]
fn use_field(area: &NodeRef, state: &State) {
    use_effect_with(state.written, {
        let (area, text, caret) = (area.clone(), state.text.clone(), state.caret);
        move |_| {
            let Some(area) = area.cast::<HtmlTextAreaElement>() else { return };
            if area.value() != text {
                area.set_value(&text);
            }
            let units = text.get(..caret).unwrap_or(&text).encode_utf16().count() as u32;
            let _ = area.set_selection_range(units, units);
            fit(&area);
        }
    });
}

/// The draft is kept, and goes where another tab has sent the same one.
#[hook]
fn use_draft(key: &str, kept: &UseReducerHandle<Kept>) {
    use_effect_with((key.to_owned(), kept.0.draft().to_owned()), |(key, draft)| drafts::keep(key, draft));
    use_effect_with(key.to_owned(), {
        let kept = kept.dispatcher();
        move |key| {
            let key = key.clone();
            let listener = Listener::new(&browser::window(), "storage", move |event| {
                let event: &StorageEvent = event.unchecked_ref();
                let sent = event.old_value().filter(|_| event.key().as_deref() == Some(key.as_str()));
                if let Some(sent) = sent.filter(|_| event.new_value().is_none()) {
                    kept.dispatch(Act::SentElsewhere(sent));
                }
            });
            move || drop(listener)
        }
    });
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
