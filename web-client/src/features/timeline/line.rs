//! One line of the timeline, by its kind.

use wardroom_client_core::protocol::{Event, EventBody};
use wardroom_client_core::{Command, PendingPost, PostState};
use yew::prelude::*;

use super::message::MessageText;
use crate::app::Topic;
use crate::components::exit_words;
use crate::features::file_card::FileCard;
use crate::features::run_card::RunCard;
use crate::hooks::{Same, use_engine, use_topic, use_words};
use crate::i18n::{Lang, Words, fill};
use crate::services::browser;
use crate::testids;
use crate::text::format::took;
use crate::text::markup::names;

#[derive(PartialEq, Properties)]
pub struct DayLineProps {
    /// A time in the day.
    pub at: u64,
    pub lang: Lang,
}

/// A day begins.
#[component]
pub fn DayLine(props: &DayLineProps) -> Html {
    let words = props.lang.words();
    let (day, today) = (browser::local(props.at).day, browser::local(browser::now_ms()).day);
    let date = browser::day_words(props.at, props.lang);
    let said = match today - day {
        0 => format!("{} · {date}", words.today),
        1 => format!("{} · {date}", words.yesterday),
        _ => date,
    };
    html! { <div class="day" role="separator">{ said }</div> }
}

/// From here on all is new.
#[component]
pub fn NewLine() -> Html {
    let words = use_words();
    html! { <div class="day day--new" role="separator" data-testid={testids::LINE_NEW}>{ words.new_since }</div> }
}

#[derive(PartialEq, Properties)]
pub struct EventLineProps {
    pub event: Same<Event>,
    /// It begins a group.
    pub is_first: bool,
    /// Its author, as people call them.
    pub who: AttrValue,
}

/// An event.
#[component]
pub fn EventLine(props: &EventLineProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let event = &props.event.0;
    let is_quiet =
        matches!(event.body, EventBody::Join | EventBody::Leave | EventBody::RunEnded(_) | EventBody::Other { .. });
    let is_for_me = match &event.body {
        EventBody::Message(said) => event.by.as_str() != engine.user() && names(&said.text, engine.user()),
        _ => false,
    };
    let class = classes!(
        "line",
        props.is_first.then_some("line--first"),
        is_quiet.then_some("line--quiet"),
        is_for_me.then_some("line--me"),
    );
    html! {
        <div {class} data-testid={testids::LINE} data-seq={event.seq.to_string()} data-kind={event.body.kind().to_owned()} data-by={event.by.to_string()}>
            <Time at={event.at} is_first={props.is_first} />
            <div class="line__body">
                if props.is_first { <span class="line__who">{ &props.who }</span> }
                { body(event, words) }
            </div>
        </div>
    }
}

fn body(event: &std::sync::Arc<Event>, words: &Words) -> Html {
    match &event.body {
        EventBody::Message(said) => html! {
            <>
                if let Some(seq) = said.reply_to { <Quote room={event.room.clone()} {seq} /> }
                <MessageText text={said.text.clone()} />
            </>
        },
        EventBody::Join => html! { words.joined },
        EventBody::Leave => html! { words.left },
        EventBody::RunStarted(_) => html! { <>{ words.ran }<RunCard event={Same(event.clone())} /></> },
        EventBody::RunEnded(ended) => {
            html! { fill(words.run_over, &[&ended.n.to_string(), &exit_words(&ended.exit, words), &took(ended.ms)]) }
        }
        EventBody::FileAdded(_) => html! { <>{ words.added_file }<FileCard event={Same(event.clone())} /></> },
        EventBody::Other { kind, text } => match text {
            Some(text) => html! { <MessageText text={text.clone()} /> },
            None => html! { fill(words.unknown_event, &[kind]) },
        },
        other => html! { fill(words.unknown_event, &[other.kind()]) },
    }
}

#[derive(PartialEq, Properties)]
struct QuoteProps {
    room: wardroom_client_core::protocol::RoomName,
    seq: u64,
}

/// The line that is answered, if it is loaded.
#[component]
fn Quote(props: &QuoteProps) -> Html {
    let engine = use_engine();
    let quoted = engine.read(|client| client.rooms().get(&props.room)?.timeline.by_seq(props.seq).cloned());
    match quoted.as_deref() {
        Some(Event { by, body: EventBody::Message(said), .. }) => {
            let first: String = said.text.lines().next().unwrap_or_default().chars().take(200).collect();
            html! { <span class="line__quote"><b>{ by.as_str() }</b>{ " " }{ first }</span> }
        }
        _ => Html::default(),
    }
}

#[derive(PartialEq, Properties)]
struct TimeProps {
    at: u64,
    is_first: bool,
}

#[component]
fn Time(props: &TimeProps) -> Html {
    let at = browser::local(props.at).hh_mm();
    html! { <span class={classes!("line__time", (!props.is_first).then_some("line__time--again"))}>{ at }</span> }
}

#[derive(PartialEq, Properties)]
pub struct PendingLineProps {
    pub post: PendingPost,
    pub is_first: bool,
    pub who: AttrValue,
}

/// One's own post that does not stand yet.
#[component]
pub fn PendingLine(props: &PendingLineProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(wardroom_client_core::Change::Link));
    let is_up = engine.read(|client| client.link().is_up());
    let post = &props.post;
    let act = |command: Command| {
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| engine.command(command.clone()))
    };
    let state = match &post.state {
        PostState::Failed(why) => html! {
            <>
                <span class="line__state line__state--bad" role="alert">{ fill(words.failed, &[why]) }</span>
                <button class="line__act" onclick={act(Command::RetryPost { nonce: post.nonce.clone() })} data-testid={testids::LINE_RETRY}>{ words.retry }</button>
                <button class="line__act" onclick={act(Command::DropPost { nonce: post.nonce.clone() })}>{ words.forget }</button>
            </>
        },
        _ => html! { <span class="line__state">{ if is_up { words.sending } else { words.waiting } }</span> },
    };
    html! {
        <div class={classes!("line", "line--pending", props.is_first.then_some("line--first"))} data-testid={testids::LINE}
            data-nonce={post.nonce.to_string()} data-kind="pending">
            <Time at={post.at_ms} is_first={props.is_first} />
            <div class="line__body">
                if props.is_first { <span class="line__who">{ &props.who }</span> }
                <MessageText text={post.text.clone()} />
                { state }
            </div>
        </div>
    }
}
