//! The house: what one sees when signed in. Owns the engine and what is open; features do the rest.

use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::protocol::messages::You;
use wardroom_client_core::{Change, Command, Link};
use yew::prelude::*;

use super::engine::Engine;
use super::topics::Topic;
use super::ui::{Drawer, Tab, Ui, UiAct, UiHandle};
use crate::features::timeline::Reading;
use crate::features::{
    composer::{Below, focus_composer},
    drop_zone::DropZone,
    full::Full,
    rail::Rail,
    room_bar::RoomBar,
    side::Side,
};
use crate::hooks::{use_topic, use_words};
use crate::i18n::fill;
use crate::logic::route::Route;
use crate::services::listen::Listener;
use crate::services::{browser, storage};

/// Who is signed in, and what to do when nobody is any more.
#[derive(PartialEq, Properties)]
pub struct HouseProps {
    /// Who.
    pub you: You,
    /// The session is over, and perhaps why.
    pub on_out: Callback<Option<AttrValue>>,
}

/// The house with its engine.
#[component]
pub fn House(props: &HouseProps) -> Html {
    let engine = use_memo(props.you.user.clone(), |_| Engine::new(&props.you));
    html! {
        <ContextProvider<Engine> context={(*engine).clone()}>
            <Shell on_out={props.on_out.clone()} />
        </ContextProvider<Engine>>
    }
}

#[derive(PartialEq, Properties)]
struct ShellProps {
    on_out: Callback<Option<AttrValue>>,
}

#[component]
fn Shell(props: &ShellProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::Link));
    let ui = use_reducer({
        let engine = engine.clone();
        move || Ui { room: first_room(&engine), drawer: Drawer::None, tab: Tab::Now, full: None }
    });
    use_wake(&engine);
    use_address(&engine, &ui);
    let link = engine.read(|client| client.link());
    use_effect_with(link, {
        let on_out = props.on_out.clone();
        move |link| {
            if let Link::SignedOut { why } = link {
                on_out.emit(Some(fill(words.ended_session, &[why]).into()));
            }
        }
    });
    let onkeydown = {
        let ui = ui.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" && !event.is_composing() {
                ui.dispatch(if ui.full.is_some() { UiAct::Full(None) } else { UiAct::Drawer(Drawer::None) });
            }
        })
    };
    let close = {
        let ui = ui.clone();
        Callback::from(move |_| ui.dispatch(UiAct::Drawer(Drawer::None)))
    };
    let drawer = match ui.drawer {
        Drawer::None => None,
        Drawer::Rooms => Some("app--rooms"),
        Drawer::Side => Some("app--side"),
    };
    let room = ui.room.clone();
    html! {
        <ContextProvider<UiHandle> context={ui.clone()}>
            <div class={classes!("app", drawer)} {onkeydown}>
                <button class="skip tool" onclick={Callback::from(|_| focus_composer())}>{ words.skip_to_composer }</button>
                <Rail on_out={props.on_out.clone()} />
                <main class="main">
                    <RoomBar room={room.clone()} />
                    <Reading key={room.as_str()} room={room.clone()} />
                    <Below room={room.clone()} />
                </main>
                <Side room={room.clone()} />
                <div class="veil" onclick={close}></div>
                if let Some(run) = ui.full {
                    <Full key={run.to_string()} {run} />
                }
                <DropZone {room} />
            </div>
        </ContextProvider<UiHandle>>
    }
}

/// The room that the address names, else the last one, else the one that everybody is in.
fn first_room(engine: &Engine) -> RoomName {
    let kept = || storage::read(&storage::key_of(engine.user(), "room")).and_then(|name| RoomName::parse(&name).ok());
    match browser::route() {
        Route::Room(room) => room,
        Route::Home => kept().unwrap_or_else(|| RoomName::parse("general").expect("a name")),
    }
}

/// The network came back, or somebody looks at the page again: a connection that is dead is found out at once.
#[hook]
fn use_wake(engine: &Engine) {
    use_effect_with(engine.clone(), |engine| {
        let on = |target: &web_sys::EventTarget, name, command: Command| {
            let engine = engine.clone();
            Listener::new(target, name, move |_| {
                if name != "visibilitychange" || browser::is_visible() {
                    engine.command(command.clone());
                }
            })
        };
        let window = browser::window();
        let listeners = [
            on(&window, "online", Command::ReconnectNow),
            on(&window, "offline", Command::Probe),
            on(&window, "pageshow", Command::Probe),
            on(&browser::document(), "visibilitychange", Command::Probe),
        ];
        move || drop(listeners)
    });
}

/// The address bar follows the room, and the room follows the way back.
#[hook]
fn use_address(engine: &Engine, ui: &UiHandle) {
    use_effect_with(ui.room.clone(), {
        let engine = engine.clone();
        move |room| {
            let route = Route::Room(room.clone());
            let here = browser::route();
            if here != route {
                browser::set_route(&route, here != Route::Home);
            }
            storage::write(&storage::key_of(engine.user(), "room"), Some(room.as_str()));
        }
    });
    use_effect_with((), {
        let ui = ui.dispatcher();
        move |()| {
            let listener = Listener::new(&browser::window(), "popstate", move |_| {
                if let Route::Room(room) = browser::route() {
                    ui.dispatch(UiAct::Go(room));
                }
            });
            move || drop(listener)
        }
    });
}
