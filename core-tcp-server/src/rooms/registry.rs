//! All rooms, by name and by id. Loaded once; rooms are added, never removed.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rusqlite::Connection;
use wardroom_protocol::{RoomName, UserName};

use super::general::GENERAL;
use super::names::{look_alike, normalized};
use super::room::{MembershipChange, Room, RoomSettings};
use crate::error::Error;
use crate::limits::{HERE_MENTIONS_MAX, TAILS_BYTES_MAX, WRITERS_MAX, WRITES_BURST, WRITES_REFILL_MS};
use crate::log::Budget;
use crate::rates::Rates;
use crate::store::{Published, RoomId, UserId, from_sql};

/// All rooms.
pub struct Registry {
    rooms: RwLock<Maps>,
    /// Rooms that changed since the members who do not have them open were last woken.
    moved: Mutex<HashSet<RoomId>>,
    /// The memory of all tails. Held by the publisher while it appends.
    tails: Mutex<Budget>,
    /// How often each user may write. Held for a look-up.
    writes: Mutex<Rates<UserId>>,
    /// Held while a room is created.
    pub making: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Maps {
    by_name: HashMap<RoomName, Arc<Room>>,
    by_id: HashMap<RoomId, Arc<Room>>,
    /// The rooms of each user, without `general`.
    joined: HashMap<UserId, Vec<RoomId>>,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            rooms: RwLock::default(),
            moved: Mutex::default(),
            tails: Mutex::new(Budget::new(TAILS_BYTES_MAX)),
            writes: Mutex::new(Rates::new(WRITES_BURST, WRITES_REFILL_MS, WRITERS_MAX)),
            making: tokio::sync::Mutex::default(),
        }
    }
}

impl Registry {
    /// Loads all rooms and their members.
    ///
    /// # Errors
    /// If the database fails.
    pub fn load(conn: &Connection) -> Result<Self, Error> {
        let registry = Self::default();
        let mut rooms = conn.prepare(
            "SELECT id, name, private, dm, title, topic, archived, retention_days, first,
                    max(first - 1, (SELECT coalesce(max(seq), 0) FROM events WHERE room = rooms.id)), approve FROM rooms",
        )?;
        let mut rows = rooms.query([])?;
        while let Some(row) = rows.next()? {
            let name: String = row.get(1)?;
            let name = RoomName::parse(&name).map_err(Error::internal)?;
            let dm: Option<String> = row.get(3)?;
            let dm = dm.map_or(Ok(Vec::new()), |ids| users_of(conn, &ids))?;
            let meta = RoomSettings {
                title: row.get(4)?,
                topic: row.get(5)?,
                is_archived: row.get(6)?,
                retention_days: row.get(7)?,
                is_approving: row.get(10)?,
                first: from_sql(row.get(8)?),
            };
            let room = Room::new(RoomId(row.get(0)?), name, row.get(2)?, dm, meta, from_sql(row.get(9)?));
            room.load_here(here_of(conn, room.id)?);
            registry.insert(Arc::new(room));
        }
        let mut members = conn.prepare("SELECT room, user, role, read FROM members")?;
        let mut rows = members.query([])?;
        while let Some(row) = rows.next()? {
            let role: String = row.get(2)?;
            let (id, user) = (RoomId(row.get(0)?), UserId(row.get(1)?));
            if let Some(room) = registry.by_id(id) {
                room.load_member(user, role.parse().unwrap_or_default(), from_sql(row.get(3)?));
                registry.note_joined(id, user, true);
            }
        }
        Ok(registry)
    }

    /// Adds a room and its members.
    pub fn insert(&self, room: Arc<Room>) {
        for (user, _) in room.members() {
            self.note_joined(room.id, user, true);
        }
        let mut maps = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        maps.by_name.insert(room.name.clone(), Arc::clone(&room));
        maps.by_id.insert(room.id, room);
    }

    /// Returns the room with this name, in any Unicode form of it.
    pub fn by_name(&self, name: &RoomName) -> Option<Arc<Room>> {
        let find =
            |name: &RoomName| self.rooms.read().unwrap_or_else(PoisonError::into_inner).by_name.get(name).cloned();
        find(name).or_else(|| normalized(name).and_then(|name| find(&name)))
    }

    /// Returns the name of another room that looks the same.
    pub fn look_alike(&self, name: &RoomName) -> Option<RoomName> {
        let maps = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        maps.by_name.keys().find(|other| look_alike(other, name)).cloned()
    }

