//! The view of the composer: the text field and its buttons. The state and the keys are in [`crate::logic::composer`];
//! this file reports input and carries out the resulting actions.

use wardroom_client_core::Command;
use wardroom_client_core::protocol::RoomName;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use super::banner::Banner;
use super::field::{COMPOSER_ID, caret_of, fit, focus_composer, use_field};
use super::hint::hint;
use super::paste::use_paste;
use super::paste_preview::PastePreview;
use super::phone_keys::PhoneKeys;
use super::run_options::RunOptionsRow;
use super::state::{use_composer, use_draft, use_mode};
use super::submit::{open_terminal, submit};
use super::suggestions::{LIST_ID, SuggestList, suggestions};
use crate::components::FileButton;
use crate::features::named::use_named_commands;
use crate::hooks::{use_engine, use_prefs, use_ui, use_words};
use crate::i18n::fill;
use crate::logic::complete::{Kind, begun, completed};
use crate::logic::composer::{ComposerAction, Key, KeyAction, KeyContext};
use crate::logic::intent::is_command;
use crate::logic::run_options::RunOptions;
use crate::services::{browser, drafts};
use crate::testids;
use crate::ui::{ComposeMode, UiAction};

#[derive(PartialEq, Properties)]
pub struct ComposerProps {
    pub room: RoomName,
    /// Where commands run unless the user says otherwise; `None` if they may run none.
    pub run_host: Option<String>,
}

