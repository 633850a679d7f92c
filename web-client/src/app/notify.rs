//! Notifications: told when a room's counts grow while nobody looks at it, as wished for that room.

use std::collections::BTreeMap;

use wardroom_client_core::Change;
use wardroom_client_core::protocol::{EventBody, RoomName};
use yew::prelude::*;

use super::engine::Engine;
use super::topics::Topic;
use super::ui::{UiAct, UiHandle};
use crate::hooks::use_words;
use crate::i18n::fill;
use crate::services::browser;

/// Watches all rooms.
#[hook]
pub fn use_notifications(engine: &Engine, ui: &UiHandle) {
    let words = use_words();
    let seen = use_mut_ref(BTreeMap::<RoomName, (u64, u64)>::new);
    // The latest of what is open and said, without subscribing anew.
    let now = use_mut_ref(|| (ui.clone(), words));
    *now.borrow_mut() = (ui.clone(), words);
    use_effect_with(engine.clone(), move |engine| {
        let subscription = engine.subscribe(Topic::Model(Change::Rooms), {
            let engine = engine.clone();
            Callback::from(move |()| {
                let counts = engine.read(|client| {
                    let joined = client.rooms().values().filter(|room| room.info.joined);
                    joined.map(|room| (room.info.clone(), room.unread())).collect::<Vec<_>>()
                });
                for (info, unread) in counts {
                    let before = seen.borrow_mut().insert(info.room.clone(), (unread, info.mentions));
                    let Some((unread_before, mentions_before)) = before else { continue };
                    let (ui, words) = now.borrow().clone();
                    let is_seen = ui.room == info.room && browser::is_looked_at();
                    let wish = engine.wish(&info.room);
                    let is_wanted =
                        wish.wants(unread > unread_before, info.mentions > mentions_before, !info.dm.is_empty());
                    if is_seen || !is_wanted {
                        continue;
                    }
                    let text =
                        last_words(&engine, &info.room).unwrap_or_else(|| fill(words.unread, &[&unread.to_string()]));
                    let room = info.room.clone();
                    browser::notify(&engine.room_name(&info), &text, info.room.as_str(), move || {
                        ui.dispatch(UiAct::Go(room))
                    });
                }
            })
        });
        move || drop(subscription)
    });
}

/// The last thing that was said in a room, where its lines are loaded.
fn last_words(engine: &Engine, room: &RoomName) -> Option<String> {
    const CHARS_MAX: usize = 200;
    let (by, text) = engine.read(|client| {
        let line = client.rooms().get(room)?.timeline.events().next_back()?.clone();
        match &line.body {
            EventBody::Message(said) => {
                Some((line.by.to_string(), said.text.chars().take(CHARS_MAX).collect::<String>()))
            }
            _ => None,
        }
    })?;
    Some(format!("{}: {text}", engine.person(&by)))
}
