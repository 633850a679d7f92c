//! A room in memory: its settings, its members and how far they have read, and the tail of its timeline. It follows
//! from the room's rows: the publisher applies each committed event and read position, in commit order.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use wardroom_protocol::{RoomName, RoomRole, UserName};

use super::people::{Found, Missing, People, ReadState};
use super::typing_users::TypingUsers;
use crate::log::Tail;
use crate::sender::ConnectionSender;
use crate::store::{Effect, Published, RoomId, UserId};

/// A room. Shared by everyone who has it open.
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// Its name.
    pub name: RoomName,
    /// True if only members see it.
    pub is_private: bool,
    /// The members of a direct message, by name; empty for a room. They never change.
    pub dm: Vec<UserName>,
    /// The end of its timeline.
    pub tail: Tail,
    /// The users who are typing.
    pub typists: Mutex<TypingUsers>,
    /// Its settings. Never held across an await.
    meta: RwLock<RoomSettings>,
    /// Counts changes of settings and roles: while it is unchanged, there is nothing new to read.
    changes: AtomicU64,
    /// Its members and their unread counts. Never held across an await.
    people: RwLock<People>,
    /// Counts changes of read positions and unread counts that are not events, for the same purpose.
    moves: AtomicU64,
    /// Counts departures: see [`crate::access`].
    departures: AtomicU64,
    /// Connections of members that do not have it open. They hear about its changes, at most a few times a second.
    quiet: RwLock<Vec<Arc<ConnectionSender>>>,
}

/// The settings of a room, which may change.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RoomSettings {
    /// Its title.
    pub title: String,
    /// Its topic.
    pub topic: String,
    /// True if it is archived.
    pub is_archived: bool,
    /// Days until events are removed; 0: never.
    pub retention_days: u32,
    /// True if each run needs an approval.
    pub is_approving: bool,
    /// The first event that still exists.
    pub first: u64,
}

/// What a batch of events changed besides the timeline.
#[derive(Debug, Default)]
pub struct News {
    /// Who joined and left, in order.
    pub moved: Vec<MembershipChange>,
    /// True if something changed that the events alone do not tell all members: counts, roles, settings.
    pub is_more: bool,
    /// Bytes that the room's tail now takes in memory.
    pub tail_bytes: usize,
}

/// A user joined or left, and their connections must know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MembershipChange {
    /// The user joined.
    Joined(UserId),
    /// The user left.
    Went(UserId),
}

impl Room {
    /// Creates a room as loaded from the store, without its members.
    pub fn new(id: RoomId, name: RoomName, is_private: bool, dm: Vec<UserName>, meta: RoomSettings, head: u64) -> Self {
        Self {
            id,
            name,
            is_private,
            dm,
            tail: Tail::new(head),
            typists: Mutex::default(),
            meta: RwLock::new(meta),
            changes: AtomicU64::new(0),
            people: RwLock::new(People::new(head)),
            moves: AtomicU64::new(0),
            departures: AtomicU64::new(0),
            quiet: RwLock::default(),
        }
    }

    /// Returns its settings.
    pub fn meta(&self) -> RoomSettings {
        self.read_meta().clone()
    }

    /// Returns its title.
    pub fn title(&self) -> String {
        self.read_meta().title.clone()
    }

    /// Returns true if it is archived: it can be read, but nothing can be added.
    pub fn is_archived(&self) -> bool {
        self.read_meta().is_archived
    }

    /// Returns the first event that still exists.
    pub fn first(&self) -> u64 {
        self.read_meta().first.max(1)
    }

    /// Returns true if it is a direct message.
    pub fn is_dm(&self) -> bool {
        !self.dm.is_empty()
    }

    /// Returns the last event that this member has read; `None` if they are not a member.
    pub fn read_by(&self, user: UserId) -> Option<u64> {
        self.people().read(user)
    }

    /// Returns the role of this member; `None` if they are not a member.
    pub fn role_of(&self, user: UserId) -> Option<RoomRole> {
        self.people().role(user)
    }

    /// Returns true for members.
    pub fn has(&self, user: UserId) -> bool {
        self.role_of(user).is_some()
    }

    /// Returns those of `users` who are members.
    pub fn among(&self, users: &[UserId]) -> Vec<UserId> {
        let people = self.people();
        users.iter().copied().filter(|user| people.role(*user).is_some()).collect()
    }

    /// Returns true for users who may know about it.
    pub fn is_seen_by(&self, user: UserId) -> bool {
        !self.is_private || self.has(user)
    }

    /// Returns all members and their roles.
    pub fn members(&self) -> Vec<(UserId, RoomRole)> {
        self.people().all().collect()
    }

    /// Returns a number that changes with the settings and roles. Costs no lock.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Returns a number that changes if a read position or a count may have changed other than by an event. Costs no
    /// lock.
    pub fn moves(&self) -> u64 {
        self.moves.load(Ordering::Acquire)
    }

    /// Returns a number that changes when a member leaves, before the event that says so can be read. Costs no lock.
    pub fn departures(&self) -> u64 {
        self.departures.load(Ordering::Acquire)
    }

    /// Returns a member's read state.
    pub fn read_state(&self, user: UserId) -> Option<ReadState> {
        self.people().read_state(user)
    }

    /// Adds a member, as loaded from the store.
    pub fn load_member(&self, user: UserId, role: RoomRole, read: u64) {
        self.write_people().load(user, role, read);
    }

    /// Adds the owner of a new account as a member.
    pub fn put_member(&self, user: UserId, read: u64) {
        let mut people = self.write_people();
        if people.role(user).is_none() {
            people.load(user, RoomRole::Member, read);
        }
    }

