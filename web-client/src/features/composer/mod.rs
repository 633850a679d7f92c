//! The area below the timeline: notices, who is typing, and the composer or the reason why there is none.

mod banner;
mod editor;
mod field;
mod hint;
mod paste;
mod paste_preview;
mod phone_keys;
mod run_options;
mod state;
mod submit;
mod suggestions;

use wardroom_client_core::protocol::{Role, RoomName, RoomRole};
use wardroom_client_core::{Change, Command};
use yew::prelude::*;

use super::notices::Notices;
use super::rights::use_rights;
use super::typing::TypingLine;
use crate::engine::Topic;
use crate::hooks::{use_topic, use_words};
use crate::i18n::fill;
use crate::testids;
use editor::Composer;
pub use field::{fill_composer, focus_composer};

#[derive(PartialEq, Properties)]
pub struct RoomFooterProps {
    pub room: RoomName,
}

#[component]
pub fn RoomFooter(props: &RoomFooterProps) -> Html {
    let words = use_words();
    use_topic(Topic::Model(Change::Connection));
    use_topic(Topic::Model(Change::Rooms));
    let engine = use_topic(Topic::Model(Change::Room(props.room.clone())));
    let role = engine.read(|client| client.you().map(|you| you.role));
    let run_host = use_rights(&props.room).run_host();
    let room = engine.read(|client| client.rooms().get(&props.room).cloned());
    let info = room.as_ref().map(|room| &room.info);
    let must_join = info.is_some_and(|info| !info.joined && info.head > 0);
    let join = {
        let (engine, room) = (engine.clone(), props.room.clone());
        Callback::from(move |_| engine.command(Command::JoinRoom { room: room.clone() }))
    };
    let why = match info {
        Some(info) if info.archived => Some(words.room_archived),
        Some(info) if info.joined && info.role == Some(RoomRole::Reader) => Some(words.room_reader),
        _ if role == Some(Role::Viewer) => Some(words.read_only),
        _ => None,
    };
    html! {
        <div class="room-footer">
            <Notices />
            <TypingLine room={props.room.clone()} />
            if let Some(why) = why {
                <p class="composer__read-only">{ why }</p>
            } else if must_join {
                <p class="composer__read-only">{ fill(words.you_are_not_in, &[&engine.room_label(&props.room)]) }{ " " }
                    <button class="button button--primary" onclick={join} data-testid={testids::ROOM_JOIN}>{ words.join }</button></p>
            } else {
                <Composer key={props.room.as_str()} room={props.room.clone()} {run_host} />
            }
        </div>
    }
}
