//! The panel on the right: running commands and transfers, the room's files, its people.

use std::sync::Arc;

use wardroom_client_core::protocol::messages::MemberInfo;
use wardroom_client_core::protocol::{Event, EventBody, RoomName, RunId};
use wardroom_client_core::{Change, Command, Run, RunState};
use yew::prelude::*;

use super::hosts::Hosts;
use super::named::{CommandButtons, use_named_commands};
use super::room_files::RoomFiles;
use super::transfers::Transfers;
use super::user_menu::role_words;
use crate::components::{Icon, icon, run_status};
use crate::engine::Topic;
use crate::hooks::{use_engine, use_tick, use_topic, use_ui, use_words};
use crate::limits::RECENT_MAX;
use crate::logic::route::file_path;
use crate::services::browser;
use crate::testids;
use crate::text::format::bytes;
use crate::text::sanitize::sanitized;
use crate::ui::{Drawer, PanelTab, UiAction};

#[derive(PartialEq, Properties)]
pub struct PanelProps {
    pub room: RoomName,
}

#[component]
pub fn Panel(props: &PanelProps) -> Html {
    let words = use_words();
    let ui = use_ui();
    let tab = |tab: PanelTab, said: &'static str, testid: &'static str| {
        let choose = {
            let ui = ui.clone();
            Callback::from(move |_| ui.dispatch(UiAction::ShowTab(tab)))
        };
        html! {
            <button class="tab" role="tab" aria-selected={(ui.tab == tab).to_string()} onclick={choose} data-testid={testid}>{ said }</button>
        }
    };
    let commands = use_named_commands(&props.room, true);
    let is_empty = use_is_empty(&props.room, ui.tab) && !commands.iter().any(|info| info.may);
    let close = {
        let ui = ui.clone();
        Callback::from(move |_| ui.dispatch(UiAction::Drawer(Drawer::None)))
    };
    html! {
        <aside class={classes!("panel", is_empty.then_some("panel--empty"))} aria-label={words.runs_files_people}>
            <div class="panel__head">
                <div class="tabs" role="tablist">
                    { tab(PanelTab::Activity, words.activity_tab, testids::TAB_ACTIVITY) }
                    { tab(PanelTab::Files, words.files_tab, testids::TAB_FILES) }
                    { tab(PanelTab::People, words.people_tab, testids::TAB_PEOPLE) }
                </div>
                <button class="button button--icon panel__close" onclick={close} aria-label={words.close} title={words.close}>{ icon(Icon::Close) }</button>
            </div>
            <div class="panel__body" role="tabpanel">
                {
                    match ui.tab {
                        PanelTab::Activity => html! { <><CommandButtons commands={commands} /><Activity room={props.room.clone()} /></> },
                        PanelTab::Files => html! { <><RoomFiles room={props.room.clone()} /><Transfers /></> },
                        PanelTab::People => html! { <People room={props.room.clone()} /> },
                    }
                }
            </div>
        </aside>
    }
}

/// True if there is nothing to show: then the timeline gets the panel's column.
#[hook]
fn use_is_empty(room: &RoomName, tab: PanelTab) -> bool {
    let engine = use_topic(Topic::Runs);
    use_topic(Topic::Uploads);
    use_topic(Topic::Model(Change::Room(room.clone())));
    use_runs(room);
    tab == PanelTab::Activity
        && engine.read(|client| {
            let has_file = |room: &Arc<wardroom_client_core::Room>| {
                room.timeline.events().any(|event| matches!(event.body, EventBody::FileAdded(_)))
            };
            client.uploads().next().is_none()
                && client.runs_of_room(room).next().is_none()
                && !client.rooms().get(room).is_some_and(has_file)
        })
}

