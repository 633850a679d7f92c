//! The view of the composer: the text field and its buttons. The state and the keys are in [`crate::logic::composer`];
//! this file reports input and carries out the resulting actions.

use std::rc::Rc;

use wardroom_client_core::Command;
use wardroom_client_core::protocol::RoomName;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, HtmlElement, HtmlTextAreaElement, StorageEvent};
use yew::prelude::*;

use super::banner::Banner;
use super::field::{COMPOSER_ID, dispatch_input_event, focus_composer};
use super::hint::hint;
use super::paste_preview::{PastePreview, Pasted, upload_as_file};
use super::phone_keys::PhoneKeys;
use super::submit::submit;
use super::suggestions::{LIST_ID, SuggestList, suggestions};
use crate::components::FileButton;
use crate::engine::Engine;
use crate::hooks::{use_engine, use_prefs, use_ui, use_words};
use crate::i18n::fill;
use crate::logic::complete::{Kind, begun, byte_of_unit, completed};
use crate::logic::composer::{Composer as State, ComposerAction, Key, KeyAction, KeyContext};
use crate::logic::intent::{belongs_in_file, is_command};
use crate::services::listener::Listener;
use crate::services::{browser, drafts};
use crate::testids;
use crate::ui::{ComposeMode, UiAction, UiHandle};

#[derive(PartialEq, Properties)]
pub struct ComposerProps {
    pub room: RoomName,
    pub may_run: bool,
}

/// Makes the state a reducer of Yew.
#[derive(PartialEq)]
struct ComposerState(State);

impl Reducible for ComposerState {
    type Action = ComposerAction;

    fn reduce(self: Rc<Self>, action: ComposerAction) -> Rc<Self> {
        Rc::new(ComposerState(self.0.clone().reduced(action)))
    }
}

