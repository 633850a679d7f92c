//! A line for the standard input of a run. Only the holder of its keyboard types; others may ask for it.

use wardroom_client_core::protocol::messages::TermOp;
use wardroom_client_core::{Command, Run};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::hooks::{PtrEq, use_engine, use_words};
use crate::i18n::fill;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct RunInputProps {
    pub run: PtrEq<Run>,
}

#[component]
pub fn RunInput(props: &RunInputProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let field = use_node_ref();
    let run = props.run.run;
    let keyboard = &props.run.keyboard;
    let control = |op: TermOp| {
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| engine.control_keyboard(run, op, None))
    };
    if !keyboard.mine {
        let says = match &keyboard.holder {
            Some(holder) => fill(words.runs.input_of, &[holder.as_str()]),
            None => words.runs.input_free.to_owned(),
        };
        return html! {
            <div class="run-input">
                <span class="run-input__field muted">{ says }</span>
                <button class="button" onclick={control(TermOp::Ask)} data-testid={testids::INPUT_ASK}>{ words.runs.input_ask }</button>
                if keyboard.holder.is_some() {
                    <button class="button" onclick={control(TermOp::Take)}>{ words.runs.input_take }</button>
                }
            </div>
        };
    }
    let onsubmit = {
        let (engine, field) = (engine.clone(), field.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(field) = field.cast::<HtmlInputElement>() {
                let line = field.value() + "\n";
                engine.command(Command::RunInput { run, bytes: line.into_bytes().into() });
                field.set_value("");
            }
        })
    };
    let end = {
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| engine.command(Command::RunEof { run }))
    };
    html! {
        <form class="run-input" {onsubmit}>
            <input class="field run-input__field" ref={field} autocomplete="off" autocapitalize="none" spellcheck="false"
                placeholder={words.runs.input_line} aria-label={words.runs.input_line} data-testid={testids::INPUT_LINE} />
            <button class="button" type="submit" data-testid={testids::INPUT_SEND}>{ words.send }</button>
            <button class="button" type="button" onclick={end} title={words.runs.input_end_hint} data-testid={testids::INPUT_END}>{ words.runs.input_end }</button>
            if let Some(asked) = keyboard.asked.first() {
                <button class="button" type="button" onclick={control(TermOp::Give)}>{ fill(words.runs.input_give, &[asked.as_str()]) }</button>
            }
        </form>
    }
}
