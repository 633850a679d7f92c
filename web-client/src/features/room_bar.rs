//! The bar above the timeline: which room, who is here, how the link stands.

use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::{Change, Command};
use yew::prelude::*;

use super::link_state::LinkState;
use crate::app::{Drawer, Tab, Topic, UiAct, UiHandle};
use crate::hooks::{use_tick, use_topic, use_words};
use crate::i18n::fill;
use crate::limits::PEOPLE_EVERY_MS;
use crate::services::browser;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct RoomBarProps {
    pub room: RoomName,
}

/// The bar.
#[component]
pub fn RoomBar(props: &RoomBarProps) -> Html {
    let words = use_words();
    let ui = use_context::<UiHandle>().expect("inside House");
    use_topic(Topic::Model(Change::People(props.room.clone())));
    let engine = use_topic(Topic::Model(Change::Rooms));
    let shown = engine.read(|client| client.rooms().get(&props.room).cloned());
    use_people(&props.room);
    let title = shown.as_ref().map(|room| room.info.title.clone()).unwrap_or_default();
    let here = shown.as_ref().and_then(|room| room.people.as_ref()).map(|p| p.iter().filter(|m| m.here).count());
    let here_words =
        here.map(|n| if n == 1 { words.here_one.to_owned() } else { fill(words.here_many, &[&n.to_string()]) });
    let unread: u64 = engine.read(|client| client.rooms().values().filter(|r| r.info.joined).map(|r| r.unread()).sum());
    use_effect_with((props.room.clone(), unread), |(room, unread)| {
        let count = if *unread > 0 { format!("({unread}) ") } else { String::new() };
        browser::document().set_title(&format!("{count}#{room} · Wardroom"));
    });
    let to = |act: UiAct| {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| {
            ui.dispatch(act.clone());
        })
    };
    let to_people = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| {
            ui.dispatch(UiAct::Tab(Tab::People));
            ui.dispatch(UiAct::Drawer(Drawer::Side));
        })
    };
    html! {
        <header class="bar">
            <button class="tool bar__back" onclick={to(UiAct::Drawer(Drawer::Rooms))} data-testid={testids::ROOMS_BACK}>{ words.rooms_back }</button>
            <h1 class="bar__name" data-testid={testids::ROOM_NAME}>{ format!("# {}", props.room) }</h1>
            <span class="bar__topic" title={title.clone()}>{ title }</span>
            if let Some(here) = here_words {
                <button class="bar__here num" onclick={to_people}>{ here }</button>
            }
            <LinkState />
            <button class="tool bar__side" onclick={to(UiAct::Drawer(Drawer::Side))} aria-label={words.runs_files_people}
                data-testid={testids::SIDE_OPEN}>{ words.now_tab }</button>
        </header>
    }
}

/// Asks who is here when the room comes up, and now and then after it: presence is not told in this version.
#[hook]
fn use_people(room: &RoomName) {
    let engine = use_topic(Topic::Model(Change::Link));
    let is_up = engine.read(|client| client.link().is_up());
    use_tick(Some(PEOPLE_EVERY_MS));
    let minute = browser::now_ms() / u64::from(PEOPLE_EVERY_MS);
    use_effect_with((room.clone(), is_up, minute), move |(room, is_up, _)| {
        if *is_up {
            engine.command(Command::LoadPeople { room: room.clone() });
        }
    });
}
