//! Above the lines of an output: the search, which streams are shown, and how.

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::options::LineOptions;
use crate::engine::Finding;
use crate::hooks::use_words;
use crate::i18n::fill;
use crate::logic::output_find::{Streams, Wanted};
use crate::services::browser;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct OutputFindProps {
    /// Looks for something, forwards or (`true`) back.
    pub on_find: Callback<(Wanted, bool)>,
    pub on_streams: Callback<Streams>,
    pub on_options: Callback<LineOptions>,
    pub options: LineOptions,
    pub streams: Streams,
    /// How far the search is.
    pub finding: Finding,
    /// Bytes of the whole output.
    pub bytes: u64,
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
    let error = |is_back: bool| props.on_find.reform(move |_: MouseEvent| (Wanted::Error, is_back));
    let options = props.options;
    let wrap = props.on_options.reform(move |_: MouseEvent| LineOptions { wraps: !options.wraps, ..options });
    let times = props.on_options.reform(move |_: MouseEvent| LineOptions { has_times: !options.has_times, ..options });
    let says = match props.finding {
        Finding::Done => String::new(),
        Finding::Missing => words.runs.output_missing.to_owned(),
        Finding::At(off) => fill(words.runs.output_finding, &[&(off * 100 / props.bytes.max(1)).min(100).to_string()]),
    };
    let onchange = props
        .on_streams
        .reform(|event: Event| Streams::of_word(&event.target_unchecked_into::<HtmlSelectElement>().value()));
    html! {
        <div class="output-find" role="search">
            <input class="field output-find__field" ref={field.clone()} type="search" placeholder={words.runs.output_find} aria-label={words.runs.output_find}
                autocomplete="off" spellcheck="false" {onkeydown} data-testid={testids::OUTPUT_FIND} />
            <button class="button" onclick={find(true).reform(|_| ())} aria-label={words.runs.output_previous} title={words.runs.output_previous}>{ "↑" }</button>
            <button class="button" onclick={find(false).reform(|_| ())} aria-label={words.runs.output_next} title={words.runs.output_next}>{ "↓" }</button>
            <button class="button" onclick={error(true)} data-testid={testids::OUTPUT_ERROR_BACK}>{ words.runs.output_error_back }</button>
            <button class="button" onclick={error(false)} data-testid={testids::OUTPUT_ERROR}>{ words.runs.output_error }</button>
            <select class="field" {onchange} aria-label={words.runs.output_streams} data-testid={testids::OUTPUT_STREAMS}>
                <option value="0" selected={props.streams == Streams::Both}>{ words.runs.output_both }</option>
                <option value="1" selected={props.streams == Streams::Out}>{ "stdout" }</option>
                <option value="2" selected={props.streams == Streams::Err}>{ "stderr" }</option>
            </select>
            <button class="button" aria-pressed={options.wraps.to_string()} onclick={wrap} data-testid={testids::OUTPUT_WRAP}>{ words.runs.output_wrap }</button>
            <button class="button" aria-pressed={options.has_times.to_string()} onclick={times} data-testid={testids::OUTPUT_TIMES}>{ words.runs.output_times }</button>
            <span class={classes!((props.finding == Finding::Missing).then_some("error"))} role="status" data-testid={testids::OUTPUT_FINDING}>{ says }</span>
        </div>
    }
}
