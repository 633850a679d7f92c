//! The timeline of a room, or what is shown instead of it.

mod active_line;
mod alert;
mod day;
mod emoji_picker;
mod line;
mod line_actions;
mod line_head;
mod message;
mod pending;
mod row_view;
mod scroll_hooks;
mod scroll_position;
mod size_observer;
mod view;
mod welcome;

use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::{Change, Command, OpenFrom, OpenState};
use yew::prelude::*;

use crate::engine::Topic;
use crate::hooks::{PtrEq, use_topic, use_words};
use crate::i18n::fill;
use crate::limits::INITIAL_ROWS;
use crate::services::first_lines;
use view::TimelineView;

#[derive(PartialEq, Properties)]
pub struct TimelineProps {
    pub room: RoomName,
}

/// Opens the room, closes it on leaving, and shows its state.
#[component]
pub fn Timeline(props: &TimelineProps) -> Html {
    let words = use_words();
    // The members give the lines their names.
    use_topic(Topic::Model(Change::People(props.room.clone())));
    let engine = use_topic(Topic::Model(Change::Room(props.room.clone())));
    use_effect_with((engine.clone(), props.room.clone()), |(engine, room)| {
        let (engine, room) = (engine.clone(), room.clone());
        engine.command(Command::OpenRoom { room: room.clone(), from: OpenFrom::Recent(INITIAL_ROWS as u64) });
        move || engine.command(Command::CloseRoom { room })
    });
    let shown = engine.read(|client| client.rooms().get(&props.room).cloned());
    // A new member may read what was closed before. Ask once: a room that stays closed must not be hammered.
    use_effect_with(shown.as_ref().is_some_and(|room| room.info.joined), {
        let (engine, name, state) = (engine.clone(), props.room.clone(), shown.as_ref().map(|room| room.state.clone()));
        move |is_joined| {
            if *is_joined && matches!(state, Some(OpenState::Failed(_))) {
                engine.command(Command::OpenRoom { room: name, from: OpenFrom::Recent(INITIAL_ROWS as u64) });
            }
        }
    });
    // Until the room is whole, the lines that index.html showed of it stay.
    let first_lines = use_memo(props.room.clone(), |room| {
        first_lines::view().filter(|_| first_lines::room().as_deref() == Some(room.as_str()))
    });
    let is_whole = use_mut_ref(|| false);
    if shown.as_ref().is_some_and(|room| room.state == OpenState::Live) || first_lines.is_none() {
        *is_whole.borrow_mut() = true;
        first_lines::forget();
    }
    let said = |sentence: String, again: Option<Callback<MouseEvent>>| {
        html! {
            <section class="room-view"><div class="welcome" role="status">
                <p>{ sentence }</p>
                if let Some(onclick) = again {
                    <p><button class="button" {onclick}>{ words.retry }</button></p>
                }
            </div></section>
        }
    };
    match shown {
        Some(room) if matches!(room.state, OpenState::Failed(_)) => {
            let OpenState::Failed(why) = &room.state else { return Html::default() };
            let called = engine.room_label(&props.room);
            let (engine, name) = (engine.clone(), props.room.clone());
            let again = Callback::from(move |_| {
                engine.command(Command::OpenRoom { room: name.clone(), from: OpenFrom::Recent(INITIAL_ROWS as u64) });
            });
            said(fill(words.room_failed, &[&called, why]), Some(again))
        }
        Some(room) if *is_whole.borrow() && (room.timeline.base().is_some() || !room.pending.is_empty()) => {
            html! { <TimelineView room={PtrEq(room)} /> }
        }
        _ => match (&*first_lines, *is_whole.borrow()) {
            (Some(lines), false) => lines.clone(),
            _ => said(words.loading.to_owned(), None),
        },
    }
}
