//! The search in the output view: text, the next error, and which streams are shown.

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::hooks::use_words;
use crate::logic::output_find::{Streams, Wanted};
use crate::services::browser;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct OutputFindProps {
    /// Looks for something, forwards or (`true`) back.
    pub on_find: Callback<(Wanted, bool)>,
    pub on_streams: Callback<Streams>,
    /// The last search found nothing.
    pub is_missing: bool,
}

#[component]
pub fn OutputFind(props: &OutputFindProps) -> Html {
    let words = use_words();
    let field = use_node_ref();
    let find = |is_back: bool| {
        let (field, on_find) = (field.clone(), props.on_find.clone());
        Callback::from(move |()| {
            if let Some(field) = field.cast::<HtmlInputElement>() {
                on_find.emit((Wanted::Text(field.value()), is_back));
            }
        })
    };
    let onkeydown = {
        let (forwards, back) = (find(false), find(true));
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Enter" && !browser::is_composing(&event) {
                event.prevent_default();
                if event.shift_key() { back.emit(()) } else { forwards.emit(()) }
            }
        })
    };
    let next_error = props.on_find.reform(|_: MouseEvent| (Wanted::Error, false));
    let onchange = props
        .on_streams
        .reform(|event: Event| Streams::of_word(&event.target_unchecked_into::<HtmlSelectElement>().value()));
    html! {
        <div class="output-find" role="search">
            <input class="field output-find__field" ref={field.clone()} type="search" placeholder={words.runs.output_find} aria-label={words.runs.output_find}
                autocomplete="off" spellcheck="false" {onkeydown} data-testid={testids::OUTPUT_FIND} />
            <button class="button" onclick={find(true).reform(|_| ())}>{ words.runs.output_previous }</button>
            <button class="button" onclick={find(false).reform(|_| ())}>{ words.runs.output_next }</button>
            <button class="button" onclick={next_error} data-testid={testids::OUTPUT_ERROR}>{ words.runs.output_error }</button>
            <select class="field" {onchange} aria-label={words.runs.output_streams} data-testid={testids::OUTPUT_STREAMS}>
                <option value="0">{ words.runs.output_both }</option>
                <option value="1">{ "stdout" }</option>
                <option value="2">{ "stderr" }</option>
            </select>
            <span class="error" role="status">{ if props.is_missing { words.runs.output_missing } else { "" } }</span>
        </div>
    }
}
