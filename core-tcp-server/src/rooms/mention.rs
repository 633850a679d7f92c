//! Whom a text names: `@ann`, and `@here` for all.

use wardroom_protocol::mention::{HERE, names, readings};

use super::room::Room;
use crate::accounts::Accounts;
use crate::limits::MENTIONED_MAX;
use crate::store::{Mentions, UserId};

/// The members of the room that a text by `author` names; never the author.
pub fn mentions_of(accounts: &Accounts, room: &Room, author: UserId, text: &str) -> Mentions {
    let mut users = Vec::new();
    for name in names(text) {
        let name = name.to_ascii_lowercase();
        if name.starts_with(HERE) && readings(&name).any(|name| name == HERE) {
            return Mentions { users: Vec::new(), is_here: true };
        }
        let member = |name: &str| {
            let user = accounts.by_name(name)?;
            (user.id != author && !users.contains(&user.id) && room.has(user.id)).then_some(user.id)
        };
        if let Some(user) = readings(&name).find_map(member).filter(|_| users.len() < MENTIONED_MAX) {
            users.push(user);
        }
    }
    Mentions { users, is_here: false }
}
