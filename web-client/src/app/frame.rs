//! The frame of the page as index.html shows it, until its parts are drawn.

use yew::prelude::*;

use crate::hooks::use_words;
use crate::services::first_lines;

/// The whole frame.
#[component]
pub fn Frame() -> Html {
    html! {
        <div class="app">
            { sidebar_frame() }
            <RoomFrame />
            { panel_frame() }
        </div>
    }
}

/// The frame of a room, with the lines that index.html showed of it.
#[component]
pub fn RoomFrame() -> Html {
    let words = use_words();
    let lines = use_memo((), |()| first_lines::view());
    let room = first_lines::room().filter(|room| !room.starts_with('@'));
    html! {
        <main class="main">
            <div class="room-bar">if let Some(room) = room { <h1 class="room-bar__name">{ format!("# {room}") }</h1> }</div>
            if let Some(lines) = &*lines { { lines.clone() } } else {
                <div class="boot-screen__status" role="status"><p>{ words.opening }</p><p>{ words.opening_first }</p></div>
            }
            { footer_frame() }
        </main>
    }
}

pub fn footer_frame() -> Html {
    html! { <div class="room-footer"><div class="composer"><div class="composer__box boot-screen__composer"></div></div></div> }
}

pub fn sidebar_frame() -> Html {
    html! { <nav class="sidebar" aria-hidden="true"><div class="sidebar__brand">{ "Wardroom" }</div></nav> }
}

pub fn panel_frame() -> Html {
    html! { <aside class="panel panel--empty" aria-hidden="true"></aside> }
}
