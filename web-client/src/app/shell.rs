//! The signed-in page: provides the engine and the UI state, and lays out the features.

use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::protocol::messages::You;
use wardroom_client_core::{Change, Command, ConnectionState};
use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::frame::{RoomFrame, footer_frame, panel_frame, sidebar_frame};
use super::notify::use_notifications;
use super::run_ends::use_run_ends;
use crate::engine::Topic;
use crate::engine::{Engine, NoticeKind};
use crate::features::timeline::Timeline;
use crate::features::{
    composer::{RoomFooter, focus_composer},
    dialogs::Dialogs,
    drop_zone::DropZone,
    output_view::OutputView,
    panel::Panel,
    room_bar::RoomBar,
    sidebar::Sidebar,
    terminal::TerminalPanel,
};
use crate::hooks::{use_step, use_topic, use_words};
use crate::logic::route::{Line, Route};
use crate::services::listener::Listener;
use crate::services::{browser, storage};
use crate::ui::{ComposeMode, Dialog, Drawer, LineTarget, PanelTab, Ui, UiAction, UiHandle};

#[derive(PartialEq, Properties)]
pub struct EngineProviderProps {
    /// The signed-in user.
    pub you: You,
    /// The session has ended, and perhaps why.
    pub on_signed_out: Callback<Option<AttrValue>>,
    /// An invite was opened, which is meant for somebody without an account.
    pub has_invite: bool,
}

/// Starts the engine and provides it to everything inside.
#[component]
pub fn EngineProvider(props: &EngineProviderProps) -> Html {
    let engine = use_memo(props.you.user.clone(), |_| Engine::new(&props.you));
    use_effect_with(props.has_invite, {
        let engine = engine.clone();
        move |has_invite| {
            if *has_invite {
                engine.show_notice(NoticeKind::InviteWhileIn);
            }
        }
    });
    html! {
        <ContextProvider<Engine> context={(*engine).clone()}>
            <Shell on_signed_out={props.on_signed_out.clone()} />
        </ContextProvider<Engine>>
    }
}

#[derive(PartialEq, Properties)]
struct ShellProps {
    on_signed_out: Callback<Option<AttrValue>>,
}

#[component]
fn Shell(props: &ShellProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::Connection));
    let ui = use_reducer({
        let engine = engine.clone();
        move || {
            let (room, at) = first_room(&engine);
            Ui {
                room,
                target: at.map(|(seq, off)| LineTarget { seq, off, nth: 0 }),
                drawer: Drawer::None,
                tab: PanelTab::Activity,
                output: None,
                terminal: None,
                plays: false,
                compose_mode: ComposeMode::New,
                dialog: None,
            }
        }
    });
    use_wake(&engine);
    use_address(&engine, &ui);
    use_keys(&engine, &ui);
    use_notifications(&engine, &ui);
    use_run_ends(&engine, &ui);
    let connection = engine.read(|client| client.connection());
    use_effect_with(connection, {
        let on_signed_out = props.on_signed_out.clone();
        move |connection| {
            if let ConnectionState::SignedOut { .. } = connection {
                on_signed_out.emit(Some(words.session_ended.into()));
            }
        }
    });
    let onkeydown = {
        let ui = ui.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" && !browser::is_composing(&event) {
                ui.dispatch(if ui.output.is_some() { UiAction::Output(None) } else { UiAction::Drawer(Drawer::None) });
            }
        })
    };
    let close = {
        let ui = ui.clone();
        Callback::from(move |_| ui.dispatch(UiAction::Drawer(Drawer::None)))
    };
    let drawer = match ui.drawer {
        Drawer::None => None,
        Drawer::Sidebar => Some("app--sidebar"),
        Drawer::Panel => Some("app--panel"),
    };
    let room = ui.room.clone();
    // The room is drawn first, then what stands beside it.
    let step = use_step(4);
    html! {
        <ContextProvider<UiHandle> context={ui.clone()}>
            <div class={classes!("app", drawer)} {onkeydown}>
                <button class="skip button" onclick={Callback::from(|_| focus_composer())}>{ words.skip_to_composer }</button>
                if step > 2 { <Sidebar on_signed_out={props.on_signed_out.clone()} /> } else { { sidebar_frame() } }
                if step > 0 {
                    <main class="main">
                        <RoomBar room={room.clone()} />
                        <Timeline key={room.as_str()} room={room.clone()} />
                        if step > 1 { <RoomFooter room={room.clone()} /> } else { { footer_frame() } }
                    </main>
                } else {
                    <RoomFrame />
                }
                if step > 3 { <Panel room={room.clone()} /> } else { { panel_frame() } }
                if let Some(run) = ui.terminal {
                    <TerminalPanel key={run.to_string()} {run} plays={ui.plays} />
                }
                <div class="backdrop" onclick={close}></div>
                if let Some((run, at)) = ui.output {
                    <OutputView key={run.to_string()} {run} {at} />
                }
                if step > 3 {
                    <Dialogs room={room.clone()} />
                    <DropZone {room} />
                }
            </div>
        </ContextProvider<UiHandle>>
    }
}

