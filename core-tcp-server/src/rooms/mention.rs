//! Whom a text names: `@ann`, and `@here` for all.

use wardroom_protocol::limits::USER_NAME_MAX;

use super::room::Room;
use crate::accounts::Accounts;
use crate::limits::MENTIONED_MAX;
use crate::store::{Mentions, UserId};

/// Names all.
const HERE: &str = "here";

/// The members of the room that a text by `author` names; never the author.
pub fn mentions_of(accounts: &Accounts, room: &Room, author: UserId, text: &str) -> Mentions {
    let mut users = Vec::new();
    for name in names(text) {
        if name.starts_with(HERE) && trimmed(&name).any(|name| name == HERE) {
            return Mentions { users: Vec::new(), is_here: true };
        }
        let member = |name: &str| {
            let user = accounts.by_name(name)?;
            (user.id != author && !users.contains(&user.id) && room.has(user.id)).then_some(user.id)
        };
        if let Some(user) = trimmed(&name).find_map(member).filter(|_| users.len() < MENTIONED_MAX) {
            users.push(user);
        }
    }
    Mentions { users, is_here: false }
}

/// What follows an `@` that begins a word, in lower case; no longer than a name can be.
fn names(text: &str) -> impl Iterator<Item = String> {
    text.match_indices('@').filter_map(|(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        // Not `ann@example.com`.
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@')) {
            return None;
        }
        let rest = text.get(at + 1..)?;
        let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let end = rest.find(|c| !is_inner(c)).unwrap_or(rest.len());
        // Nor `@annä`.
        if rest.get(end..)?.chars().next().is_some_and(char::is_alphanumeric) {
            return None;
        }
        let name = rest.get(..end).filter(|name| !name.is_empty() && name.len() <= 2 * USER_NAME_MAX)?;
        Some(name.to_ascii_lowercase())
    })
}

/// The name, and what is left of it without the signs at its end: `ann.`, then `ann`.
fn trimmed(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.strip_suffix(['.', '_', '-']).filter(|name| !name.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_behind_an_at_sign() {
        for (text, expected) in [
            ("@ann: look", &["ann"][..]),
            ("(@Ann) and @ben-2, @c.d.", &["ann", "ben-2", "c.d."]),
            ("ann@example.com, a.@b, @@ann, @ann@ben", &["ann"]),
            ("@annä @ @. 运维@ann", &["."]),
            ("`@ann`\n@ben", &["ann", "ben"]),
        ] {
            assert_eq!(names(text).collect::<Vec<_>>(), expected, "{text}");
        }
        assert_eq!(trimmed("c.d.-").collect::<Vec<_>>(), ["c.d.-", "c.d.", "c.d"]);
        assert_eq!(names(&format!("@{}", "x".repeat(1_000))).count(), 0);
    }
}
