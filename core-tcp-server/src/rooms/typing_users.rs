//! The users who were announced as typing in a room.

use crate::limits::{TYPING_EVERY_MS, TYPING_USERS_MAX};
use crate::store::UserId;

/// The users who were announced as typing, and when. At most [`TYPING_USERS_MAX`].
#[derive(Default)]
pub struct TypingUsers(Vec<(UserId, u64)>);

impl TypingUsers {
    /// Returns true if this must be announced now.
    pub(super) fn note(&mut self, user: UserId, now_ms: u64) -> bool {
        self.0.retain(|(_, at)| now_ms.saturating_sub(*at) < TYPING_EVERY_MS);
        if self.0.len() >= TYPING_USERS_MAX || self.0.iter().any(|(typing, _)| *typing == user) {
            return false;
        }
        self.0.push((user, now_ms));
        true
    }
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
