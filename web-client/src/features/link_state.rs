//! The state of the link, always in sight and in words.

use wardroom_client_core::{Change, Command, Link};
use yew::prelude::*;

use crate::app::Topic;
use crate::hooks::{use_tick, use_topic, use_words};
use crate::i18n::{Words, fill};
use crate::services::browser;
use crate::testids;

/// The state, and a button where one can do something about it.
#[component]
pub fn LinkState() -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::Link));
    let link = engine.read(|client| client.link());
    // A countdown moves by itself.
    use_tick(matches!(link, Link::Reconnecting { .. } | Link::OutOfDate { .. }).then_some(500));
    let (word, dot, class) = look(&link);
    let way_out = match link {
        Link::Reconnecting { .. } => Some(words.link_now),
        Link::OutOfDate { .. } => Some(words.link_reconnect),
        _ => None,
    };
    let onclick = Callback::from(move |_| engine.command(Command::ReconnectNow));
    html! {
        <span class={classes!("state-of-link", class)} data-testid={testids::LINK_STATE} data-state={word}>
            <i class={classes!("dot", dot)} aria-hidden="true"></i>
            <span class="state-of-link__words" aria-hidden="true">{ sentence(&link, words) }</span>
            // A countdown that is read out each second drowns everything else: screen readers hear each state once.
            <span class="unseen" role="status" aria-label={words.link_label}>{ said_once(&link, words) }</span>
            if let Some(way_out) = way_out {
                <button class="state-of-link__now" {onclick} data-testid={testids::LINK_NOW}>{ way_out }</button>
            }
        </span>
    }
}

/// The state without what counts.
fn said_once(link: &Link, words: &Words) -> String {
    match link {
        Link::Reconnecting { .. } => words.link_reconnecting.to_owned(),
        Link::CatchingUp { .. } => words.link_connecting.to_owned(),
        other => sentence(other, words),
    }
}

fn look(link: &Link) -> (&'static str, &'static str, Option<&'static str>) {
    match link {
        Link::Live => ("live", "dot--here", None),
        Link::Connecting => ("connecting", "dot--wait", None),
        Link::CatchingUp { .. } => ("catching-up", "dot--wait", None),
        Link::Reconnecting { .. } => ("reconnecting", "dot--wait", Some("state-of-link--wait")),
        Link::OutOfDate { .. } => ("out-of-date", "dot--bad", Some("state-of-link--bad")),
        Link::SignedOut { .. } => ("signed-out", "dot--bad", Some("state-of-link--bad")),
        Link::Stopped => ("stopped", "dot--bad", None),
    }
}

fn sentence(link: &Link, words: &Words) -> String {
    match link {
        Link::Live => words.link_live.to_owned(),
        Link::Connecting => words.link_connecting.to_owned(),
        Link::CatchingUp { left } => fill(words.link_catching_up, &[&left.to_string()]),
        Link::Reconnecting { at_ms, .. } => match at_ms.saturating_sub(browser::now_ms()).div_ceil(1000) {
            0 => words.link_reconnecting.to_owned(),
            s => fill(words.link_reconnecting_in, &[&s.to_string()]),
        },
        Link::OutOfDate { since_ms, .. } => fill(words.link_out_of_date, &[&browser::local(*since_ms).hh_mm()]),
        Link::SignedOut { .. } => words.link_signed_out.to_owned(),
        Link::Stopped => words.link_stopped.to_owned(),
    }
}
