//! Typing notices. They are sent, never stored.

use std::sync::{Arc, PoisonError};

use wardroom_protocol::RoomName;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::Typing;

use crate::clock::monotonic_ms;
use crate::error::Error;
use crate::policy::Member;
use crate::sender::Reader;
use crate::state::State;

/// Tells others who have the room open that the member is typing, but not too often.
///
/// # Errors
/// `not_found`, `forbidden`, `conflict`.
pub fn typing(state: &State, member: &Member, name: &RoomName) -> Result<(), Error> {
    let room = member.speaker_in(&state.rooms, name)?.room;
    let user = Arc::clone(&member.user);
    if !room.typists.lock().unwrap_or_else(PoisonError::into_inner).note(user.id, monotonic_ms()) {
        return Ok(());
    }
    let frame = encode(Number::None, &Typing { room: room.name.clone(), user: Some(user.name.clone()) });
    room.tail.each_reader(|sender| {
        // A reader who was removed may still be subscribed.
        let is_told = |reader: Reader| reader.user != user.id && !reader.is_person && room.is_seen_by(reader.user);
        if sender.reader_is().is_some_and(is_told) {
            sender.tell_now_or_never(&frame);
        }
    });
    Ok(())
}
