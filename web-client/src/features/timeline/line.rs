//! A line of the timeline, by its kind.

use wardroom_client_core::protocol::event::{RightChanged, WhyNot};
use wardroom_client_core::protocol::{Event, EventBody};
use wardroom_client_core::{Command, PendingAmendment, Quote, is_mentioned};
use yew::prelude::*;

use super::alert::alert_card;
use super::line_actions::{LineActions, Overlay, Reactions};
use super::line_head::LineHead;
use super::message::MessageText;
use super::pending::AmendmentStatus;
use crate::components::{Icon, exit_words, icon};
use crate::engine::Topic;
use crate::features::file_card::FileCard;
use crate::features::proposal_card::ProposalCard;
use crate::features::rights::right_words;
use crate::features::run_card::RunCard;
use crate::hooks::{PtrEq, use_engine, use_topic, use_ui, use_words};
use crate::i18n::{Words, fill};
use crate::logic::fold::{Names, Summary, name_list, summary};
use crate::logic::route::Route;
use crate::testids;
use crate::text::format::duration;
use crate::ui::UiAction;

fn sanitized(text: &str) -> String {
    crate::text::sanitize::sanitized(text).into_owned()
}

/// The divider above the first unread line.
#[component]
pub fn UnreadDividerLine() -> Html {
    let words = use_words();
    html! { <div class="day day--new" role="separator" data-testid={testids::UNREAD_DIVIDER}>{ words.new_since }</div> }
}

#[derive(PartialEq, Properties)]
pub struct EventLineProps {
    pub event: PtrEq<Event>,
    /// The user's last unconfirmed change to it.
    pub pending: Option<PendingAmendment>,
    /// It starts a group.
    pub is_first: bool,
    /// The author's display name.
    pub who: AttrValue,
    /// It is the jump target.
    pub is_target: bool,
    /// It is hovered, focused or pressed.
    pub is_active: bool,
    /// Opens an overlay.
    pub on_open: Callback<Option<Overlay>>,
}

#[component]
pub fn EventLine(props: &EventLineProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let event = &props.event.0;
    let is_note = !matches!(
        &event.body,
        EventBody::Message(_) | EventBody::RunStarted(_) | EventBody::FileAdded(_) | EventBody::Other { .. }
    );
    let is_first = props.is_first && !is_note;
    let is_for_me = match &event.body {
        EventBody::Message(said) => {
            event.by.as_str() != engine.user()
                && engine.read(|client| client.you().is_some_and(|you| is_mentioned(said, &you.user)))
        }
        _ => false,
    };
    let class = classes!(
        "line",
        is_first.then_some("line--first"),
        is_note.then_some("line--note"),
        is_for_me.then_some("line--mention"),
        props.is_target.then_some("line--target"),
    );
    html! {
        <div {class} data-testid={testids::LINE} data-seq={event.seq.to_string()} data-kind={event.body.kind().to_owned()} data-by={event.by.to_string()} tabindex="-1">
            <LineHead by={event.by.to_string()} who={props.who.clone()} at={event.at} {is_first} />
            <div class="line__body">
                if is_note { <span class="line__who">{ &props.who }</span>{ " " } }
                { body(event, words) }
                <Reactions event={props.event.clone()} />
                if let Some(pending) = props.pending.clone() { <AmendmentStatus {pending} /> }
            </div>
            if props.is_active && props.pending.is_none() { <LineActions event={props.event.clone()} on_open={props.on_open.clone()} /> }
        </div>
    }
}

fn body(event: &std::sync::Arc<Event>, words: &'static Words) -> Html {
    match &event.body {
        EventBody::Message(said) if said.deleted => html! { <span class="line__deleted">{ words.deleted }</span> },
        EventBody::Message(said) => html! {
            <>
                if let Some(seq) = said.reply_to { <ReplyQuote room={event.room.clone()} {seq} /> }
                if let Some(group) = &said.alert {
                    { alert_card(group, said.count, words) }
                } else {
                    <MessageText text={said.text.clone()} is_plain={!said.format.is_markdown()} is_silent={said.silent} />
                }
                if let Some(count) = said.count.filter(|_| said.alert.is_none()) { <span class="line__count num" aria-label={fill(words.repeated_times, &[&count.to_string()])}>{ format!(" ×{count}") }</span> }
                if said.edited { <span class="line__state">{ words.edited }</span> }
            </>
        },
        EventBody::Invited(of) => html! { fill(words.ev_invited, &[of.user.as_str(), of.role.as_str()]) },
        EventBody::Removed(whom) => html! { fill(words.ev_removed, &[whom.user.as_str()]) },
        EventBody::RoleChanged(of) => html! { fill(words.ev_role, &[of.user.as_str(), of.role.as_str()]) },
        EventBody::Title(title) => html! { fill(words.ev_title, &[&sanitized(&title.text)]) },
        EventBody::Topic(topic) if topic.text.is_empty() => html! { words.ev_no_topic },
        EventBody::Topic(topic) => html! { fill(words.ev_topic, &[&sanitized(&topic.text)]) },
        EventBody::Archived(switch) => {
            html! { if switch.on { { words.ev_archived } } else { { words.ev_unarchived } } }
        }
        EventBody::Retention(days) if days.days == 0 => html! { words.ev_no_retention },
        EventBody::Retention(days) => html! { fill(words.ev_retention, &[&days.days.to_string()]) },
        EventBody::Command(command) => {
            let template = if command.version == 1 { words.ev_command_added } else { words.ev_command_changed };
            html! { <>{ fill(template, &[command.name.as_str()]) }{ " " }<code>{ sanitized(&command.cmd) }</code></> }
        }
        EventBody::RunProposed(_) => html! { <ProposalCard event={PtrEq(event.clone())} /> },
        EventBody::ApproveRule(switch) => {
            html! { if switch.on { { words.ev_approve_on } } else { { words.ev_approve_off } } }
        }
        EventBody::RunRefused(refused) => {
            let template = match refused.why {
                WhyNot::Refused => words.ev_refused,
                WhyNot::Withdrawn => words.ev_withdrawn,
                WhyNot::Expired => words.ev_expired,
            };
            html! { fill(template, &[&refused.n.to_string()]) }
        }
        EventBody::Right(rule) => html! { rule_words(rule, words) },
        EventBody::CommandRemoved(gone) => html! { fill(words.ev_command_removed, &[gone.name.as_str()]) },
        EventBody::Join => html! { words.joined },
        EventBody::Leave => html! { words.left },
        EventBody::RunStarted(_) => html! { <RunCard event={PtrEq(event.clone())} /> },
        EventBody::RunEnded(ended) => {
            let text = if ended.late { words.run_returned } else { words.run_ended };
            html! { fill(text, &[&ended.n.to_string(), &exit_words(&ended.exit, words), &duration(ended.ms)]) }
        }
        EventBody::FileAdded(_) => html! { <FileCard event={PtrEq(event.clone())} /> },
        EventBody::Other { kind, text } => match text {
            Some(text) => html! { <MessageText text={text.clone()} /> },
            None => html! { fill(words.unknown_event, &[kind]) },
        },
        other => html! { fill(words.unknown_event, &[other.kind()]) },
    }
}

