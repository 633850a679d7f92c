//! The hosts: the list in the panel, and the hook that loads them for whoever chooses one.

use gloo_timers::callback::Interval;
use wardroom_client_core::protocol::messages::{Answer, HostInfo, HostList, HostListed};
use yew::prelude::*;

use crate::hooks::{use_engine, use_page_focus, use_words};
use crate::limits::HOSTS_EVERY_MS;
use crate::services::browser;
use crate::testids;
use crate::text::format::bytes;
use crate::text::sanitize::sanitized;

/// Returns the hosts, once they have arrived; none for those who may not run commands. With `again`, they are loaded again
/// as long as the page has the focus.
#[hook]
pub fn use_hosts(again: bool) -> UseStateHandle<Vec<HostInfo>> {
    let engine = use_engine();
    let hosts = use_state_eq(Vec::<HostInfo>::new);
    let is_looked_at = use_page_focus();
    use_effect_with(is_looked_at, {
        let hosts = hosts.setter();
        move |is_looked_at| {
            let load = move || {
                let hosts = hosts.clone();
                let on = Callback::from(move |answer: Result<Answer, _>| {
                    let list = answer.ok().and_then(|answer| answer.fields::<HostListed>().ok());
                    hosts.set(list.map(|list| list.hosts).unwrap_or_default());
                });
                engine.request(HostList::default(), on);
            };
            load();
            let interval = (again && *is_looked_at).then(|| Interval::new(HOSTS_EVERY_MS, load));
            move || drop(interval)
        }
    });
    hosts
}

/// The list of hosts, with how they are.
#[component]
pub fn Hosts() -> Html {
    let words = use_words();
    let hosts = use_hosts(true);
    if hosts.is_empty() {
        return Html::default();
    }
    let item = |info: &HostInfo| {
        let mut facts: Vec<String> = Vec::new();
        let number = |template: &str, value: &str| crate::i18n::fill(template, &[value]);
        if let Some(status) = info.status {
            let of = status.cpus.map_or_else(String::new, |cpus| format!(" / {cpus}"));
            facts.extend(status.load.map(|load| number(words.runs.host_load, &format!("{load:.2}{of}"))));
            facts.extend(status.free_bytes.map(|free| number(words.runs.host_free, &bytes(free))));
        }
        if let Some(seen) = info.seen {
            let at = browser::local(seen);
            facts.push(number(words.runs.host_seen, &at.hh_mm()));
        }
        facts.extend(info.labels.iter().map(|(key, value)| sanitized(&format!("{key}={value}")).into_owned()));
        facts.extend(info.version.as_deref().map(|version| sanitized(version).into_owned()));
        let running =
            if info.runs == 0 { String::new() } else { number(words.runs.host_running, &info.runs.to_string()) };
        html! {
            <div key={info.host.clone()} class="item" data-testid={testids::HOST}>
                <span class="item__name item__name--person">
                    <i class={classes!("dot", info.connected.then_some("dot--online"))} aria-hidden="true"></i>
                    { sanitized(&info.host) }
                </span>
                <span class="item__aside">{ if info.connected { running } else { words.runs.host_away.to_owned() } }</span>
                <span class="item__detail"><span class="item__text">{ facts.join(" · ") }</span></span>
            </div>
        }
    };
    html! {
        <div class="list">
            <div class="list__head"><span>{ words.runs.hosts_head }</span></div>
            <div class="list">{ for hosts.iter().map(item) }</div>
        </div>
    }
}
