//! Where one writes: words, a command after `$ ` or `/`, an answer, or an older message anew. What is unsent is kept per room
//! over a reload.

use wardroom_client_core::Command;
use wardroom_client_core::protocol::RoomName;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, HtmlElement, HtmlTextAreaElement};
use yew::prelude::*;

use super::banner::Banner;
use super::big::{Big, Pasted, to_file};
use super::suggest::{LIST_ID, SuggestList, suggestions};
use super::{COMPOSER_ID, tell_input};
use crate::app::{Engine, UiAct, UiHandle, Writing};
use crate::components::FileButton;
use crate::hooks::{use_engine, use_prefs, use_words};
use crate::i18n::{Words, fill};
use crate::limits::DRAFT_BYTES_MAX;
use crate::logic::complete::{Kind, begun, byte_of_unit, command_of, completed};
use crate::logic::intent::{Intent, intent, is_big, is_command};
use crate::services::{browser, storage};
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct ComposerProps {
    pub room: RoomName,
    pub may_run: bool,
}

/// The text and the byte at which the caret stands.
#[derive(Clone, Default, PartialEq)]
struct Text {
    all: String,
    caret: usize,
}

/// The composer.
#[component]
pub fn Composer(props: &ComposerProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let lang = use_prefs().lang;
    let ui = use_context::<UiHandle>().expect("inside House");
    let area = use_node_ref();
    let key = storage::key_of(engine.user(), &format!("draft.{}", props.room));
    let text = use_state_eq(Text::default);
    let chosen = use_state_eq(|| 0_usize);
    // The text for which the list was closed.
    let closed = use_state_eq(String::new);
    let pasted = use_state_eq(|| None::<Pasted>);
    use_writing(&engine, &props.room, &ui, &area, &key);

    let writing = ui.writing;
    let before = text.all.get(..text.caret).unwrap_or_default();
    let begun_here = begun(before).filter(|_| *closed != text.all && pasted.is_none());
    let list = begun_here.map(|begun| suggestions(&engine, &props.room, &begun, lang)).unwrap_or_default();
    let at = (*chosen).min(list.len().saturating_sub(1));

    let oninput = {
        let (area, set, chosen, key) = (area.clone(), text.setter(), chosen.setter(), key.clone());
        let (engine, room) = (engine.clone(), props.room.clone());
        Callback::from(move |_: InputEvent| {
            let Some(area) = area.cast::<HtmlTextAreaElement>() else { return };
            fit(&area);
            let all = area.value();
            if !matches!(writing, Writing::Edit(_)) {
                storage::write(
                    &key,
                    Some(all.as_str()).filter(|text| !text.is_empty() && text.len() <= DRAFT_BYTES_MAX),
                );
            }
            if !all.is_empty() && !all.starts_with(['/', '$']) {
                engine.command(Command::Typing { room: room.clone() });
            }
            chosen.set(0);
            set.set(read(&area, all));
        })
    };
    // The caret moves without the text being another.
    let onselect = {
        let (area, set) = (area.clone(), text.setter());
        Callback::from(move |_: Event| {
            if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                set.set(read(&area, area.value()));
            }
        })
    };
    let take = {
        let (area, text, list) = (area.clone(), text.clone(), list.clone());
        Callback::from(move |at: usize| {
            let before = text.all.get(..text.caret).unwrap_or_default();
            let (Some(area), Some(begun), Some(entry)) =
                (area.cast::<HtmlTextAreaElement>(), begun(before), list.get(at))
            else {
                return;
            };
            let (all, caret) = completed(&text.all, &begun, text.caret, &entry.with);
            let units = all.get(..caret).unwrap_or(&all).encode_utf16().count() as u32;
            area.set_value(&all);
            let _ = area.set_selection_range(units, units);
            tell_input(&area);
        })
    };
    let clear = {
        let (area, text, key, ui) = (area.clone(), text.setter(), key.clone(), ui.clone());
        Callback::from(move |()| {
            let Some(area) = area.cast::<HtmlTextAreaElement>() else { return };
            area.set_value("");
            fit(&area);
            if !matches!(ui.writing, Writing::Edit(_)) {
                storage::write(&key, None);
            }
            text.set(Text::default());
            ui.dispatch(UiAct::Write(Writing::New));
            let _ = area.focus();
        })
    };
    let send = {
        let (area, engine, room, may_run, ui, clear) =
            (area.clone(), engine.clone(), props.room.clone(), props.may_run, ui.clone(), clear.clone());
        Callback::from(move |()| {
            let Some(area) = area.cast::<HtmlTextAreaElement>() else { return };
            if carry_out(&engine, &ui, &room, &area.value(), may_run) {
                clear.emit(());
            }
            let _ = area.focus();
        })
    };
    let file_pasted = {
        let (pasted, engine, room, area) = (pasted.clone(), engine.clone(), props.room.clone(), area.clone());
        Callback::from(move |()| {
            if let Some(text) = &*pasted {
                to_file(&engine, &room, &text.0);
            }
            pasted.set(None);
            if let Some(area) = area.cast::<HtmlElement>() {
                let _ = area.focus();
            }
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
                tell_input(&area);
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
        let (send, take, chosen, closed, ui) =
            (send.clone(), take.clone(), chosen.setter(), closed.setter(), ui.clone());
        let (engine, room, text, pasted) = (engine.clone(), props.room.clone(), text.clone(), pasted.clone());
        let (file_pasted, drop_pasted, clear, count) =
            (file_pasted.clone(), drop_pasted.clone(), clear.clone(), list.len());
        let is_whole = list.get(at).is_some_and(|entry| entry.with == text.all);
        let is_command_list = begun_here.is_some_and(|begun| begun.kind == Kind::Command);
        Callback::from(move |event: KeyboardEvent| {
            // While an input method composes, Enter chooses a word.
            if browser::is_composing(&event) {
                return;
            }
            let has_list = count > 0;
            let act: &dyn Fn() = match event.key().as_str() {
                "Enter" if event.shift_key() => return,
                "Enter" if pasted.is_some() => &|| file_pasted.emit(()),
                "Escape" if pasted.is_some() => &|| drop_pasted.emit(()),
                "ArrowDown" if has_list => &|| chosen.set((at + 1) % count),
                "ArrowUp" if has_list => &|| chosen.set((at + count - 1) % count),
                "Tab" if has_list && !event.shift_key() => &|| take.emit(at),
                // A command that is written out is sent, not completed.
                "Enter" if has_list && !(is_command_list && is_whole) => &|| take.emit(at),
                "Escape" if has_list => &|| closed.set(text.all.clone()),
                "Enter" => &|| send.emit(()),
                "Escape" if ui.writing != Writing::New => &|| clear.emit(()),
                "ArrowUp" if text.all.is_empty() => &|| {
                    if let Some(seq) = engine.last_own(&room) {
                        ui.dispatch(UiAct::Write(Writing::Edit(seq)));
                    }
                },
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            act();
        })
    };
    let is_run = is_command(&text.all);
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
            <Banner room={props.room.clone()} on_drop={clear} />
            <div class="compose__box">
            <textarea class={classes!("compose__text", is_run.then_some("compose__text--run"))} id={COMPOSER_ID} ref={area} rows="1"
                placeholder={label.clone()} aria-label={label} enterkeyhint="send" autocapitalize={is_run.then_some("none")} spellcheck={(!is_run).to_string()}
                aria-describedby="composer-hint" aria-autocomplete="list" aria-controls={has_list.then_some(LIST_ID)}
                aria-activedescendant={has_list.then(|| format!("{LIST_ID}-{at}"))}
                {oninput} {onselect} {onkeydown} {onpaste} data-testid={testids::COMPOSER} />
            <div class="compose__row">
                <span id="composer-hint" class="compose__hint">{ hint(&text.all, &props.room, props.may_run, lang, words) }</span>
                <span class="compose__acts">
                    <FileButton room={props.room.clone()} words={words.add_files} is_main=true />
                    <button class="tool compose__send" onclick={send.reform(|_| ())} data-testid={testids::SEND}>
                        { if is_run { words.run_it } else if matches!(writing, Writing::Edit(_)) { words.save } else { words.send } }
                        { " " }<span class="kbd" aria-hidden="true">{ "↵" }</span>
                    </button>
                </span>
            </div>
        </div></div>
    }
}

fn read(area: &HtmlTextAreaElement, all: String) -> Text {
    let units = area.selection_end().ok().flatten().unwrap_or(u32::MAX);
    let caret = byte_of_unit(&all, units as usize);
    Text { all, caret }
}

/// The text of the field follows what is written: the draft, or the message that is said otherwise.
#[hook]
fn use_writing(engine: &Engine, room: &RoomName, ui: &UiHandle, area: &NodeRef, key: &str) {
    let is_first = use_mut_ref(|| true);
    use_effect_with(ui.writing, {
        let (engine, room, area, key) = (engine.clone(), room.clone(), area.clone(), key.to_owned());
        move |writing| {
            let is_first = is_first.replace(false);
            let Some(area) = area.cast::<HtmlTextAreaElement>() else { return };
            let wanted = match writing {
                Writing::Edit(seq) => engine.text_of(&room, *seq).map(|(_, text)| text).unwrap_or_default(),
                _ => storage::read(&key).unwrap_or_default(),
            };
            if area.value() != wanted {
                area.set_value(&wanted);
            }
            tell_input(&area);
            // On a phone the keyboard would cover the room that one has just opened.
            let is_wide = browser::window().inner_width().ok().and_then(|w| w.as_f64()).unwrap_or(0.0) > 700.0;
            if !is_first || is_wide {
                let _ = area.focus();
            }
        }
    });
}

/// `false` where nothing was done, and the text has to stay.
fn carry_out(engine: &Engine, ui: &UiHandle, room: &RoomName, text: &str, may_run: bool) -> bool {
    let meant = match (ui.writing, intent(text)) {
        // What is said otherwise is said; it does not become a command.
        (Writing::Edit(_), Intent::Run(_) | Intent::Do(_) | Intent::Wrong(_)) => {
            Intent::Say(text.trim_end().to_owned())
        }
        (_, meant) => meant,
    };
    match meant {
        Intent::Nothing | Intent::Wrong(_) => return false,
        Intent::Run(_) if !may_run => return false,
        Intent::File => to_file(engine, room, text),
        Intent::Say(text) => match ui.writing {
            Writing::New => engine.post(room, text, None),
            Writing::Reply(seq) => engine.post(room, text, Some(seq)),
            Writing::Edit(seq) => engine.edit(room, seq, text),
        },
        Intent::Run(cmd) => engine.run(room, cmd, None),
        Intent::Do(command) => engine.carry_out(ui, room, command),
    }
    true
}

fn hint(text: &str, room: &RoomName, may_run: bool, lang: crate::i18n::Lang, words: &Words) -> Html {
    if let Some(entry) = command_of(text) {
        return html! {
            <span class="compose__usage"><code>{ format!("/{} {}", entry.name, entry.arguments) }</code>{ " " }{ lang.about(entry) }</span>
        };
    }
    match intent(text) {
        Intent::File => {
            html! { <span class="compose__hint--run" role="status">{ words.too_long }</span> }
        }
        Intent::Wrong(why) if text.contains(' ') || text.len() > 12 => {
            html! { <span class="compose__hint--bad" role="alert">{ why }</span> }
        }
        _ if is_command(text) && may_run => {
            html! { <span class="compose__hint--run">{ fill(words.hint_running, &[room.as_str()]) }</span> }
        }
        _ if is_command(text) => {
            html! { <span class="compose__hint--bad" role="alert">{ words.hint_not_operator }</span> }
        }
        _ => html! {
            <>
                <span class="compose__key"><span class="kbd">{ "/" }</span>{ format!(" {}", words.hint_commands) }</span>
                if may_run {
                    <span class="compose__key"><span class="kbd">{ "$" }</span>{ format!(" {}", words.hint_run) }</span>
                }
                <span class="compose__key"><span class="kbd">{ "@" }</span>{ format!(" {}", words.hint_people) }</span>
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