    /// Returns the room with this id.
    pub fn by_id(&self, id: RoomId) -> Option<Arc<Room>> {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner).by_id.get(&id).cloned()
    }

    /// Returns all rooms, by name.
    pub fn all(&self) -> Vec<Arc<Room>> {
        let mut all: Vec<_> =
            self.rooms.read().unwrap_or_else(PoisonError::into_inner).by_name.values().cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Returns the rooms that a user is in, by name. The cost does not depend on other rooms.
    pub fn joined_by(&self, user: UserId) -> Vec<Arc<Room>> {
        let maps = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        let ids = maps.joined.get(&user).into_iter().flatten().chain(std::iter::once(&GENERAL));
        let mut joined: Vec<_> = ids.filter_map(|id| maps.by_id.get(id)).cloned().collect();
        drop(maps);
        joined.retain(|room| room.has(user));
        joined.sort_by(|a, b| a.name.cmp(&b.name));
        joined
    }

    /// Counts one more event by this user.
    ///
    /// # Errors
    /// If they write too often: the milliseconds to wait.
    pub fn count_write(&self, user: UserId, now_ms: u64) -> Result<(), u64> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).take(user, now_ms)
    }

    fn note_joined(&self, room: RoomId, user: UserId, is_in: bool) {
        // Everybody is in `general`.
        if room == GENERAL {
            return;
        }
        let mut maps = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        let joined = maps.joined.entry(user).or_default();
        joined.retain(|other| *other != room);
        if is_in {
            joined.push(room);
        } else if joined.is_empty() {
            maps.joined.remove(&user);
        }
    }

    /// Returns the number of rooms.
    pub fn count(&self) -> usize {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner).by_id.len()
    }

    /// Appends committed events to their tails and wakes the readers, once per room. Returns who joined and left.
    pub fn publish(&self, events: Vec<Published>) -> Vec<(Arc<Room>, MembershipChange)> {
        let mut moved = Vec::new();
        for (id, events) in by_room(events) {
            // A room that was created in this batch is not here yet. It is added with its current head.
            let Some(room) = self.by_id(id) else { continue };
            let news = room.publish(events);
            self.evict_for(id, news.tail_bytes);
            for who in &news.moved {
                match *who {
                    MembershipChange::Joined(user) => self.note_joined(id, user, true),
                    MembershipChange::Went(user) => self.note_joined(id, user, false),
                }
            }
            room.deliver(news.is_more);
            self.note_moved(id);
            moved.extend(news.moved.into_iter().map(|who| (Arc::clone(&room), who)));
        }
        moved
    }

    /// Evicts other tails if all together take too much after this one has grown.
    fn evict_for(&self, room: RoomId, bytes: usize) {
        let evicted = self.tails.lock().unwrap_or_else(PoisonError::into_inner).note(room, bytes);
        for room in evicted.into_iter().filter_map(|id| self.by_id(id)) {
            room.tail.evict();
        }
    }

    /// Schedules a wake-up of the members who do not have the room open, for a change that is not an event.
    pub fn note_moved(&self, room: RoomId) {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).insert(room);
    }

    /// Wakes the members of changed rooms who do not have them open. Called by the sweeper.
    pub fn wake_quiet(&self) {
        let moved = std::mem::take(&mut *self.moved.lock().unwrap_or_else(PoisonError::into_inner));
        for room in moved.into_iter().filter_map(|id| self.by_id(id)) {
            room.wake_quiet();
        }
    }
}

/// Groups the events by room, in order. Rooms are in the order of their first events.
fn by_room(events: Vec<Published>) -> Vec<(RoomId, Vec<Published>)> {
    let mut groups: Vec<(RoomId, Vec<Published>)> = Vec::new();
    let mut places: HashMap<RoomId, usize> = HashMap::new();
    for event in events {
        let room = event.room;
        let place = match groups.last() {
            // Most batches are for one room.
            Some((last, _)) if *last == room => groups.len() - 1,
            _ => *places.entry(room).or_insert(groups.len()),
        };
        match groups.get_mut(place) {
            Some((_, group)) => group.push(event),
            None => groups.push((room, vec![event])),
        }
    }
    groups
}

/// Returns the members of a direct message, by name. `ids` is as stored: `3+17`.
fn users_of(conn: &Connection, ids: &str) -> Result<Vec<UserName>, Error> {
    let mut statement = conn.prepare_cached("SELECT name FROM users WHERE id = ?1")?;
    let mut users = Vec::new();
    for id in ids.split('+').filter_map(|id| id.parse::<i64>().ok()) {
        let name: String = statement.query_row([id], |row| row.get(0))?;
        users.push(UserName::parse(&name).map_err(Error::internal)?);
    }
    users.sort();
    Ok(users)
}

/// Returns the last messages of a room that mention everyone, ascending, with their authors.
fn here_of(conn: &Connection, room: RoomId) -> Result<VecDeque<(u64, UserId)>, Error> {
    let mut statement = conn.prepare_cached(
        "SELECT e.seq, e.by FROM mentions m JOIN events e ON e.room = m.room AND e.seq = m.seq
         WHERE m.room = ?1 AND m.user = 0 ORDER BY m.seq DESC LIMIT ?2",
    )?;
    let limit = i64::try_from(HERE_MENTIONS_MAX).unwrap_or(i64::MAX);
    let rows = statement.query_map([room.0, limit], |row| Ok((from_sql(row.get(0)?), UserId(row.get(1)?))))?;
    let mut here: VecDeque<_> = rows.collect::<rusqlite::Result<_>>()?;
    here.make_contiguous().reverse();
    Ok(here)
}
