//! A button that copies the output of a run: all of it up to a limit, else the end, and then it says how much.

use gloo_timers::future::TimeoutFuture;
use wardroom_client_core::Run;
use wardroom_protocol::ansi::{Style, spans};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::{Icon, icon};
use crate::hooks::{PtrEq, use_words};
use crate::i18n::{Words, fill};
use crate::limits::COPY_BYTES_MAX;
use crate::logic::route::run_path;
use crate::services::{clipboard, http};
use crate::testids;
use crate::text::format::bytes;

#[derive(PartialEq, Properties)]
pub struct CopyRunButtonProps {
    pub run: PtrEq<Run>,
}

#[component]
pub fn CopyRunButton(props: &CopyRunButtonProps) -> Html {
    const SAID_MS: u32 = 4_000;
    let words = use_words();
    let said = use_state_eq(|| None::<String>);
    let onclick = {
        let (run, said) = (props.run.clone(), said.setter());
        Callback::from(move |_: MouseEvent| {
            let (run, said) = (run.clone(), said.clone());
            spawn_local(async move {
                said.set(Some(copy(&run, words).await));
                TimeoutFuture::new(SAID_MS).await;
                said.set(None);
            });
        })
    };
    html! {
        <button class="text-button" {onclick} data-testid={testids::RUN_COPY}>
            { icon(if said.is_some() { Icon::Check } else { Icon::Copy }) }
            <span aria-live="polite">{ said.as_deref().unwrap_or(words.copy) }</span>
        </button>
    }
}

/// Copies, and returns the message to show.
async fn copy(run: &Run, words: &'static Words) -> String {
    let at_hand: u64 = run.tail.lines().map(|line| line.text.len() as u64 + 1).sum();
    // The card may hold the whole output already.
    let text = if run.tail.skipped_bytes() == 0 && at_hand >= run.bytes {
        let lines = run.tail.lines().map(|line| line.text.to_string()).collect::<Vec<_>>();
        Some(lines.join("\n") + "\n")
    } else {
        let reply = http::get_last(&run_path(run.run), COPY_BYTES_MAX).await;
        reply.ok().filter(http::Reply::is_ok).map(|reply| reply.body)
    };
    let Some(text) = text else { return words.copy_failed.to_owned() };
    if !clipboard::copy(&plain(&text)).await {
        return words.copy_failed.to_owned();
    }
    match run.bytes > COPY_BYTES_MAX {
        true => fill(words.copied_last, &[&bytes(COPY_BYTES_MAX), &bytes(run.bytes)]),
        false => words.copied.to_owned(),
    }
}

/// The text without colours and other controls.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        spans(line.trim_end_matches('\r'), &mut Style::default()).iter().for_each(|span| out.push_str(&span.text));
        out.push_str(end);
    }
    out
}
