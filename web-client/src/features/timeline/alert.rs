//! A group of alerts as a card: a bar in the colour of its severity, the firing alerts, and links. It stays the same
//! card once it is resolved.

use wardroom_client_core::protocol::event::{Alert, AlertGroup, AlertStatus, Level, level};
use yew::prelude::*;

use crate::components::{Icon, icon};
use crate::i18n::{Words, fill};
use crate::testids;

fn sanitized(text: &str) -> String {
    crate::text::sanitize::sanitized(text).into_owned()
}

/// The card. `count`: how often the group was reported, if more than once.
pub fn alert_card(group: &AlertGroup, count: Option<u64>, words: &'static Words) -> Html {
    let is_firing = group.status == AlertStatus::Firing;
    let look = match level(group.severity.as_deref()) {
        _ if !is_firing => "alert--resolved",
        Level::Info => "alert--info",
        Level::Warning => "alert--warning",
        Level::Critical => "alert--critical",
    };
    let (state, sign, says) = match is_firing {
        true => ("state--error", Icon::Alert, fill(words.alert_firing, &[&group.firing.to_string()])),
        false => ("state--success", Icon::Passed, words.alert_resolved.to_owned()),
    };
    html! {
        <article class={classes!("card", "alert", look)} aria-label={sanitized(&group.name)} data-testid={testids::ALERT} data-state={if is_firing { "firing" } else { "resolved" }}>
            <div class="card__head">
                <div class="card__main">
                    <span class="alert__name">{ sanitized(&group.name) }</span>
                    <span class="card__meta">
                        <span class={classes!("state", "chip", state)}>{ icon(sign) }{ says }</span>
                        if let Some(severity) = &group.severity { <span>{ sanitized(severity) }</span> }
                        if let Some(count) = count { <span class="num" aria-label={fill(words.repeated_times, &[&count.to_string()])}>{ format!("×{count}") }</span> }
                    </span>
                </div>
            </div>
            <ul class="alert__list">
                { for group.alerts.iter().map(entry) }
                if group.more > 0 { <li class="muted">{ fill(words.alert_more, &[&group.more.to_string()]) }</li> }
            </ul>
            if group.runbook.is_some() || group.url.is_some() {
                <div class="card__foot">
                    { link(group.runbook.as_deref(), words.alert_runbook) }
                    { link(group.url.as_deref(), words.alert_open) }
                </div>
            }
        </article>
    }
}

fn entry(alert: &Alert) -> Html {
    let labels: Vec<String> = alert.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let labels = labels.join(" ");
    let sign = if alert.status == AlertStatus::Firing { "alert__dot" } else { "alert__dot alert__dot--resolved" };
    html! {
        <li class="alert__entry">
            <span class={sign} aria-hidden="true"></span>
            <span>{ sanitized(&alert.summary) }{ " " }<span class="alert__labels">{ sanitized(&labels) }</span></span>
        </li>
    }
}

/// A link; only http and https are allowed.
fn link(url: Option<&str>, says: &'static str) -> Html {
    let is_web = |url: &&str| url.starts_with("https://") || url.starts_with("http://");
    match url.filter(is_web) {
        Some(url) => html! {
            <a class="text-button" href={url.to_owned()} target="_blank" rel="noopener noreferrer nofollow" title={url.to_owned()}>{ icon(Icon::Open) }{ says }</a>
        },
        None => Html::default(),
    }
}