    /// Adds a user who created the room or is in it from the start.
    pub fn put_founder(&self, user: UserId, role: RoomRole) {
        self.write_people().come(user, role);
    }

    /// Sets the messages that mention everyone, as loaded from the store.
    pub fn load_here(&self, here: VecDeque<(u64, UserId)>) {
        self.write_people().set_here(here);
    }

    /// Returns what must be read from disk before this member's unread lines can be counted.
    pub fn missing(&self, user: UserId) -> Option<Missing> {
        self.people().missing(user)
    }

    /// As [`People::missing_lines`].
    pub fn missing_lines(&self) -> Option<Missing> {
        self.people().missing_lines()
    }

    /// Takes the members that must be counted again.
    pub fn take_stale(&self) -> Vec<UserId> {
        self.write_people().take_stale()
    }

    /// Adds what was read from disk.
    pub fn fill(&self, user: UserId, missing: &Missing, found: &Found) {
        self.write_people().fill(user, missing, found);
        self.moves.fetch_add(1, Ordering::Release);
    }

    /// Records that a member has read up to `read`, which is already on disk.
    pub fn read_to(&self, user: UserId, read: u64) {
        self.write_people().read_to(user, read);
        self.moves.fetch_add(1, Ordering::Release);
    }

    /// Forgets everything before a position, which was removed from the store.
    pub fn forget_before(&self, first: u64) {
        self.meta.write().unwrap_or_else(PoisonError::into_inner).first = first;
        self.tail.forget_before(first);
        self.write_people().forget_before(first);
        self.changes.fetch_add(1, Ordering::Release);
        self.moves.fetch_add(1, Ordering::Release);
    }

    /// Applies events that were committed together, with their effects. Called only by the publisher, in commit order.
    pub fn publish(&self, mut events: Vec<Published>) -> News {
        let mut news = News::default();
        for at in 0..events.len() {
            // An event may amend an earlier one of the same batch.
            let (before, rest) = events.split_at_mut(at);
            if let Some(event) = rest.first_mut() {
                self.take_in(event, before, &mut news);
            }
        }
        news.tail_bytes = self.tail.append(&events);
        news
    }

    fn take_in(&self, event: &mut Published, before: &mut [Published], news: &mut News) {
        let mut people = self.write_people();
        people.append(event.seq, event.by, event.is_counted);
        let Some(effect) = event.effect.take() else { return };
        news.is_more = true;
        // The counters change last: a reader who sees a new value also sees the change itself.
        let mut number = &self.moves;
        match *effect {
            Effect::Joined(user, role) => {
                people.come(user, role);
                news.moved.push(MembershipChange::Joined(user));
            }
            Effect::Went(user) => {
                people.go(user);
                self.departures.fetch_add(1, Ordering::Release);
                news.moved.push(MembershipChange::Went(user));
            }
            Effect::Role(user, role) => {
                people.set_role(user, role);
                number = &self.changes;
            }
            Effect::Mentions(mentions) => people.mention(event.seq, event.by, &mentions),
            Effect::Amended(amended) => {
                people.amend(&amended);
                for replaced in &amended.replaced {
                    if let Some(event) = before.iter_mut().find(|event| event.seq == replaced.seq) {
                        (event.frame, event.own_frame) = (replaced.frame.clone(), replaced.own_frame.clone());
                    }
                }
                self.tail.replace(&amended.replaced);
            }
            about => {
                self.change(about);
                number = &self.changes;
            }
        }
        drop(people);
        number.fetch_add(1, Ordering::Release);
    }

    fn change(&self, effect: Effect) {
        let mut meta = self.meta.write().unwrap_or_else(PoisonError::into_inner);
        match effect {
            Effect::Title(title) => meta.title = title,
            Effect::Topic(topic) => meta.topic = topic,
            Effect::Archived(is_archived) => meta.is_archived = is_archived,
            Effect::Retention(days) => meta.retention_days = days,
            Effect::Approve(on) => meta.is_approving = on,
            _ => {}
        }
    }

    /// Adds a connection that hears about changes of the room.
    pub fn subscribe_quiet(&self, sender: &Arc<ConnectionSender>) {
        self.quiet.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(sender));
    }

    /// Removes such a connection.
    pub fn unsubscribe_quiet(&self, sender: &Arc<ConnectionSender>) {
        let mut quiet = self.quiet.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = quiet.iter().position(|o| Arc::ptr_eq(o, sender)) {
            quiet.swap_remove(at);
        }
    }

    /// Makes the connections of all members look at their state in this room.
    pub fn wake_quiet(&self) {
        for sender in self.quiet.read().unwrap_or_else(PoisonError::into_inner).iter() {
            sender.room_moved(self.id);
        }
    }

    /// Makes the connections of all members be told of the room again: what rules say about them there has changed.
    pub fn rules_changed(&self) {
        self.changes.fetch_add(1, Ordering::Release);
        self.wake_quiet();
    }

    /// Delivers new events to the connections that have it open, and other news for members if `is_more` is set.
    pub fn deliver(&self, is_more: bool) {
        if is_more {
            self.tail.each_reader(|sender| sender.room_moved(self.id));
        } else {
            self.tail.deliver();
        }
    }

    fn read_meta(&self) -> RwLockReadGuard<'_, RoomSettings> {
        self.meta.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn people(&self) -> RwLockReadGuard<'_, People> {
        self.people.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_people(&self) -> RwLockWriteGuard<'_, People> {
        self.people.write().unwrap_or_else(PoisonError::into_inner)
    }
}