/// Running commands, transfers, and what was recent.
#[component]
fn Activity(props: &PanelProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Runs);
    use_topic(Topic::Model(Change::Room(props.room.clone())));
    let runs: Vec<Arc<Run>> = engine.read(|client| {
        let of_room = |run: &&Arc<Run>| run.info.as_ref().is_some_and(|info| info.room == props.room);
        client.runs().values().filter(of_room).rev().cloned().collect()
    });
    let (running, over): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| run.state == RunState::Running);
    use_tick((!running.is_empty()).then_some(1_000));
    let files: Vec<Arc<Event>> = engine.read(|client| {
        let room = client.rooms().get(&props.room);
        let events = room.into_iter().flat_map(|room| room.timeline.events().rev());
        events.filter(|event| matches!(event.body, EventBody::FileAdded(_))).take(RECENT_MAX).cloned().collect()
    });
    let now_ms = engine.server_now_ms();
    let mut recent: Vec<(u64, String, Html)> = Vec::new();
    for run in over.iter().take(RECENT_MAX) {
        let at = run.info.as_ref().map_or(0, |info| info.at);
        recent.push((
            at,
            run.run.to_string(),
            html! { <RunItem key={run.run.to_string()} run={crate::hooks::PtrEq(run.clone())} {now_ms} /> },
        ));
    }
    for event in &files {
        recent.push((event.at, format!("f{}", event.seq), file_item(event)));
    }
    recent.sort_by_key(|(at, _, _)| std::cmp::Reverse(*at));
    recent.truncate(RECENT_MAX);
    html! {
        <>
            <div class="list">
                <div class="list__head"><span>{ words.running_head }</span><span class="num">{ if running.is_empty() { String::new() } else { running.len().to_string() } }</span></div>
                if running.is_empty() { <p class="list__empty">{ words.running_none }</p> }
                <div class="list">{ for running.iter().map(|run| html! { <RunItem key={run.run.to_string()} run={crate::hooks::PtrEq(run.clone())} {now_ms} /> }) }</div>
            </div>
            <Hosts />
            <Transfers />
            <div class="list">
                <div class="list__head"><span>{ words.recent_head }</span></div>
                if recent.is_empty() { <p class="list__empty">{ words.recent_none }</p> }
                <div class="list">{ for recent.into_iter().map(|(_, _, item)| item) }</div>
            </div>
        </>
    }
}

#[derive(PartialEq, Properties)]
struct RunItemProps {
    run: crate::hooks::PtrEq<Run>,
    now_ms: u64,
}

#[component]
fn RunItem(props: &RunItemProps) -> Html {
    let words = use_words();
    let ui = use_ui();
    let run = &props.run;
    let Some(info) = &run.info else { return Html::default() };
    let status = run_status(run, props.now_ms, words);
    let id: RunId = run.run;
    let cmd = crate::text::sanitize::sanitized(&info.cmd).into_owned();
    let onclick = Callback::from(move |_| ui.dispatch(UiAction::Output(Some(id))));
    html! {
        <button class="item" {onclick} title={cmd.clone()}>
            <span class="item__name item__name--lines">{ cmd }</span>
            <span class={classes!("state", status.class)} title={status.words.clone()}><span aria-hidden="true">{ status.symbol }{ " " }</span>{ status.words }</span>
            <span class="item__detail"><span class="item__text">
                { format!("r{} · {} · {} · {}", info.n, info.host, info.by, browser::local(info.at).hh_mm()) }
            </span></span>
        </button>
    }
}

fn file_item(event: &Event) -> Html {
    let EventBody::FileAdded(file) = &event.body else { return Html::default() };
    let path = file.path.as_str().to_owned();
    html! {
        <a key={format!("f{}", event.seq)} class="item" href={file_path(event.room.as_str(), &path)} download={file.path.file_name().to_owned()}>
            <span class="item__name" title={path.clone()}>{ &path }</span><span class="item__aside">{ bytes(file.size) }</span>
            <span class="item__detail"><span class="item__text">{ format!("{} · {}", event.by, browser::local(event.at).hh_mm()) }</span></span>
        </a>
    }
}

fn status(member: &MemberInfo) -> String {
    if member.status.is_empty() { String::new() } else { format!(" · {}", sanitized(&member.status)) }
}

/// The members of the room, those online first.
#[component]
fn People(props: &PanelProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::People(props.room.clone())));
    use_effect_with((engine.clone(), props.room.clone()), |(engine, room)| {
        engine.command(Command::LoadPeople { room: room.clone() });
    });
    let people = engine.read(|client| client.rooms().get(&props.room).and_then(|room| room.people.clone()));
    let Some(people) = people else { return html! { <p class="list__empty">{ words.loading }</p> } };
    let mut people: Vec<&MemberInfo> = people.iter().collect();
    people.sort_by_key(|member| (!member.here, member.name.to_lowercase()));
    let item = |member: &&MemberInfo| {
        let is_me = member.user.as_str() == engine.user();
        html! {
            <div key={member.user.as_str()} class="item" data-testid={testids::PERSON}>
                <span class="item__name item__name--person">
                    <i class={classes!("dot", member.here.then_some("dot--online"))} aria-hidden="true"></i>
                    { &member.name }{ if is_me { format!(" ({})", words.you) } else { String::new() } }
                </span>
                <span class="item__aside">{ if member.here { words.here } else { words.away } }</span>
                <span class="item__detail"><span class="item__text">{ format!("{} · {}", member.user, role_words(member.role, words)) }{ status(member) }</span></span>
            </div>
        }
    };
    html! {
        if people.is_empty() { <p class="list__empty">{ words.people_none }</p> }
        else { <div class="list">{ for people.iter().map(item) }</div> }
    }
}

/// Loads the last runs of the room, including those whose lines are not loaded.
#[hook]
fn use_runs(room: &RoomName) {
    let engine = use_engine();
    use_effect_with((engine, room.clone()), |(engine, room)| engine.command(Command::LoadRuns { room: room.clone() }));
}
