//! All rooms, by name and by row. Loaded once; rooms are added, never removed.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rusqlite::Connection;
use wardroom_protocol::RoomName;

use super::room::Room;
use crate::refusal::Refusal;
use crate::store::{Published, RoomId, UserId};

/// All rooms.
#[derive(Default)]
pub struct Registry {
    rooms: RwLock<Maps>,
    /// Rooms that moved on since the members who do not have them open were last woken.
    moved: Mutex<HashSet<RoomId>>,
}

#[derive(Default)]
struct Maps {
    by_name: HashMap<RoomName, Arc<Room>>,
    by_id: HashMap<RoomId, Arc<Room>>,
}

impl Registry {
    /// Reads all rooms and their members.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn load(conn: &Connection) -> Result<Self, Refusal> {
        let registry = Self::default();
        let mut rooms = conn.prepare(
            "SELECT id, name, title, private, (SELECT coalesce(max(seq), 0) FROM events WHERE room = rooms.id) FROM rooms",
        )?;
        let mut rows = rooms.query([])?;
        while let Some(row) = rows.next()? {
            let name: String = row.get(1)?;
            let name = RoomName::parse(&name).map_err(Refusal::internal)?;
            let head = u64::try_from(row.get::<_, i64>(4)?).unwrap_or(0);
            registry.insert(Arc::new(Room::new(RoomId(row.get(0)?), name, row.get(2)?, row.get(3)?, head)));
        }
        let mut members = conn.prepare("SELECT room, user, read FROM members")?;
        let mut rows = members.query([])?;
        while let Some(row) = rows.next()? {
            let read = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
            if let Some(room) = registry.by_id(RoomId(row.get(0)?)) {
                room.put_member(UserId(row.get(1)?), read);
            }
        }
        Ok(registry)
    }

    /// Adds a room.
    pub fn insert(&self, room: Arc<Room>) {
        let mut maps = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        maps.by_name.insert(room.name.clone(), Arc::clone(&room));
        maps.by_id.insert(room.id, room);
    }

    /// The room of this name.
    pub fn by_name(&self, name: &RoomName) -> Option<Arc<Room>> {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner).by_name.get(name).cloned()
    }

    /// The room of this row.
    pub fn by_id(&self, id: RoomId) -> Option<Arc<Room>> {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner).by_id.get(&id).cloned()
    }

    /// All rooms, by name.
    pub fn all(&self) -> Vec<Arc<Room>> {
        let mut all: Vec<_> =
            self.rooms.read().unwrap_or_else(PoisonError::into_inner).by_name.values().cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner).by_id.len()
    }

    /// Appends committed events to their tails and wakes the readers, each room's once.
    pub fn publish(&self, events: Vec<Published>) {
        let mut last: Option<Arc<Room>> = None;
        for event in events {
            if last.as_ref().is_none_or(|room| room.id != event.room) {
                self.wake(last.take());
                last = self.by_id(event.room);
            }
            // A room made in this very batch is not here yet; it comes with its head as it then stands.
            if let Some(room) = &last {
                room.tail.append(event);
            }
        }
        self.wake(last);
    }

    fn wake(&self, room: Option<Arc<Room>>) {
        let Some(room) = room else { return };
        room.tail.wake();
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).insert(room.id);
    }

    /// Wakes the members who do not have the rooms open that moved on. Called by the sweeper.
    pub fn wake_quiet(&self) {
        let moved = std::mem::take(&mut *self.moved.lock().unwrap_or_else(PoisonError::into_inner));
        for room in moved.into_iter().filter_map(|id| self.by_id(id)) {
            room.wake_quiet();
        }
    }
}