/// The room in the address, else the last one, else the company-wide room.
fn first_room(engine: &Engine) -> (RoomName, Option<Line>) {
    let kept = || storage::read(&storage::key_of(engine.user(), "room")).and_then(|name| RoomName::parse(&name).ok());
    match browser::route() {
        Route::Room(room, at) => (room, at),
        Route::Home => (kept().unwrap_or_else(|| RoomName::parse("general").expect("a name")), None),
    }
}

/// The keyboard shortcuts that work everywhere.
#[hook]
fn use_keys(engine: &Engine, ui: &UiHandle) {
    use_effect_with((engine.clone(), ui.clone()), |(engine, ui)| {
        let (engine, ui) = (engine.clone(), ui.clone());
        let listener = Listener::new(&browser::window(), "keydown", move |event| {
            let event: &KeyboardEvent = event.unchecked_ref();
            let is_typing = browser::document()
                .active_element()
                .is_some_and(|element| matches!(element.tag_name().as_str(), "TEXTAREA" | "INPUT" | "SELECT"));
            let has_control = event.ctrl_key() || event.meta_key();
            match event.key().as_str() {
                "k" if has_control && !event.shift_key() => {
                    ui.dispatch(UiAction::Dialog(Some(Dialog::Jump(String::new()))))
                }
                "?" if !is_typing && !has_control => ui.dispatch(UiAction::Dialog(Some(Dialog::Shortcuts))),
                "ArrowUp" | "ArrowDown" if event.alt_key() => {
                    if let Some(room) = neighbour(&engine, &ui.room, event.key() == "ArrowDown") {
                        ui.dispatch(UiAction::OpenRoom(room));
                    }
                }
                _ => return,
            }
            event.prevent_default();
        });
        move || drop(listener)
    });
}

/// The room above or below in the sidebar.
fn neighbour(engine: &Engine, room: &RoomName, is_below: bool) -> Option<RoomName> {
    let rooms: Vec<RoomName> = engine.read(|client| {
        let joined = client.rooms().values().filter(|room| room.info.joined && !room.info.archived);
        let (dms, rooms): (Vec<_>, Vec<_>) = joined.partition(|room| !room.info.dm.is_empty());
        rooms.into_iter().chain(dms).map(|room| room.info.room.clone()).collect()
    });
    let at = rooms.iter().position(|other| other == room)?;
    rooms.get(if is_below { at + 1 } else { at.checked_sub(1)? }).cloned()
}

/// Checks the connection when the network or the user comes back.
#[hook]
fn use_wake(engine: &Engine) {
    use_effect_with(engine.clone(), |engine| {
        let on = |target: &web_sys::EventTarget, name, command: fn() -> Command| {
            let engine = engine.clone();
            Listener::new(target, name, move |_| {
                if name != "visibilitychange" || browser::is_visible() {
                    engine.command(command());
                }
            })
        };
        let window = browser::window();
        let listeners = [
            on(&window, "online", || Command::ReconnectNow),
            on(&window, "offline", || Command::CheckConnection),
            on(&window, "pageshow", || Command::CheckConnection),
            on(&browser::document(), "visibilitychange", || Command::CheckConnection),
        ];
        move || drop(listeners)
    });
}

/// Keeps the address bar and the room in step.
#[hook]
fn use_address(engine: &Engine, ui: &UiHandle) {
    use_effect_with((ui.room.clone(), ui.target), {
        let engine = engine.clone();
        move |(room, at)| {
            let route = Route::Room(room.clone(), at.map(|at| (at.seq, at.off)));
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
            let listener = Listener::new(&browser::window(), "popstate", move |_| match browser::route() {
                Route::Room(room, None) => ui.dispatch(UiAction::OpenRoom(room)),
                Route::Room(room, Some((seq, off))) => ui.dispatch(UiAction::JumpToLine(room, seq, off)),
                Route::Home => {}
            });
            move || drop(listener)
        }
    });
}
