//! Who is typing: told, never stored.

use std::sync::{Arc, PoisonError};

use wardroom_protocol::RoomName;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::Typing;

use crate::clock::monotonic_ms;
use crate::error::Error;
use crate::limits::{TYPING_EVERY_MS, TYPING_USERS_MAX};
use crate::policy::Member;
use crate::sender::Reader;
use crate::state::State;
use crate::store::UserId;

/// Who was told to be typing, and when. At most [`TYPING_USERS_MAX`].
#[derive(Default)]
pub struct TypingUsers(Vec<(UserId, u64)>);

impl TypingUsers {
    /// True if this is to be told now.
    fn note(&mut self, user: UserId, now_ms: u64) -> bool {
        self.0.retain(|(_, at)| now_ms.saturating_sub(*at) < TYPING_EVERY_MS);
        if self.0.len() >= TYPING_USERS_MAX || self.0.iter().any(|(typing, _)| *typing == user) {
            return false;
        }
        self.0.push((user, now_ms));
        true
    }
}

/// Tells those who have the room open that the member is typing; not the member, and not too often.
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
        // A reader who was taken out may not have noticed yet.
        let is_told = |reader: Reader| reader.user != user.id && !reader.is_person && room.is_seen_by(reader.user);
        if sender.reader_is().is_some_and(is_told) {
            sender.tell_now_or_never(&frame);
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_now_and_then_and_of_a_few() {
        let mut typists = TypingUsers::default();
        assert!(typists.note(UserId(1), 10_000));
        assert!(!typists.note(UserId(1), 10_000 + TYPING_EVERY_MS - 1));
        assert!(typists.note(UserId(1), 10_000 + TYPING_EVERY_MS));
        for user in 2..20 {
            typists.note(UserId(user), 12_000);
        }
        assert_eq!(typists.0.len(), TYPING_USERS_MAX);
    }
}
