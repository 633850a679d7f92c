//! Buttons for keys that a phone's keyboard hides: `/`, `$`, `@` and a new line.

use wasm_bindgen::JsCast;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use super::field::{COMPOSER_ID, dispatch_input_event};
use crate::components::{Icon, icon};
use crate::hooks::use_words;
use crate::services::browser;

#[derive(PartialEq, Properties)]
pub struct PhoneKeysProps {
    pub may_run: bool,
}

/// The buttons; the style sheet shows them only on phones.
#[component]
pub fn PhoneKeys(props: &PhoneKeysProps) -> Html {
    let words = use_words();
    let key = |text: &'static str, says: &'static str, sign: Icon| {
        let onclick = Callback::from(move |_: MouseEvent| insert(text));
        html! { <button class="button button--icon" type="button" {onclick} aria-label={says} title={says}>{ icon(sign) }</button> }
    };
    html! {
        <span class="composer__phone">
            { key("/", words.key_commands, Icon::Slash) }
            if props.may_run { { key("$ ", words.key_run, Icon::Dollar) } }
            { key("@", words.key_names, Icon::At) }
            { key("\n", words.key_line, Icon::NewLine) }
        </span>
    }
}

/// Inserts a text at the caret, as the keyboard would.
fn insert(text: &str) {
    let Some(element) = browser::document().get_element_by_id(COMPOSER_ID) else { return };
    let Ok(area) = element.dyn_into::<HtmlTextAreaElement>() else { return };
    let end = area.value().encode_utf16().count() as u32;
    let at = |read: Result<Option<u32>, _>| read.ok().flatten().unwrap_or(end);
    let (from, to) = (at(area.selection_start()), at(area.selection_end()));
    let before: Vec<u16> = area.value().encode_utf16().collect();
    let part =
        |from: u32, to: u32| String::from_utf16_lossy(before.get(from as usize..to as usize).unwrap_or_default());
    area.set_value(&format!("{}{text}{}", part(0, from), part(to, end)));
    let caret = from + text.encode_utf16().count() as u32;
    let _ = area.set_selection_range(caret, caret);
    let _ = area.focus();
    dispatch_input_event(&area);
}
