//! Reading a room: its lines, or what is to be seen in their place.

mod acts;
mod alert;
mod day;
mod how;
mod keys;
mod line;
mod message;
mod moving;
mod pending;
mod picker;
mod scroll;
mod view;

use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::{Change, Command, OpenFrom, OpenState};
use yew::prelude::*;

use crate::app::Topic;
use crate::hooks::{Same, use_topic, use_words};
use crate::i18n::fill;
use crate::limits::ROWS_AT_FIRST;
use view::View;

#[derive(PartialEq, Properties)]
pub struct ReadingProps {
    pub room: RoomName,
}

/// Opens the room, closes it when one goes on, and shows how it stands.
#[component]
pub fn Reading(props: &ReadingProps) -> Html {
    let words = use_words();
    // The people of the room give its lines their names.
    use_topic(Topic::Model(Change::People(props.room.clone())));
    let engine = use_topic(Topic::Model(Change::Room(props.room.clone())));
    use_effect_with((engine.clone(), props.room.clone()), |(engine, room)| {
        let (engine, room) = (engine.clone(), room.clone());
        engine.command(Command::OpenRoom { room: room.clone(), from: OpenFrom::Stretch(ROWS_AT_FIRST as u64) });
        move || engine.command(Command::CloseRoom { room })
    });
    let shown = engine.read(|client| client.rooms().get(&props.room).cloned());
    // Who has just joined may read what was closed before. Asked once: a room that stays closed must not be hammered.
    use_effect_with(shown.as_ref().is_some_and(|room| room.info.joined), {
        let (engine, name, state) = (engine.clone(), props.room.clone(), shown.as_ref().map(|room| room.state.clone()));
        move |is_joined| {
            if *is_joined && matches!(state, Some(OpenState::Failed(_))) {
                engine.command(Command::OpenRoom { room: name, from: OpenFrom::Stretch(ROWS_AT_FIRST as u64) });
            }
        }
    });
    let said = |sentence: String, again: Option<Callback<MouseEvent>>| {
        html! {
            <section class="reading"><div class="how" role="status">
                <p>{ sentence }</p>
                if let Some(onclick) = again {
                    <p><button class="tool" {onclick}>{ words.retry }</button></p>
                }
            </div></section>
        }
    };
    match shown {
        Some(room) if matches!(room.state, OpenState::Failed(_)) => {
            let OpenState::Failed(why) = &room.state else { return Html::default() };
            let called = engine.room_called(&props.room);
            let (engine, name) = (engine.clone(), props.room.clone());
            let again = Callback::from(move |_| {
                engine.command(Command::OpenRoom { room: name.clone(), from: OpenFrom::Stretch(ROWS_AT_FIRST as u64) });
            });
            said(fill(words.room_failed, &[&called, why]), Some(again))
        }
        Some(room) if room.timeline.base().is_some() || !room.pending.is_empty() => {
            html! { <View room={Same(room)} /> }
        }
        _ => said(words.loading.to_owned(), None),
    }
}
