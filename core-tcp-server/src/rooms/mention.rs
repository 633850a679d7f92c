//! The users that a message mentions: `@ann`, and `@here` for everyone.

use wardroom_protocol::UserName;
use wardroom_protocol::event::MessageBody;
use wardroom_protocol::mention::{HERE, names};
use wardroom_protocol::tokens::user_readings;

use super::room::Room;
use crate::accounts::Accounts;
use crate::limits::{MENTIONED_MAX, NOT_HERE_MAX};
use crate::store::{Mentions, UserId};

/// The users that a message mentions.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// Mentioned members, who are notified.
    pub mentions: Mentions,
    /// Mentioned people who are not in the room, and so are not notified.
    pub not_here: Vec<UserName>,
}

/// Returns the users that a message by `author` mentions, without the author. A silent message mentions nobody.
pub fn mentions_of(accounts: &Accounts, room: &Room, author: UserId, message: &MessageBody) -> Named {
    let mut named = Named::default();
    if message.silent {
        return named;
    }
    for name in names(&message.text, message.format) {
        let name = name.to_ascii_lowercase();
        if name.starts_with(HERE) && user_readings(&name).any(|name| name == HERE) {
            named.mentions.is_here = true;
            continue;
        }
        let Some(user) = user_readings(&name).find_map(|name| accounts.by_name(name)) else { continue };
        let users = &mut named.mentions.users;
        if user.id == author || users.contains(&user.id) {
            continue;
        }
        if room.has(user.id) {
            if users.len() < MENTIONED_MAX {
                users.push(user.id);
            }
        } else if named.not_here.len() < NOT_HERE_MAX && !user.is_disabled() && !named.not_here.contains(&user.name) {
            named.not_here.push(user.name.clone());
        }
    }
    if named.mentions.is_here {
        named.mentions.users.clear();
    }
    named
}
