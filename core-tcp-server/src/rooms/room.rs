//! A room in memory: what it is called, who is in it and how far they have read, and the tail of its timeline. It follows
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

/// A room. Shared by all that have it open.
pub struct Room {
    /// Its row.
    pub id: RoomId,
    /// Its name.
    pub name: RoomName,
    /// Only members see it.
    pub is_private: bool,
    /// A direct message of these, by name; empty for a room. They do not change.
    pub dm: Vec<UserName>,
    /// The end of its timeline.
    pub tail: Tail,
    /// Who is typing.
    pub typists: Mutex<TypingUsers>,
    /// What it is called and how it is kept. Never held across an await.
    meta: RwLock<RoomSettings>,
    /// Counts the changes of it, and of roles: who finds the number where it was need not look.
    changes: AtomicU64,
    /// Who is in it, and what each has not read. Never held across an await.
    people: RwLock<People>,
    /// Counts what moves read positions and unread counts without being an event: likewise.
    moves: AtomicU64,
    /// Counts who went: see [`crate::access`].
    departures: AtomicU64,
    /// Connections of members that do not have it open: told, at most a few times a second, that it moved on.
    quiet: RwLock<Vec<Arc<ConnectionSender>>>,
}

/// What may change of a room.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RoomSettings {
    /// Its title.
    pub title: String,
    /// What it is about.
    pub topic: String,
    /// It is over.
    pub is_archived: bool,
    /// Days after which what is in it is removed; 0: never.
    pub retention_days: u32,
    /// The first event that is still there.
    pub first: u64,
}

/// What a batch of events changed beside the timeline.
#[derive(Debug, Default)]
pub struct News {
    /// Who came and who went, in order.
    pub moved: Vec<MembershipChange>,
    /// Something moved of which the events themselves do not tell members all: counts, roles, what the room is called.
    pub is_more: bool,
    /// Bytes that the room's tail now takes in memory.
    pub tail_bytes: usize,
}

/// Somebody became a member, or is one no more: their connections are to know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MembershipChange {
    /// Came.
    Joined(UserId),
    /// Went.
    Went(UserId),
}

impl Room {
    /// A room as the store has it, without its members.
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

    /// What it is called and how it is kept.
    pub fn meta(&self) -> RoomSettings {
        self.read_meta().clone()
    }

    /// Its title.
    pub fn title(&self) -> String {
        self.read_meta().title.clone()
    }

    /// True if it is over: it can be read, and nothing is added.
    pub fn is_archived(&self) -> bool {
        self.read_meta().is_archived
    }

    /// The first event that is still there.
    pub fn first(&self) -> u64 {
        self.read_meta().first.max(1)
    }

    /// True if it is a direct message.
    pub fn is_dm(&self) -> bool {
        !self.dm.is_empty()
    }

    /// The last event that this member has read; `None` for one who is no member.
    pub fn read_by(&self, user: UserId) -> Option<u64> {
        self.people().read(user)
    }

    /// What this member may do here; `None` for one who is no member.
    pub fn role_of(&self, user: UserId) -> Option<RoomRole> {
        self.people().role(user)
    }

    /// True for members.
    pub fn has(&self, user: UserId) -> bool {
        self.role_of(user).is_some()
    }

    /// Those of these users who are members.
    pub fn among(&self, users: &[UserId]) -> Vec<UserId> {
        let people = self.people();
        users.iter().copied().filter(|user| people.role(*user).is_some()).collect()
    }

    /// True for those who may know of it.
    pub fn is_seen_by(&self, user: UserId) -> bool {
        !self.is_private || self.has(user)
    }

    /// All members, and what they may do.
    pub fn members(&self) -> Vec<(UserId, RoomRole)> {
        self.people().all().collect()
    }

    /// Another number than before if what it is called, how it is kept or a role may have changed. Costs no lock.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Another number than before if a read position or a count may have moved otherwise than by an event. Costs no lock.
    pub fn moves(&self) -> u64 {
        self.moves.load(Ordering::Acquire)
    }

    /// Another number than before if somebody went. It moves before the event that says so can be read. Costs no lock.
    pub fn departures(&self) -> u64 {
        self.departures.load(Ordering::Acquire)
    }

    /// Where a member stands.
    pub fn read_state(&self, user: UserId) -> Option<ReadState> {
        self.people().read_state(user)
    }

    /// Adds a member as the store has them.
    pub fn load_member(&self, user: UserId, role: RoomRole, read: u64) {
        self.write_people().load(user, role, read);
    }

    /// Notes that an account that was just made is a member.
    pub fn put_member(&self, user: UserId, read: u64) {
        let mut people = self.write_people();
        if people.role(user).is_none() {
            people.load(user, RoomRole::Member, read);
        }
    }

    /// Adds one who made the room or is in it from the start.
    pub fn put_founder(&self, user: UserId, role: RoomRole) {
        self.write_people().come(user, role);
    }

    /// Messages that name all, as the store has them.
    pub fn load_here(&self, here: VecDeque<(u64, UserId)>) {
        self.write_people().set_here(here);
    }

    /// What is to be read from disk before this member's unread lines can be counted.
    pub fn missing(&self, user: UserId) -> Option<Missing> {
        self.people().missing(user)
    }

    /// As [`People::missing_lines`].
    pub fn missing_lines(&self) -> Option<Missing> {
        self.people().missing_lines()
    }

    /// Members that are to be counted again.
    pub fn take_stale(&self) -> Vec<UserId> {
        self.write_people().take_stale()
    }

    /// Takes in what was read from disk.
    pub fn fill(&self, user: UserId, missing: &Missing, found: &Found) {
        self.write_people().fill(user, missing, found);
        self.moves.fetch_add(1, Ordering::Release);
    }

    /// A member has read up to here: that is on disk.
    pub fn read_to(&self, user: UserId, read: u64) {
        self.write_people().read_to(user, read);
        self.moves.fetch_add(1, Ordering::Release);
    }

    /// What stood before this place was removed from the store.
    pub fn forget_before(&self, first: u64) {
        self.meta.write().unwrap_or_else(PoisonError::into_inner).first = first;
        self.tail.forget_before(first);
        self.write_people().forget_before(first);
        self.changes.fetch_add(1, Ordering::Release);
        self.moves.fetch_add(1, Ordering::Release);
    }

    /// Takes in events that were committed together, and what they change. Called by the publisher alone, in commit order.
    pub fn publish(&self, mut events: Vec<Published>) -> News {
        let mut news = News::default();
        for at in 0..events.len() {
            // What was committed in this batch before may be amended by what follows.
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
        // The numbers move last: who finds a new one finds what it stands for.
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
            _ => {}
        }
    }

    /// Adds a connection to be told that the room moved on.
    pub fn subscribe_quiet(&self, sender: &Arc<ConnectionSender>) {
        self.quiet.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(sender));
    }

    /// Removes it.
    pub fn unsubscribe_quiet(&self, sender: &Arc<ConnectionSender>) {
        let mut quiet = self.quiet.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = quiet.iter().position(|o| Arc::ptr_eq(o, sender)) {
            quiet.swap_remove(at);
        }
    }

    /// Has the connections of all members look at where they stand here.
    pub fn wake_quiet(&self) {
        for sender in self.quiet.read().unwrap_or_else(PoisonError::into_inner).iter() {
            sender.room_moved(self.id);
        }
    }

    /// Brings new events to the connections that have it open, and what else members are told where `is_more`.
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
