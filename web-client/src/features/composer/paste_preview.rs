//! The preview of a long paste, with buttons that attach, insert or discard it.

use yew::prelude::*;

use super::paste::Pasted;
use crate::hooks::use_words;
use crate::i18n::fill;
use crate::limits::PASTE_PREVIEW_LINES;
use crate::logic::intent::preview;
use crate::testids;
use crate::text::format::bytes;
use crate::text::sanitize::sanitized;

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
