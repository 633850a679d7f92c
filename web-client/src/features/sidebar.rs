//! The sidebar: rooms with their unread counts, rooms to join, and the user menu.

use std::sync::Arc;

use wardroom_client_core::protocol::Role;
use wardroom_client_core::protocol::messages::RoomInfo;
use wardroom_client_core::{Change, Command, Room};
use yew::prelude::*;

use super::notify_prompt::NotifyPrompt;
use super::user_menu::UserMenu;
use crate::components::{Badge, Icon, icon};
use crate::engine::{Engine, Topic};
use crate::hooks::{PtrEq, use_topic, use_ui, use_words};
use crate::i18n::Words;
use crate::logic::route::Route;
use crate::services::browser;
use crate::testids;
use crate::ui::{Dialog, UiAction};

#[derive(PartialEq, Properties)]
pub struct SidebarProps {
    /// The session has ended.
    pub on_signed_out: Callback<Option<AttrValue>>,
}

#[component]
pub fn Sidebar(props: &SidebarProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::Rooms));
    use_topic(Topic::Model(Change::Connection));
    let ui = use_ui();
    use_topic(Topic::Model(Change::Room(ui.room.clone())));
    use_topic(Topic::Model(Change::People(Engine::company_room())));
    let is_up = engine.read(|client| client.connection().is_up());
    use_effect_with(is_up, {
        let engine = engine.clone();
        move |is_up| {
            if *is_up {
                engine.command(Command::LoadRooms);
                // Direct messages are named after people.
                engine.load_all_users();
            }
        }
    });
    let rooms: Vec<Arc<Room>> = engine.read(|client| client.rooms().values().cloned().collect());
    let may_make = engine.read(|client| client.you().is_some_and(|you| you.role >= Role::Member));
    let (dms, rooms): (Vec<_>, Vec<_>) = rooms.into_iter().partition(|room| !room.info.dm.is_empty());
    // Archived rooms are listed with the others, below.
    let (joined, others): (Vec<_>, Vec<_>) =
        rooms.into_iter().partition(|room| room.info.joined && !room.info.archived);
    let host = browser::window().location().host().unwrap_or_default();
    let item = |room: &Arc<Room>| {
        html! {
            <RoomLink key={room.info.room.as_str()} room={PtrEq(room.clone())} is_open={room.info.room == ui.room}
                called={engine.room_name(&room.info)} is_here={!room.info.dm.is_empty() && engine.is_dm_here(&room.info)} />
        }
    };
    let open = |dialog: Dialog| {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(UiAction::Dialog(Some(dialog.clone()))))
    };
    html! {
        <nav class="sidebar" aria-label={words.rooms} data-testid={testids::SIDEBAR}>
            <div class="sidebar__brand">{ "Wardroom" }<span class="sidebar__host">{ host }</span></div>
            <button class="sidebar__jump" onclick={open(Dialog::Jump(String::new()))} aria-keyshortcuts="Control+K Meta+K" data-testid={testids::JUMP}>
                { icon(Icon::Search) }<span>{ words.jump_button }</span><span class="kbd" aria-hidden="true">{ browser::jump_key() }</span></button>
            <div class="sidebar__head">{ words.rooms_head }
                if may_make {
                    <button class="sidebar__add" onclick={open(Dialog::NewRoom)} aria-label={words.room_new} title={words.room_new} data-testid={testids::ROOM_NEW}>{ icon(Icon::Add) }</button>
                }
            </div>
            <div class="sidebar__list">{ for joined.iter().map(item) }</div>
            <div class="sidebar__head">{ words.dms_head }
                if may_make {
                    <button class="sidebar__add" onclick={open(Dialog::NewDm)} aria-label={words.dm_new} title={words.dm_new} data-testid={testids::DM_NEW}>{ icon(Icon::Add) }</button>
                }
            </div>
            <div class="sidebar__list">{ for dms.iter().map(item) }</div>
            if !others.is_empty() {
                <div class="sidebar__head">{ words.others_head }</div>
                <div class="sidebar__list">{ for others.iter().map(item) }</div>
            }
            <div class="sidebar__foot"><NotifyPrompt /><UserMenu on_signed_out={props.on_signed_out.clone()} /></div>
        </nav>
    }
}

#[derive(PartialEq, Properties)]
struct RoomLinkProps {
    room: PtrEq<Room>,
    is_open: bool,
    called: String,
    is_here: bool,
}

#[component]
fn RoomLink(props: &RoomLinkProps) -> Html {
    let words = use_words();
    let ui = use_ui();
    let info = &props.room.info;
    let unread = if info.joined && !props.is_open { props.room.unread() } else { 0 };
    let class = classes!("room", props.is_open.then_some("room--open"), (unread > 0).then_some("room--unread"));
    let onclick = {
        let room = info.room.clone();
        Callback::from(move |event: MouseEvent| {
            // With a modifier key, let the browser open a tab or window, as for any link.
            if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                event.prevent_default();
                ui.dispatch(UiAction::OpenRoom(room.clone()));
            }
        })
    };
    html! {
        <a {class} {onclick} href={Route::Room(info.room.clone(), None).path()} aria-current={props.is_open.then_some("page")}
            data-testid={testids::ROOM_LINK} data-room={info.room.to_string()} title={info.title.clone()}>
            <span class="room__icon">{ room_icon(info, props.is_here, words) }</span>
            <span class="room__name">{ props.called.trim_start_matches('#') }</span>
            if info.archived {
                <span class="room__join muted">{ words.archived }</span>
            } else if !info.joined {
                <span class="room__join">{ words.join }</span>
            } else {
                <Badge unread={(unread, info.mentions)} />
            }
        </a>
    }
}

fn room_icon(info: &RoomInfo, is_here: bool, words: &Words) -> Html {
    if !info.dm.is_empty() {
        return html! { <i class={classes!("dot", is_here.then_some("dot--online"))} role="img" aria-label={if is_here { words.here } else { words.away }}></i> };
    }
    if info.private {
        html! { <span role="img" aria-label={words.private}>{ icon(Icon::Lock) }</span> }
    } else {
        icon(Icon::Hash)
    }
}