#[component]
pub fn Composer(props: &ComposerProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let lang = use_prefs().lang;
    let ui = use_ui();
    let area = use_node_ref();
    let key = drafts::key(engine.user(), props.room.as_str());
    let state_handle = {
        let key = key.clone();
        use_reducer_eq(move || ComposerState(State::with_draft(drafts::read(&key))))
    };
    let state = &state_handle.0;
    let pasted = use_state_eq(|| None::<Pasted>);
    use_mode(&engine, &props.room, &ui, &state_handle);
    use_field(&area, state);
    use_draft(&key, &state_handle);

    let mode = state.mode;
    let begun_here = state.before_caret().and_then(begun).filter(|_| pasted.is_none());
    let list = begun_here.as_ref().map(|begun| suggestions(&engine, &props.room, begun, lang)).unwrap_or_default();
    let at = state.selected.min(list.len().saturating_sub(1));

    let oninput = {
        let (area, state_handle, engine, room) =
            (area.clone(), state_handle.dispatcher(), engine.clone(), props.room.clone());
        Callback::from(move |_: InputEvent| {
            let Some(area) = area.cast::<HtmlTextAreaElement>() else { return };
            fit(&area);
            let text = area.value();
            if !text.is_empty() && !text.starts_with(['/', '$']) {
                engine.command(Command::Typing { room: room.clone() });
            }
            let caret = caret_of(&area, &text);
            state_handle.dispatch(ComposerAction::Input(text, caret));
        })
    };
    // The caret moved, the text is the same.
    let onselect = {
        let (area, state_handle) = (area.clone(), state_handle.dispatcher());
        Callback::from(move |_: Event| {
            if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                state_handle.dispatch(ComposerAction::MoveCaret(caret_of(&area, &area.value())));
            }
        })
    };
    let take = {
        let (state_handle, list) = (state_handle.clone(), list.clone());
        Callback::from(move |at: usize| {
            let state = &state_handle.0;
            let before = state.text.get(..state.caret).unwrap_or_default();
            if let (Some(begun), Some(entry)) = (begun(before), list.get(at)) {
                let (text, caret) = completed(&state.text, &begun, state.caret, &entry.with);
                state_handle.dispatch(ComposerAction::Replace(text, caret));
            }
        })
    };
    let cancel = {
        let ui = ui.clone();
        Callback::from(move |()| {
            ui.dispatch(UiAction::Compose(ComposeMode::New));
            focus_composer();
        })
    };
    let send = {
        let (state_handle, engine, room, may_run, ui, area) =
            (state_handle.clone(), engine.clone(), props.room.clone(), props.may_run, ui.clone(), area.clone());
        Callback::from(move |()| {
            // Read the field itself: an input method may not have reported its text yet.
            let Some(text) = area.cast::<HtmlTextAreaElement>().map(|area| area.value()) else { return };
            if submit(&engine, &ui, &room, &text, state_handle.0.mode, may_run) {
                state_handle.dispatch(ComposerAction::Sent);
                ui.dispatch(UiAction::Compose(ComposeMode::New));
            }
            focus_composer();
        })
    };
    let attach_paste = {
        let (pasted, engine, room) = (pasted.clone(), engine.clone(), props.room.clone());
        Callback::from(move |()| {
            if let Some(text) = &*pasted {
                upload_as_file(&engine, &room, &text.0);
            }
            pasted.set(None);
            focus_composer();
        })
    };
    let discard_paste = {
        let pasted = pasted.setter();
        Callback::from(move |()| {
            pasted.set(None);
            focus_composer();
        })
    };
    let insert_paste = {
        let (pasted, area) = (pasted.clone(), area.clone());
        let fits = pasted.as_ref().is_some_and(|text| text.0.len() <= wardroom_protocol::limits::TEXT_BYTES_MAX);
        fits.then(|| {
            Callback::from(move |()| {
                let (Some(area), Some(text)) = (area.cast::<HtmlTextAreaElement>(), &*pasted) else { return };
                let _ = area.set_range_text(&text.0);
                pasted.set(None);
                let _ = area.focus();
                dispatch_input_event(&area);
            })
        })
    };
    let onpaste = {
        let pasted = pasted.setter();
        Callback::from(move |event: Event| {
            let clip = event.unchecked_ref::<ClipboardEvent>().clipboard_data();
            let Some(text) =
                clip.and_then(|clip| clip.get_data("text/plain").ok()).filter(|text| belongs_in_file(text))
            else {
                return;
            };
            event.prevent_default();
            pasted.set(Some(Pasted(text.into())));
        })
    };
    let onkeydown = {
        let is_whole = list.get(at).is_some_and(|entry| entry.with == state.text);
        let is_command_list = begun_here.as_ref().is_some_and(|begun| begun.kind == Kind::Command);
        let context = KeyContext {
            has_paste: pasted.is_some(),
            suggestions: list.len(),
            is_whole_command: is_command_list && is_whole,
        };
        let (state_handle, engine, room, ui) = (state_handle.clone(), engine.clone(), props.room.clone(), ui.clone());
        let (send, take, cancel, attach_paste, discard_paste) =
            (send.clone(), take.clone(), cancel.clone(), attach_paste.clone(), discard_paste.clone());
        Callback::from(move |event: KeyboardEvent| {
            let name = event.key();
            let is_composing = browser::is_composing(&event);
            let Some(action) = state_handle.0.key(Key { name: &name, shift: event.shift_key(), is_composing }, context)
            else {
                return;
            };
            event.prevent_default();
            event.stop_propagation();
            match action {
                KeyAction::AttachPaste => attach_paste.emit(()),
                KeyAction::DiscardPaste => discard_paste.emit(()),
                KeyAction::SelectSuggestion(at) => state_handle.dispatch(ComposerAction::SelectSuggestion(at)),
                KeyAction::AcceptSuggestion(at) => take.emit(at),
                KeyAction::CloseSuggestions => state_handle.dispatch(ComposerAction::CloseSuggestions),
                KeyAction::Send => send.emit(()),
                KeyAction::Cancel => cancel.emit(()),
                KeyAction::EditLast => {
                    if let Some(seq) = engine.last_own_message(&room) {
                        ui.dispatch(UiAction::Compose(ComposeMode::Edit(seq)));
                    }
                }
            }
        })
    };
    let is_run = is_command(&state.text);
    let label = match mode {
        _ if is_run => words.run_in.to_owned(),
        ComposeMode::Edit(_) => words.edit_label.to_owned(),
        _ => fill(words.message_to, &[&engine.room_label(&props.room)]),
    };
    let has_list = !list.is_empty();
    html! {
        <div class="composer">
            if has_list {
                <SuggestList list={list.clone()} selected={at} on_take={take} />
            }
            <span class="visually-hidden" role="status">{ if has_list { fill(words.suggestions_count, &[&list.len().to_string()]) } else { String::new() } }</span>
            if let Some(text) = &*pasted {
                <PastePreview text={text.clone()} on_file={attach_paste} on_text={insert_paste} on_cancel={discard_paste} />
            }
            <Banner room={props.room.clone()} on_cancel={cancel} />
            <div class="composer__box">
            <textarea class={classes!("composer__text", is_run.then_some("composer__text--run"))} id={COMPOSER_ID} ref={area} rows="1"
                placeholder={label.clone()} aria-label={label} enterkeyhint="send" autocapitalize={is_run.then_some("none")} spellcheck={(!is_run).to_string()}
                aria-describedby="composer-hint" aria-autocomplete="list" aria-controls={has_list.then_some(LIST_ID)}
                aria-activedescendant={has_list.then(|| format!("{LIST_ID}-{at}"))}
                {oninput} {onselect} {onkeydown} {onpaste} data-testid={testids::COMPOSER} />
            <div class="composer__row">
                <span id="composer-hint" class="composer__hint">{ hint(&state.text, &engine.room_label(&props.room), props.may_run, lang, words) }</span>
                <PhoneKeys may_run={props.may_run} />
                <span class="composer__actions">
                    <FileButton room={props.room.clone()} words={words.add_files} is_main=true />
                    <button class={classes!("button", "composer__send", (!state.text.trim().is_empty()).then_some("button--primary"))} onclick={send.reform(|_| ())} data-testid={testids::SEND}>
                        { if is_run { words.run } else if matches!(mode, ComposeMode::Edit(_)) { words.save } else { words.send } }
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

/// Follows the mode that the room asks for.
#[hook]
fn use_mode(engine: &Engine, room: &RoomName, ui: &UiHandle, state_handle: &UseReducerHandle<ComposerState>) {
    let is_first = use_mut_ref(|| true);
    use_effect_with(ui.compose_mode, {
        let (engine, room, state_handle) = (engine.clone(), room.clone(), state_handle.dispatcher());
        move |mode| {
            let original = match mode {
                ComposeMode::Edit(seq) => engine.message_text(&room, *seq).map(|(_, text)| text).unwrap_or_default(),
                ComposeMode::Rerun(seq) => {
                    engine.run_started_at(&room, *seq).map(|run| format!("$ {}", run.cmd)).unwrap_or_default()
                }
                ComposeMode::New | ComposeMode::Reply(_) => String::new(),
            };
            state_handle.dispatch(ComposerAction::SetMode(*mode, original));
            // On a phone the keyboard would cover the room that was just opened.
            let is_wide = browser::window().inner_width().ok().and_then(|w| w.as_f64()).unwrap_or(0.0) > 700.0;
            if !is_first.replace(false) || is_wide {
                focus_composer();
            }
        }
    });
}

/// Writes a text that did not come from the field into the field.
#[hook]
fn use_field(area: &NodeRef, state: &State) {
    use_effect_with(state.revision, {
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

/// Saves the draft, and clears it if another tab has sent the same one.
#[hook]
fn use_draft(key: &str, state_handle: &UseReducerHandle<ComposerState>) {
    use_effect_with((key.to_owned(), state_handle.0.draft().to_owned()), |(key, draft)| drafts::keep(key, draft));
    use_effect_with(key.to_owned(), {
        let state_handle = state_handle.dispatcher();
        move |key| {
            let key = key.clone();
            let listener = Listener::new(&browser::window(), "storage", move |event| {
                let event: &StorageEvent = event.unchecked_ref();
                let sent = event.old_value().filter(|_| event.key().as_deref() == Some(key.as_str()));
                if let Some(sent) = sent.filter(|_| event.new_value().is_none()) {
                    state_handle.dispatch(ComposerAction::SentElsewhere(sent));
                }
            });
            move || drop(listener)
        }
    });
}

/// Makes the field as high as its text, up to the limit in the style sheet. It is shrunk for a moment to be measured;
/// its parent is held meanwhile, or the timeline would grow and scroll.
fn fit(area: &HtmlTextAreaElement) {
    let style = area.unchecked_ref::<HtmlElement>().style();
    let parent = area.parent_element().and_then(|parent| parent.dyn_into::<HtmlElement>().ok());
    if let Some(parent) = &parent {
        let _ = parent.style().set_property("height", &format!("{}px", parent.offset_height()));
    }
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", area.scroll_height()));
    if let Some(parent) = &parent {
        let _ = parent.style().remove_property("height");
    }
}
