//! Who is online, and who is typing. Nothing is stored: what the server does not repeat is forgotten.

use crate::sorted_map::SortedMap;
use std::sync::Arc;

use wardroom_protocol::messages::{MemberInfo, Presence, Typing};
use wardroom_protocol::{Event, EventBody, RoomName, UserName};

use super::Client;
use crate::effect::Change;
use crate::limits::{TYPING_EVERY_MS, TYPING_FORGET_MS};

impl Client {
    /// Tells the server that the user is typing, at most every few seconds.
    pub(super) fn send_typing(&mut self, room: &RoomName) {
        let typing_sent_ms = self.presence.typing_sent_ms.get(room).copied();
        if typing_sent_ms.is_some_and(|at| self.now_ms < at.saturating_add(TYPING_EVERY_MS)) || !self.is_up() {
            return;
        }
        self.presence.typing_sent_ms.insert(room.clone(), self.now_ms);
        self.send(&Typing { room: room.clone(), user: None });
    }

    /// The text was sent: the next key is reported at once.
    pub(super) fn reset_typing(&mut self, room: &RoomName) {
        self.presence.typing_sent_ms.remove(room);
    }

    pub(super) fn on_typing(&mut self, typing: Typing) {
        let Some(user) = typing.user.filter(|user| self.you().is_none_or(|you| you.user != *user)) else { return };
        if self.open_rooms.contains_key(&typing.room) {
            let until_ms = self.now_ms.saturating_add(TYPING_FORGET_MS);
            self.presence.typing.insert((typing.room.clone(), user), until_ms);
            self.show_typing(&typing.room);
        }
    }

    /// The author of a message is no longer typing.
    pub(super) fn stop_typing_of(&mut self, room: &RoomName, user: &UserName, event: &Event) {
        let is_said = matches!(event.body, EventBody::Message(_));
        if is_said && self.presence.typing.remove(&(room.clone(), user.clone())).is_some() {
            self.show_typing(room);
        }
    }

    pub(super) fn forget_typing(&mut self) {
        let now_ms = self.now_ms;
        let mut rooms: Vec<RoomName> = Vec::new();
        self.presence.typing.retain(|(room, _), until_ms| {
            let goes_on = *until_ms > now_ms;
            if !goes_on {
                rooms.push(room.clone());
            }
            goes_on
        });
        for room in rooms {
            self.show_typing(&room);
        }
    }

    fn show_typing(&mut self, room: &RoomName) {
        let users = self.presence.typing.keys().filter(|(of, _)| of == room).map(|(_, user)| user.clone());
        let users: Vec<UserName> = users.collect();
        if let Some(shown) = self.rooms.get_mut(room)
            && *shown.typing != users
        {
            Arc::make_mut(shown).typing = Arc::new(users);
            self.changed(Change::Typing(room.clone()));
        }
    }

    pub(super) fn on_presence(&mut self, presence: Presence) {
        let here = presence.here.into_iter().map(|user| (user, true));
        let moves: SortedMap<UserName, bool> =
            here.chain(presence.gone.into_iter().map(|user| (user, false))).collect();
        let statuses: SortedMap<UserName, String> =
            presence.status.into_iter().map(|status| (status.user, status.text)).collect();
        for (user, here) in moves.iter() {
            self.note_presence(user, *here);
        }
        let mut moved = Vec::new();
        for (name, room) in self.rooms.iter_mut() {
            let status_of = |member: &MemberInfo| match moves.get(&member.user) {
                Some(true) => statuses.get(&member.user).cloned().unwrap_or_default(),
                _ => member.status.clone(),
            };
            let is_news = |member: &MemberInfo| {
                moves.get(&member.user).is_some_and(|here| *here != member.here || status_of(member) != member.status)
            };
            if room.people.as_deref().is_some_and(|people: &Vec<_>| people.iter().any(is_news)) {
                let people = Arc::make_mut(room).people.get_or_insert_default();
                for member in Arc::make_mut(people) {
                    member.status = status_of(member);
                    member.here = moves.get(&member.user).copied().unwrap_or(member.here);
                }
                moved.push(name.clone());
            }
        }
        for room in moved {
            self.changed(Change::People(room));
        }
    }

    pub(super) fn note_presence(&mut self, user: &UserName, here: bool) {
        if self.presence.here.get(user) != Some(&here) {
            Arc::make_mut(&mut self.presence.here).insert(user.clone(), here);
            self.changed(Change::Presence);
        }
    }
}
