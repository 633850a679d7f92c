//! A room in memory: what it is called, who is in it and how far they have read, and the tail of its timeline.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use wardroom_protocol::RoomName;
use wardroom_protocol::messages::RoomInfo;

use crate::log::Tail;
use crate::outlet::Outlet;
use crate::store::{RoomId, UserId};

/// A room. Shared by all that have it open.
pub struct Room {
    /// Its row.
    pub id: RoomId,
    /// Its name.
    pub name: RoomName,
    /// Its title.
    pub title: String,
    /// Only members see it.
    pub is_private: bool,
    /// The end of its timeline.
    pub tail: Tail,
    /// Who is in it, and the last event that each has read. Never held across an await.
    members: RwLock<HashMap<UserId, u64>>,
    /// Counts the moves of read positions: who finds it where it was need not look at them.
    reads: AtomicU64,
    /// Connections of members that do not have it open: told, at most a few times a second, that it moved on.
    quiet: RwLock<Vec<Arc<Outlet>>>,
}

impl Room {
    /// A room as the store has it.
    pub fn new(id: RoomId, name: RoomName, title: String, is_private: bool, head: u64) -> Self {
        Self {
            id,
            name,
            title,
            is_private,
            tail: Tail::new(head),
            members: RwLock::default(),
            reads: AtomicU64::new(0),
            quiet: RwLock::default(),
        }
    }

    /// The last event that this member has read; `None` for one who is no member.
    pub fn read_by(&self, user: UserId) -> Option<u64> {
        self.members.read().unwrap_or_else(PoisonError::into_inner).get(&user).copied()
    }

    /// Another number than before if a read position may have moved. Costs no lock.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Acquire)
    }

    /// True for members.
    pub fn has(&self, user: UserId) -> bool {
        self.read_by(user).is_some()
    }

    /// All members.
    pub fn members(&self) -> Vec<UserId> {
        self.members.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Adds a member who has read so far, or moves on how far one has read. Never back.
    pub fn put_member(&self, user: UserId, read: u64) {
        let mut members = self.members.write().unwrap_or_else(PoisonError::into_inner);
        let at = members.entry(user).or_insert(read);
        *at = read.max(*at);
        self.reads.fetch_add(1, Ordering::Release);
    }

    /// Removes a member.
    pub fn remove_member(&self, user: UserId) {
        self.members.write().unwrap_or_else(PoisonError::into_inner).remove(&user);
    }

    /// The room as this user sees it.
    pub fn info(&self, user: UserId) -> RoomInfo {
        let read = self.read_by(user);
        RoomInfo {
            room: self.name.clone(),
            title: self.title.clone(),
            head: self.tail.head(),
            read: read.unwrap_or(0),
            mentions: 0,
            joined: read.is_some(),
            private: self.is_private,
            unread: 0,
            topic: String::new(),
            role: read.map(|_| wardroom_protocol::RoomRole::Member),
            archived: false,
            dm: Vec::new(),
            first: None,
            retention_days: None,
        }
    }

    /// Adds a connection to be told that the room moved on.
    pub fn subscribe_quiet(&self, outlet: &Arc<Outlet>) {
        self.quiet.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(outlet));
    }

    /// Removes it.
    pub fn unsubscribe_quiet(&self, outlet: &Arc<Outlet>) {
        let mut quiet = self.quiet.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = quiet.iter().position(|o| Arc::ptr_eq(o, outlet)) {
            quiet.swap_remove(at);
        }
    }

    /// Wakes the connections that do not have it open.
    pub fn wake_quiet(&self) {
        for outlet in self.quiet.read().unwrap_or_else(PoisonError::into_inner).iter() {
            outlet.wake();
        }
    }
}
