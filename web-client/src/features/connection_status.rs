//! The state of the connection, always visible and in words.

use wardroom_client_core::{Change, Command, ConnectionState};
use yew::prelude::*;

use crate::engine::Topic;
use crate::hooks::{use_tick, use_topic, use_words};
use crate::i18n::{Words, fill};
use crate::services::browser;
use crate::testids;

/// The state, with a button to reconnect.
#[component]
pub fn ConnectionStatus() -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::Connection));
    let connection = engine.read(|client| client.connection());
    // The countdown changes every second.
    use_tick(
        matches!(connection, ConnectionState::Reconnecting { .. } | ConnectionState::OutOfDate { .. }).then_some(500),
    );
    let (word, dot, class) = appearance(&connection);
    let action = match connection {
        ConnectionState::Reconnecting { .. } => Some(words.connection_retry_now),
        ConnectionState::OutOfDate { .. } => Some(words.connection_reconnect),
        _ => None,
    };
    let onclick = Callback::from(move |_| engine.command(Command::ReconnectNow));
    html! {
        <span class={classes!("connection", class)} data-testid={testids::CONNECTION} data-state={word}>
            <i class={classes!("dot", dot)} aria-hidden="true"></i>
            <span class="connection__text" aria-hidden="true">{ sentence(&connection, words) }</span>
            // Announce each state once: a countdown read out every second would drown everything else.
            <span class="visually-hidden" role="status" aria-label={words.connection_label}>{ announcement(&connection, words) }</span>
            if let Some(action) = action {
                <button class="connection__retry" {onclick} data-testid={testids::RECONNECT}>{ action }</button>
            }
        </span>
    }
}

/// The state without the countdown.
fn announcement(connection: &ConnectionState, words: &Words) -> String {
    match connection {
        ConnectionState::Reconnecting { .. } => words.connection_reconnecting.to_owned(),
        ConnectionState::CatchingUp { .. } => words.connection_connecting.to_owned(),
        other => sentence(other, words),
    }
}

fn appearance(connection: &ConnectionState) -> (&'static str, &'static str, Option<&'static str>) {
    match connection {
        ConnectionState::Live => ("live", "dot--online", None),
        ConnectionState::Connecting => ("connecting", "dot--warning", None),
        ConnectionState::CatchingUp { .. } => ("catching-up", "dot--warning", None),
        ConnectionState::Reconnecting { .. } => ("reconnecting", "dot--warning", Some("connection--warning")),
        ConnectionState::OutOfDate { .. } => ("out-of-date", "dot--error", Some("connection--error")),
        ConnectionState::SignedOut { .. } => ("signed-out", "dot--error", Some("connection--error")),
        ConnectionState::Stopped => ("stopped", "dot--error", None),
    }
}

fn sentence(connection: &ConnectionState, words: &Words) -> String {
    match connection {
        ConnectionState::Live => words.connection_live.to_owned(),
        ConnectionState::Connecting => words.connection_connecting.to_owned(),
        ConnectionState::CatchingUp { left } => fill(words.connection_catching_up, &[&left.to_string()]),
        ConnectionState::Reconnecting { at_ms, .. } => match at_ms.saturating_sub(browser::now_ms()).div_ceil(1000) {
            0 => words.connection_reconnecting.to_owned(),
            s => fill(words.connection_reconnecting_in, &[&s.to_string()]),
        },
        ConnectionState::OutOfDate { since_ms, .. } => {
            fill(words.connection_offline_since, &[&browser::local(*since_ms).hh_mm()])
        }
        ConnectionState::SignedOut { .. } => words.connection_signed_out.to_owned(),
        ConnectionState::Stopped => words.connection_closed.to_owned(),
    }
}
