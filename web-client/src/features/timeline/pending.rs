//! Unconfirmed messages and commands at the end of the room, and unconfirmed changes at their messages.

use wardroom_client_core::{Change, Command, NotSent, PendingAmendment, PendingPost, PostState};
use yew::prelude::*;

use super::line_head::LineHead;
use super::message::MessageText;
use crate::engine::{Engine, Topic};
use crate::hooks::{use_engine, use_topic, use_words};
use crate::i18n::fill;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct PendingLineProps {
    pub post: PendingPost,
    pub is_first: bool,
    pub who: AttrValue,
}

/// The user's own unconfirmed message or command.
#[component]
pub fn PendingLine(props: &PendingLineProps) -> Html {
    let post = &props.post;
    let words = use_words();
    let why = match &post.state {
        PostState::Failed(why) => Some(fill(words.failed, &[why])),
        PostState::NotSent(NotSent::Offline) => Some(words.not_sent_offline.to_owned()),
        PostState::NotSent(NotSent::Late) => Some(words.not_sent_late.to_owned()),
        PostState::NotSent(NotSent::Unknown) => Some(words.not_sent_unknown.to_owned()),
        PostState::Pending | PostState::Posted(_) => None,
    };
    let send = if post.run.is_some() { words.send_now } else { words.retry };
    let engine = use_engine();
    let (retried, dropped) = (post.nonce.clone(), post.nonce.clone());
    let on_retry = on_click(&engine, move || Command::RetryPost { nonce: retried.clone() });
    let on_discard = on_click(&engine, move || Command::DiscardPost { nonce: dropped.clone() });
    html! {
        <div class={classes!("line", props.is_first.then_some("line--first"))} data-testid={testids::LINE}
            data-nonce={post.nonce.to_string()} data-kind="pending">
            <LineHead by={engine.user().to_owned()} who={props.who.clone()} at={post.at_ms} is_first={props.is_first} />
            <div class="line__body">
                if post.run.is_some() {
                    <code>{ crate::text::sanitize::sanitized(&post.text).into_owned() }</code>
                } else {
                    <MessageText text={post.text.clone()} />
                }
                <SendStatus {why} {send} {on_retry} {on_discard} />
            </div>
        </div>
    }
}

#[derive(PartialEq, Properties)]
pub struct AmendmentStatusProps {
    pub pending: PendingAmendment,
}

/// The state of an unconfirmed edit, deletion or reaction.
#[component]
pub fn AmendmentStatus(props: &AmendmentStatusProps) -> Html {
    let engine = use_engine();
    let PendingAmendment { room, seq, failed, .. } = props.pending.clone();
    let retried = room.clone();
    let on_retry = on_click(&engine, move || Command::RetryEdit { room: retried.clone(), seq });
    let on_discard = on_click(&engine, move || Command::DiscardEdit { room: room.clone(), seq });
    let words = use_words();
    let why = failed.map(|why| fill(words.failed, &[&why]));
    html! { <SendStatus {why} send={words.retry} {on_retry} {on_discard} /> }
}

#[derive(PartialEq, Properties)]
struct SendStatusProps {
    /// Why it was rejected or not sent; `None` while it is being sent.
    why: Option<String>,
    /// The label of the send button.
    send: &'static str,
    on_retry: Callback<MouseEvent>,
    on_discard: Callback<MouseEvent>,
}

/// Sending, waiting for a connection, or rejected with buttons.
#[component]
fn SendStatus(props: &SendStatusProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::Connection));
    let is_up = engine.read(|client| client.connection().is_up());
    match &props.why {
        Some(why) => html! {
            <>
                <span class="line__state line__state--error" role="alert">{ why }</span>
                <button class="line__button" onclick={props.on_retry.clone()} data-testid={testids::LINE_RETRY}>{ props.send }</button>
                <button class="line__button" onclick={props.on_discard.clone()} data-testid={testids::LINE_DISCARD}>{ words.discard }</button>
            </>
        },
        None => html! {
            <span class="line__state" data-testid={testids::LINE_PENDING}>{ if is_up { words.sending } else { words.waiting } }</span>
        },
    }
}

/// Sends a command on click.
fn on_click(engine: &Engine, command: impl Fn() -> Command + 'static) -> Callback<MouseEvent> {
    let engine = engine.clone();
    Callback::from(move |_| engine.command(command()))
}
