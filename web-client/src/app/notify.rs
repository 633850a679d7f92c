//! Notifications: shown when a room's counts grow while nobody looks at it, as chosen for that room.

use wardroom_client_core::SortedMap;

use wardroom_client_core::protocol::messages::{Answer, RoomHistory, RoomInfo, RoomPage};
use wardroom_client_core::protocol::{Event, EventBody, RoomName};
use wardroom_client_core::{Change, Error};
use yew::prelude::*;

use crate::engine::Engine;
use crate::engine::Topic;
use crate::hooks::use_words;
use crate::i18n::{Words, fill};
use crate::services::browser;
use crate::ui::{UiAction, UiHandle};

/// Watches all rooms.
#[hook]
pub fn use_notifications(engine: &Engine, ui: &UiHandle) {
    let words = use_words();
    let seen = use_mut_ref(SortedMap::<RoomName, (u64, u64)>::new);
    // The current UI state and language, without subscribing again.
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
                    let is_seen = ui.room == info.room && browser::is_focused();
                    let level = engine.notify_level(&info.room);
                    let is_wanted =
                        level.wants(unread > unread_before, info.mentions > mentions_before, !info.dm.is_empty());
                    if is_seen || !is_wanted {
                        continue;
                    }
                    let room = info.room.clone();
                    let go = move || ui.dispatch(UiAction::OpenRoom(room.clone()));
                    tell(&engine, &info, unread, words, go);
                }
            })
        });
        move || drop(subscription)
    });
}

/// Notifies about the last message. If the room is not open, its message is fetched first.
fn tell(engine: &Engine, info: &RoomInfo, unread: u64, words: &'static Words, go: impl Fn() + Clone + 'static) {
    let (title, tag) = (engine.room_name(info), info.room.clone());
    let show = move |text: &str| browser::notify(&title, text, tag.as_str(), go.clone());
    let last = engine.read(|client| {
        let timeline = &client.rooms().get(&info.room)?.timeline;
        timeline.events().next_back().filter(|event| event.seq >= info.head).cloned()
    });
    if let Some(text) = last.and_then(|event| said(engine, &event)) {
        return show(&text);
    }
    let otherwise = match info.mentions {
        0 => fill(words.unread, &[&unread.to_string()]),
        1 => words.mention_one.to_owned(),
        mentions => fill(words.mentions, &[&mentions.to_string()]),
    };
    let on_answer = {
        let engine = engine.clone();
        Callback::from(move |answer: Result<Answer, Error>| {
            let page = answer.ok().and_then(|answer| answer.fields::<RoomPage>().ok());
            let event = page.and_then(|page| Event::parse(page.events.last()?.get().as_bytes()).ok());
            show(&event.and_then(|event| said(&engine, &event)).unwrap_or_else(|| otherwise.clone()));
        })
    };
    let ask =
        RoomHistory { room: info.room.clone(), before: None, after: None, around: None, at: None, limit: Some(1) };
    engine.request(ask, on_answer);
}

/// The text of a notification.
fn said(engine: &Engine, event: &Event) -> Option<String> {
    const CHARS_MAX: usize = 200;
    let EventBody::Message(said) = &event.body else { return None };
    let text: String = said.text.chars().take(CHARS_MAX).collect();
    Some(format!("{}: {text}", engine.display_name(event.by.as_str())))
}
