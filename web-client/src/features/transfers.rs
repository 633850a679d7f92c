//! Transfers: their progress, speed and remaining time, with buttons.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use wardroom_client_core::protocol::Nonce;
use wardroom_client_core::{Command, Upload, UploadState};
use web_sys::HtmlProgressElement;
use yew::prelude::*;

use crate::engine::{FILE_GONE, Topic};
use crate::hooks::{PtrEq, use_engine, use_tick, use_topic, use_words};
use crate::i18n::{Words, fill};
use crate::logic::speed::Speed;
use crate::services::browser;
use crate::testids;
use crate::text::format::{bytes, duration, percent};

#[component]
pub fn Transfers() -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Uploads);
    let uploads: Vec<Arc<Upload>> = engine.read(|client| client.uploads().cloned().collect());
    let queued = engine.uploads_queued();
    let (mut uploads, over): (Vec<_>, Vec<_>) = uploads.into_iter().partition(|upload| !upload.state.is_over());
    let moving = uploads.len();
    // Active ones first, then failed ones, then finished ones, the latest on top.
    let (failed, done): (Vec<_>, Vec<_>) =
        over.into_iter().rev().partition(|upload| matches!(upload.state, UploadState::Failed(_)));
    let clear = {
        let over: Vec<Nonce> = done.iter().map(|upload| upload.nonce.clone()).collect();
        Callback::from(move |_: MouseEvent| over.iter().for_each(|nonce| engine.cancel_upload(nonce)))
    };
    let has_done = !done.is_empty();
    uploads.extend(failed.into_iter().chain(done));
    html! {
        <div class="list">
            <div class="list__head"><span>{ words.transfers_head }</span><span class="num">{ if moving > 0 { moving.to_string() } else { String::new() } }</span>
                if has_done { <button class="text-button" onclick={clear} data-testid={testids::TRANSFERS_CLEAR}>{ words.clear_done }</button> }</div>
            if uploads.is_empty() { <p class="list__empty">{ words.transfers_none }</p> }
            <div class="list">
                { for uploads.into_iter().map(|upload| html! { <Transfer key={upload.nonce.as_str()} upload={PtrEq(upload.clone())} /> }) }
            </div>
            if queued > 0 { <p class="list__empty" data-testid={testids::UPLOADS_QUEUED}>{ fill(words.uploads_queued, &[&queued.to_string()]) }</p> }
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct TransferProps {
    upload: PtrEq<Upload>,
}

#[component]
fn Transfer(props: &TransferProps) -> Html {
    let words = use_words();
    let upload = &props.upload;
    let speed: Rc<RefCell<Speed>> = use_mut_ref(Speed::default);
    let is_sending = upload.state == UploadState::Sending;
    // A stalled transfer must be seen to slow down.
    use_tick(is_sending.then_some(500));
    if is_sending {
        speed.borrow_mut().sample(browser::now_ms(), upload.acked);
    }
    let bar = use_node_ref();
    let done = match &upload.state {
        UploadState::Hashing { done, .. } => *done,
        UploadState::Done { .. } | UploadState::Committing => upload.size,
        _ => upload.acked,
    };
    let part = percent(done, upload.size);
    use_effect_with(part, {
        let bar = bar.clone();
        move |part| {
            if let Some(bar) = bar.cast::<HtmlProgressElement>() {
                bar.set_value(*part as f64);
            }
        }
    });
    let is_failed = matches!(upload.state, UploadState::Failed(_));
    let path = upload.path.to_string();
    html! {
        <div class="item" data-testid={testids::TRANSFER} data-path={path.clone()} data-state={word(&upload.state)}>
            <span class="item__name" title={path.clone()}>{ &path }</span>
            <span class="item__aside">{ format!("{part} %") }</span>
            if !matches!(upload.state, UploadState::Done { .. }) { <span class="item__detail">
                <progress class={classes!("progress", is_failed.then_some("progress--failed"))} ref={bar} max="100"
                    aria-label={fill(words.progress_of, &[&path])} data-testid={testids::TRANSFER_BAR}></progress>
            </span> }
            <span class="item__detail"><span class={classes!("item__text", is_failed.then_some("item__text--error"))} role={is_failed.then_some("alert")}>
                { sentence(upload, &speed.borrow(), words) }
            </span></span>
            <TransferActions nonce={upload.nonce.clone()} is_over={upload.state.is_over()} {is_failed} />
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct TransferActionsProps {
    nonce: Nonce,
    is_over: bool,
    is_failed: bool,
}

#[component]
fn TransferActions(props: &TransferActionsProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let retry = {
        let (engine, nonce) = (engine.clone(), props.nonce.clone());
        Callback::from(move |_| engine.command(Command::RetryUpload { nonce: nonce.clone() }))
    };
    let cancel = {
        let nonce = props.nonce.clone();
        Callback::from(move |_| engine.cancel_upload(&nonce))
    };
    html! {
        <span class="item__actions">
            if props.is_failed {
                <button class="text-button" onclick={retry} data-testid={testids::TRANSFER_RETRY}>{ words.retry }</button>
            }
            <button class="text-button" onclick={cancel} data-testid={testids::TRANSFER_CANCEL}>
                { if props.is_over { words.dismiss_transfer } else { words.cancel } }
            </button>
        </span>
    }
}

fn word(state: &UploadState) -> &'static str {
    match state {
        UploadState::Waiting => "waiting",
        UploadState::Hashing { .. } => "hashing",
        UploadState::Sending => "sending",
        UploadState::Paused => "paused",
        UploadState::Committing => "committing",
        UploadState::Done { .. } => "done",
        UploadState::Failed(_) => "failed",
    }
}

fn sentence(upload: &Upload, speed: &Speed, words: &Words) -> String {
    match &upload.state {
        UploadState::Waiting => format!("{} · {}", bytes(upload.size), words.upload_waiting),
        UploadState::Hashing { done, of } => fill(words.upload_hashing, &[&percent(*done, *of).to_string()]),
        UploadState::Sending => {
            let mut parts = vec![fill(words.size_of, &[&bytes(upload.acked), &bytes(upload.size)])];
            if let Some(speed) = speed.bytes_per_second() {
                parts.push(fill(words.per_second, &[&bytes(speed)]));
            }
            if let Some(left) = speed.left_ms(upload.size.saturating_sub(upload.acked)) {
                parts.push(fill(words.left_time, &[&duration(left.max(1_000))]));
            }
            parts.join(" · ")
        }
        UploadState::Paused => words.upload_paused.to_owned(),
        UploadState::Committing => words.upload_committing.to_owned(),
        UploadState::Done { .. } => format!("{} · {}", bytes(upload.size), words.upload_done),
        UploadState::Failed(error) if error.message == FILE_GONE => fill(words.upload_failed, &[words.file_gone]),
        UploadState::Failed(error) => fill(words.upload_failed, &[&words.why(error)]),
    }
}
