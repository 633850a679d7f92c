//! A paste that is too long for a message: shows a preview and attaches it as a file with one key. It is never put into
//! the text field, which would freeze the page for megabytes.

use std::rc::Rc;

use js_sys::Array;
use wardroom_client_core::protocol::RoomName;
use wasm_bindgen::JsValue;
use web_sys::{File, FilePropertyBag};
use yew::prelude::*;

use crate::engine::Engine;
use crate::hooks::use_words;
use crate::i18n::fill;
use crate::limits::PASTE_PREVIEW_LINES;
use crate::logic::intent::preview;
use crate::services::browser;
use crate::testids;
use crate::text::format::bytes;
use crate::text::sanitize::sanitized;

/// A pasted text.
#[derive(Clone, Debug)]
pub struct Pasted(pub Rc<str>);

impl PartialEq for Pasted {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// Uploads a text as a file.
pub fn upload_as_file(engine: &Engine, room: &RoomName, text: &str) {
    let now = browser::now_ms();
    let name = format!("text-{}-{}.txt", browser::date_digits(now), browser::local(now).hh_mm().replace(':', ""));
    let options = FilePropertyBag::new();
    options.set_type("text/plain");
    let parts = Array::of1(&JsValue::from_str(text));
    if let Ok(file) = File::new_with_str_sequence_and_options(&parts, &name, &options) {
        engine.upload(room, vec![file]);
    }
}

#[derive(PartialEq, Properties)]
pub struct PastePreviewProps {
    pub text: Pasted,
    /// Attach it as a file.
    pub on_file: Callback<()>,
    /// Insert it into the message, if it fits.
    pub on_text: Option<Callback<()>>,
    /// Discard it.
    pub on_cancel: Callback<()>,
}

#[component]
pub fn PastePreview(props: &PastePreviewProps) -> Html {
    let words = use_words();
    let seen = use_memo(props.text.clone(), |text| preview(&text.0, PASTE_PREVIEW_LINES));
    let (shown_lines, lines) = (&seen.0, seen.1);
    html! {
        <div class="paste" role="group" aria-label={words.paste_label} data-testid={testids::PASTE}>
            <div class="paste__head" role="status">
                { fill(words.paste_summary, &[&lines.to_string(), &bytes(props.text.0.len() as u64)]) }
            </div>
            <pre class="paste__text" tabindex="0" aria-label={words.paste_preview}>{ sanitized(shown_lines).into_owned() }</pre>
            <div class="paste__actions">
                <button class="button button--primary" onclick={props.on_file.reform(|_| ())} data-testid={testids::PASTE_ATTACH}>
                    { words.paste_attach }{ " " }<span class="kbd kbd--primary" aria-hidden="true">{ "↵" }</span></button>
                if let Some(on_text) = &props.on_text {
                    <button class="button" onclick={on_text.reform(|_| ())} data-testid={testids::PASTE_SEND}>{ words.paste_send }</button>
                }
                <button class="button" onclick={props.on_cancel.reform(|_| ())}>{ words.discard }{ " " }<span class="kbd" aria-hidden="true">{ "Esc" }</span></button>
            </div>
        </div>
    }
}