#[component]
pub fn Composer(props: &ComposerProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let lang = use_prefs().lang;
    let ui = use_ui();
    let area = use_node_ref();
    let key = drafts::key(engine.user(), props.room.as_str());
    let composer = use_composer(&key);
    let state = &composer.0;
    let how = use_state_eq(RunOptions::default);
    let may_run = props.run_host.is_some();
    let paste = use_paste(&engine, &props.room, &area);
    use_mode(&engine, &props.room, &ui, &composer);
    use_field(&area, state);
    use_draft(&key, &composer);

    let mode = state.mode;
    let begun_here = state.before_caret().and_then(begun).filter(|_| paste.text.is_none());
    let named = use_named_commands(&props.room, state.text.starts_with('/'));
    let list =
        begun_here.as_ref().map(|begun| suggestions(&engine, &props.room, begun, &named, lang)).unwrap_or_default();
    let at = state.selected.min(list.len().saturating_sub(1));

    let oninput = {
        let (area, composer, engine, room) = (area.clone(), composer.dispatcher(), engine.clone(), props.room.clone());
        Callback::from(move |_: InputEvent| {
            let Some(area) = area.cast::<HtmlTextAreaElement>() else { return };
            fit(&area);
            let text = area.value();
            if !text.is_empty() && !text.starts_with(['/', '$']) {
                engine.command(Command::Typing { room: room.clone() });
            }
            let caret = caret_of(&area, &text);
            composer.dispatch(ComposerAction::Input(text, caret));
        })
    };
    // The caret moved, the text is the same.
    let onselect = {
        let (area, composer) = (area.clone(), composer.dispatcher());
        Callback::from(move |_: Event| {
            if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                composer.dispatch(ComposerAction::MoveCaret(caret_of(&area, &area.value())));
            }
        })
    };
    let take = {
        let (composer, list) = (composer.clone(), list.clone());
        Callback::from(move |at: usize| {
            let state = &composer.0;
            let before = state.text.get(..state.caret).unwrap_or_default();
            if let (Some(begun), Some(entry)) = (begun(before), list.get(at)) {
                let (text, caret) = completed(&state.text, &begun, state.caret, &entry.with);
                composer.dispatch(ComposerAction::Replace(text, caret));
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
        let (composer, engine, room, ui, area) =
            (composer.clone(), engine.clone(), props.room.clone(), ui.clone(), area.clone());
        let (how, run_host) = (how.clone(), props.run_host.clone());
        let key = key.clone();
        Callback::from(move |()| {
            // Read the field itself: an input method may not have reported its text yet.
            let Some(text) = area.cast::<HtmlTextAreaElement>().map(|area| area.value()) else { return };
            if submit(&engine, &ui, &room, &text, composer.0.mode, run_host.as_deref().map(|host| (&*how, host))) {
                how.set(RunOptions::default());
                // A command may have left the room, and with it this composer.
                drafts::keep(&key, "");
                composer.dispatch(ComposerAction::Sent);
                ui.dispatch(UiAction::Compose(ComposeMode::New));
            }
            focus_composer();
        })
    };
    let onkeydown = {
        let is_whole = list.get(at).is_some_and(|entry| entry.with == state.text);
        let is_command_list = begun_here.as_ref().is_some_and(|begun| begun.kind == Kind::Command);
        let context = KeyContext {
            has_paste: paste.text.is_some(),
            suggestions: list.len(),
            is_whole_command: is_command_list && is_whole,
        };
        let (composer, engine, room, ui) = (composer.clone(), engine.clone(), props.room.clone(), ui.clone());
        let (send, take, cancel, attach, discard) =
            (send.clone(), take.clone(), cancel.clone(), paste.attach.clone(), paste.discard.clone());
        Callback::from(move |event: KeyboardEvent| {
            let name = event.key();
            let is_composing = browser::is_composing(&event);
            let Some(action) = composer.0.key(Key { name: &name, shift: event.shift_key(), is_composing }, context)
            else {
                return;
            };
            event.prevent_default();
            event.stop_propagation();
            match action {
                KeyAction::AttachPaste => attach.emit(()),
                KeyAction::DiscardPaste => discard.emit(()),
                KeyAction::SelectSuggestion(at) => composer.dispatch(ComposerAction::SelectSuggestion(at)),
                KeyAction::AcceptSuggestion(at) => take.emit(at),
                KeyAction::CloseSuggestions => composer.dispatch(ComposerAction::CloseSuggestions),
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
    let shell = {
        let (engine, room, ui, composer, key) =
            (engine.clone(), props.room.clone(), ui.clone(), composer.clone(), key.clone());
        let host = how.host.clone().or(props.run_host.clone());
        Callback::from(move |()| {
            let options = RunOptions { tty: true, host: host.clone(), ..RunOptions::default() };
            engine.run(&room, None, options, open_terminal(&ui));
            drafts::keep(&key, "");
            composer.dispatch(ComposerAction::Sent);
        })
    };
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
            if let Some(text) = paste.text {
                <PastePreview {text} on_file={paste.attach} on_text={paste.insert} on_cancel={paste.discard} />
            }
            <Banner room={props.room.clone()} on_cancel={cancel} />
            <div class="composer__box">
            <textarea class={classes!("composer__text", is_run.then_some("composer__text--run"))} id={COMPOSER_ID} ref={area} rows="1"
                placeholder={label.clone()} aria-label={label} enterkeyhint="send" autocapitalize={is_run.then_some("none")} spellcheck={(!is_run).to_string()}
                aria-describedby="composer-hint" aria-autocomplete="list" aria-controls={has_list.then_some(LIST_ID)}
                aria-activedescendant={has_list.then(|| format!("{LIST_ID}-{at}"))}
                {oninput} {onselect} {onkeydown} onpaste={paste.onpaste} data-testid={testids::COMPOSER} />
            if let Some(run_host) = props.run_host.clone().filter(|_| is_run) {
                <RunOptionsRow room={props.room.clone()} {run_host} options={(*how).clone()} on_change={Callback::from({ let how = how.setter(); move |next| how.set(next) })} on_terminal={shell} />
            }
            <div class="composer__row">
                <span id="composer-hint" class="composer__hint">{ hint(&state.text, &engine.room_label(&props.room), may_run, &named, lang, words) }</span>
                <PhoneKeys {may_run} />
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