fn rule_words(rule: &RightChanged, words: &Words) -> String {
    let (what, words) = (right_words(rule.right, words), words.runs);
    let user = rule.user.as_str();
    match (&rule.host, rule.on) {
        (None, true) => fill(words.ev_rule_made, &[user, what]),
        (None, false) => fill(words.ev_rule_removed, &[user, what]),
        (Some(host), true) => fill(words.ev_rule_made_on, &[user, what, &sanitized(host)]),
        (Some(host), false) => fill(words.ev_rule_removed_on, &[user, what, &sanitized(host)]),
    }
}

#[derive(PartialEq, Properties)]
struct ReplyQuoteProps {
    room: wardroom_client_core::protocol::RoomName,
    seq: u64,
}

/// The line that is replied to, if it is loaded.
#[component]
fn ReplyQuote(props: &ReplyQuoteProps) -> Html {
    let engine = use_topic(Topic::Model(wardroom_client_core::Change::Room(props.room.clone())));
    let words = use_words();
    let ui = use_ui();
    let quote = engine.read(|client| client.rooms().get(&props.room).map(|room| room.line(props.seq)));
    use_effect_with(
        (engine.clone(), quote == Some(Quote::Unknown), props.room.clone(), props.seq),
        |(engine, is_unknown, room, seq)| {
            if *is_unknown {
                engine.command(Command::LoadQuote { room: room.clone(), seq: *seq });
            }
        },
    );
    let quoted = match &quote {
        Some(Quote::Line(line)) => Some(line.clone()),
        _ => None,
    };
    let (who, first) = match quoted.as_deref() {
        Some(Event { by, body: EventBody::Message(said), .. }) if said.deleted => {
            (by.to_string(), words.deleted.to_owned())
        }
        Some(Event { by, body: EventBody::Message(said), .. }) => {
            (by.to_string(), said.text.lines().next().unwrap_or_default().chars().take(200).collect::<String>())
        }
        Some(Event { by, body: EventBody::RunStarted(run), .. }) => (by.to_string(), format!("$ {}", run.cmd)),
        Some(Event { by, body: EventBody::FileAdded(file), .. }) => (by.to_string(), file.path.as_str().to_owned()),
        _ => (String::new(), words.quoted_earlier.to_owned()),
    };
    let route = Route::Room(props.room.clone(), Some((props.seq, None)));
    let onclick = {
        let (room, seq) = (props.room.clone(), props.seq);
        Callback::from(move |event: MouseEvent| {
            if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                event.prevent_default();
                ui.dispatch(UiAction::JumpToLine(room.clone(), seq, None));
            }
        })
    };
    html! {
        <a class="line__quote" href={route.path()} {onclick} data-testid={testids::QUOTE}><b>{ if who.is_empty() { String::new() } else { engine.display_name(&who) } }</b>{ " " }{ sanitized(&first) }</a>
    }
}

/// Joins and settings folded into one line, which can be opened.
pub fn fold_row(
    events: &[std::sync::Arc<Event>],
    is_open: bool,
    on_toggle: Callback<MouseEvent>,
    words: &Words,
    who: impl Fn(&str) -> AttrValue,
) -> Html {
    let Summary { joined, left, changes } = summary(events);
    let names = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| who(name).to_string()).collect();
        Some(match name_list(&names)? {
            Names::One(a) => a.to_owned(),
            Names::Two(a, b) => fill(words.names_two, &[a, b]),
            Names::Three(a, b, c) => fill(words.names_three, &[a, b, c]),
            Names::More(a, b, others) => fill(words.names_more, &[a, b, &others.to_string()]),
        })
    };
    let mut parts = Vec::new();
    parts.extend(names(&joined).map(|names| fill(words.fold_joined, &[&names])));
    parts.extend(names(&left).map(|names| fill(words.fold_left, &[&names])));
    match changes {
        0 => {}
        1 => parts.push(words.fold_change.to_owned()),
        more => parts.push(fill(words.fold_changes, &[&more.to_string()])),
    }
    html! {
        <button class="fold" onclick={on_toggle} aria-expanded={is_open.to_string()} data-testid={testids::FOLD}>
            { parts.join(" · ") }{ icon(if is_open { Icon::Down } else { Icon::Forward }) }
        </button>
    }
}
