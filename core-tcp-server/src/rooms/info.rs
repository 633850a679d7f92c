//! A room as one of its readers is told of it.

use wardroom_protocol::messages::RoomInfo;

use super::room::Room;
use crate::store::UserId;

impl Room {
    /// The room as this user sees it. One who may not see it is told no more than that they are not in it.
    pub fn info(&self, user: UserId) -> RoomInfo {
        let meta = self.meta();
        let people = self.people();
        let standing = people.standing(user);
        if self.is_private && standing.is_none() {
            return self.hidden();
        }
        RoomInfo {
            room: self.name.clone(),
            title: meta.title,
            head: people.head(),
            read: standing.map_or(0, |standing| standing.read),
            mentions: standing.map_or(0, |standing| standing.mentions),
            joined: standing.is_some(),
            private: self.is_private,
            unread: standing.map_or(0, |standing| standing.unread),
            topic: meta.topic,
            role: people.role(user),
            archived: meta.is_archived,
            dm: self.dm.clone(),
            first: Some(meta.first).filter(|first| *first > 1),
            retention_days: Some(meta.retention_days).filter(|days| *days > 0),
        }
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
        }
    }
}
