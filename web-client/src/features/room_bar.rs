//! The bar above the timeline: the room, who is online, the connection.

use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::{Change, Command};
use yew::prelude::*;

use super::connection_status::ConnectionStatus;
use crate::components::{Icon, icon};
use crate::engine::{Engine, Topic};
use crate::hooks::{use_topic, use_ui, use_words};
use crate::i18n::fill;
use crate::services::browser;
use crate::testids;
use crate::ui::{Dialog, Drawer, PanelTab, UiAction};

#[derive(PartialEq, Properties)]
pub struct RoomBarProps {
    pub room: RoomName,
}

#[component]
pub fn RoomBar(props: &RoomBarProps) -> Html {
    let words = use_words();
    let ui = use_ui();
    use_topic(Topic::Model(Change::People(props.room.clone())));
    let engine = use_topic(Topic::Model(Change::Rooms));
    let shown = engine.read(|client| client.rooms().get(&props.room).cloned());
    use_people(&props.room);
    let called = engine.room_label(&props.room);
    let title = shown.as_ref().map(|room| match (room.info.title.as_str(), room.info.topic.as_str()) {
        (title, "") => title.to_owned(),
        ("", topic) => topic.to_owned(),
        (title, topic) => format!("{title} · {topic}"),
    });
    let title = crate::text::sanitize::sanitized(&title.unwrap_or_default()).into_owned();
    let here = shown.as_ref().and_then(|room| room.people.as_ref()).map(|p| p.iter().filter(|m| m.here).count());
    let here_words =
        here.map(|n| if n == 1 { words.online_one.to_owned() } else { fill(words.online_many, &[&n.to_string()]) });
    use_page_title(&engine, &called);
    let to = |act: UiAction| {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| {
            ui.dispatch(act.clone());
        })
    };
    let to_people = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| {
            ui.dispatch(UiAction::ShowTab(PanelTab::People));
            ui.dispatch(UiAction::Drawer(Drawer::Panel));
        })
    };
    html! {
        <header class="room-bar">
            <button class="button button--icon room-bar__back" onclick={to(UiAction::Drawer(Drawer::Sidebar))} aria-label={words.rooms} title={words.rooms}
                data-testid={testids::SIDEBAR_OPEN}>{ icon(Icon::Menu) }</button>
            <h1 class="room-bar__name" data-testid={testids::ROOM_NAME}>{ called.strip_prefix('#').map_or_else(|| called.clone(), |name| format!("# {name}")) }</h1>
            <span class="room-bar__topic" title={title.clone()}>{ title }</span>
            if let Some(here) = here_words {
                <button class="room-bar__online num" onclick={to_people}>{ here }</button>
            }
            <button class="button button--icon room-bar__search" onclick={to(UiAction::Dialog(Some(Dialog::Jump(String::new()))))} aria-label={words.search} title={words.search}>
                { icon(Icon::Search) }
            </button>
            <button class="button button--icon" onclick={to(UiAction::Dialog(Some(Dialog::RoomSettings("general"))))} aria-label={words.room_settings} title={words.room_settings}
                data-testid={testids::ROOM_SETTINGS_OPEN}>{ icon(Icon::Settings) }</button>
            <ConnectionStatus />
            <button class="button button--icon room-bar__panel" onclick={to(UiAction::Drawer(Drawer::Panel))} aria-label={words.runs_files_people} title={words.runs_files_people}
                data-testid={testids::PANEL_OPEN}>{ icon(Icon::Panel) }</button>
        </header>
    }
}

/// Shows the unread count in the page's title and icon.
#[hook]
fn use_page_title(engine: &Engine, called: &str) {
    let (unread, mentions) = engine.read(|client| {
        let joined = client.rooms().values().filter(|room| room.info.joined && !room.info.archived);
        joined.fold((0_u64, 0_u64), |(unread, mentions), room| {
            let is_dm = !room.info.dm.is_empty();
            let names = if is_dm { room.unread() } else { room.info.mentions };
            (unread.saturating_add(room.unread()), mentions.saturating_add(names))
        })
    });
    use_effect_with((called.to_owned(), unread, mentions), |(called, unread, mentions)| {
        let count = match (*mentions, *unread) {
            (0, 0) => String::new(),
            (0, unread) => format!("({unread}) "),
            (mentions, _) => format!("(@{mentions}) "),
        };
        browser::document().set_title(&format!("{count}{called} · Wardroom"));
        browser::set_icon(if *mentions > 0 {
            "icons/wardroom-named.svg"
        } else if *unread > 0 {
            "icons/wardroom-unread.svg"
        } else {
            "icons/wardroom.svg"
        });
    });
}

/// Loads the members when the room opens and after each reconnect; in between the server sends updates.
#[hook]
fn use_people(room: &RoomName) {
    let engine = use_topic(Topic::Model(Change::Connection));
    let is_up = engine.read(|client| client.connection().is_up());
    use_effect_with((room.clone(), is_up), move |(room, is_up)| {
        if *is_up {
            engine.command(Command::LoadPeople { room: room.clone() });
        }
    });
}
