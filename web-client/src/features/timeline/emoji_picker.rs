//! A picker for any emoji, found by name. The list is loaded on demand, so that the page does not include it.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::components::Modal;
use crate::hooks::use_words;
use crate::i18n::fill;
use crate::limits::PICKER_MAX;
use crate::services::{browser, http};
use crate::testids;
use crate::text::emoji::search;

/// Columns of the grid, as in the style sheet.
const COLUMNS: usize = 8;
const LIST_ID: &str = "emoji-list";

thread_local!(static LIST: std::cell::RefCell<Rc<str>> = std::cell::RefCell::new(Rc::from("")));

#[derive(PartialEq, Properties)]
pub struct EmojiPickerProps {
    pub on_pick: Callback<String>,
    pub on_close: Callback<()>,
}

/// The dialog. The focus stays in its field: arrows select, Enter picks.
#[component]
pub fn EmojiPicker(props: &EmojiPickerProps) -> Html {
    let words = use_words();
    let query = use_state_eq(String::new);
    let chosen = use_state_eq(|| 0_usize);
    let list = use_state_eq(|| LIST.with_borrow(Rc::clone));
    let field = use_node_ref();
    use_effect_with((), {
        let (list, field) = (list.clone(), field.clone());
        move |()| {
            if let Some(field) = field.cast::<HtmlInputElement>() {
                let _ = field.focus();
            }
            if list.is_empty() {
                spawn_local(async move {
                    // Without the list, the built-in emoji are offered.
                    if let Ok(reply) = http::get("emoji.txt").await
                        && reply.is_ok()
                    {
                        let all: Rc<str> = reply.body.into();
                        LIST.set(all.clone());
                        list.set(all);
                    }
                });
            }
        }
    });
    let found = use_memo((list.clone(), query.clone()), |(list, query)| search(list, query, PICKER_MAX));
    let at = (*chosen).min(found.len().saturating_sub(1));
    use_effect_with(at, |at| {
        if let Some(entry) = browser::document().get_element_by_id(&format!("{LIST_ID}-{at}")).filter(|_| *at > 0) {
            entry.scroll_into_view_with_bool(false);
        }
    });
    let oninput = {
        let (query, chosen) = (query.setter(), chosen.setter());
        Callback::from(move |event: InputEvent| {
            let field: HtmlInputElement = event.target_unchecked_into();
            query.set(field.value());
            chosen.set(0);
        })
    };
    let onkeydown = {
        let (chosen, found, on_pick) = (chosen.setter(), found.clone(), props.on_pick.clone());
        Callback::from(move |event: KeyboardEvent| {
            let last = found.len().saturating_sub(1);
            match event.key().as_str() {
                "ArrowRight" => chosen.set((at + 1).min(last)),
                "ArrowLeft" => chosen.set(at.saturating_sub(1)),
                "ArrowDown" => chosen.set((at + COLUMNS).min(last)),
                "ArrowUp" => chosen.set(at.saturating_sub(COLUMNS)),
                "Enter" if !event.is_composing() => {
                    if let Some((emoji, _)) = found.get(at) {
                        on_pick.emit(emoji.clone());
                    }
                }
                _ => return,
            }
            event.prevent_default();
        })
    };
    let entry = |(nth, (emoji, name)): (usize, &(String, String))| {
        let onclick = {
            let (on_pick, emoji) = (props.on_pick.clone(), emoji.clone());
            Callback::from(move |_: MouseEvent| on_pick.emit(emoji.clone()))
        };
        html! {
            <div key={emoji.clone()} id={format!("{LIST_ID}-{nth}")} class={classes!("emoji-picker__emoji", (nth == at).then_some("emoji-picker__emoji--at"))} role="option" aria-selected={(nth == at).to_string()}
                aria-label={name.clone()} title={name.clone()} {onclick} data-testid={testids::EMOJI_OPTION} data-emoji={emoji.clone()}>{ emoji }</div>
        }
    };
    html! {
        <Modal title={words.react} on_close={props.on_close.clone()} class="modal--picker">
            <div class="emoji-picker">
                <input class="field" ref={field} type="text" {oninput} {onkeydown} placeholder={words.emoji_find} aria-label={words.emoji_find} autocomplete="off"
                    role="combobox" aria-expanded="true" aria-controls={LIST_ID} aria-activedescendant={(!found.is_empty()).then(|| format!("{LIST_ID}-{at}"))} data-testid={testids::EMOJI_FIELD} />
                if found.is_empty() {
                    <p class="emoji-picker__empty" role="status">{ fill(words.emoji_none, &[&query]) }</p>
                }
                <div id={LIST_ID} class="emoji-picker__list" role="listbox" aria-label={words.react} tabindex="-1">{ for found.iter().enumerate().map(entry) }</div>
            </div>
        </Modal>
    }
}
