//! What a reader is told about a room.

use wardroom_protocol::Role;
use wardroom_protocol::messages::{RoomInfo, RuledRight};

use super::room::Room;
use crate::policy::Ruled;
use crate::sender::LastTold;
use crate::store::UserId;

impl Room {
    /// Returns the room as this user sees it. Users who may not see it only learn that they are not a member.
    pub fn info(&self, user: UserId, ruled: Ruled<'_>) -> RoomInfo {
        let meta = self.meta();
        let people = self.people();
        let read_state = people.read_state(user);
        if self.is_private && read_state.is_none() {
            return self.hidden();
        }
        RoomInfo {
            room: self.name.clone(),
            title: meta.title,
            head: people.head(),
            read: read_state.map_or(0, |read_state| read_state.read),
            mentions: read_state.map_or(0, |read_state| read_state.mentions),
            joined: read_state.is_some(),
            private: self.is_private,
            unread: read_state.map_or(0, |read_state| read_state.unread),
            topic: meta.topic,
            role: people.role(user),
            archived: meta.is_archived,
            dm: self.dm.clone(),
            first: Some(meta.first).filter(|first| *first > 1),
            retention_days: Some(meta.retention_days).filter(|days| *days > 0),
            approve: meta.is_approving,
            rules: if read_state.is_some() { self.rules_of(user, ruled) } else { Vec::new() },
        }
    }

    fn rules_of(&self, user: UserId, ruled: Ruled<'_>) -> Vec<RuledRight> {
        let role = ruled.accounts.by_id(user).map(|user| user.role());
        ruled.rules.told(self.id, user, role >= Some(Role::Operator))
    }

    /// Returns the current state to be told to this user; `None` if they are not a member.
    pub fn last_told(&self, user: UserId) -> Option<LastTold> {
        let changes = self.changes();
        self.read_state(user).map(|read_state| LastTold { head: read_state.head, touched: read_state.touched, changes })
    }

    fn hidden(&self) -> RoomInfo {
        RoomInfo {
            room: self.name.clone(),
            title: String::new(),
            head: 0,
            read: 0,
            mentions: 0,
            joined: false,
            private: true,
            unread: 0,
            topic: String::new(),
            role: None,
            archived: false,
            dm: Vec::new(),
            first: None,
            retention_days: None,
            approve: false,
            rules: Vec::new(),
        }
    }
}
