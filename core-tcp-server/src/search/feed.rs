//! Events on their way into the index: those of all rooms that are behind, merged by time, with a page of each room in
//! memory.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use rusqlite::{Connection, params};

use super::docs::Origin;
use super::limits::{FEED_EVENTS_MAX, FEED_PAGE_BYTES_MAX};
use crate::store::{RoomId, UserId};

/// An event to index.
#[derive(Clone, Debug)]
pub struct Row {
    /// The room and the time.
    pub of: Origin,
    /// The position in the room.
    pub seq: i64,
    /// The author.
    pub by: UserId,
    /// The kind of event.
    pub kind: String,
    /// The fields, as JSON.
    pub fields: String,
}

/// The events of rooms that are not indexed yet.
#[derive(Default)]
pub struct Feed {
    next: BinaryHeap<Reverse<(i64, RoomId)>>,
    rooms: HashMap<RoomId, Pending>,
}

struct Pending {
    rows: VecDeque<Row>,
    is_public: bool,
    last: i64,
}

impl Feed {
    /// Adds a room, starting after its cursor. A room that is already here continues by itself.
    ///
    /// # Errors
    /// If the database fails.
    pub fn add(&mut self, store: &Connection, room: RoomId, is_public: bool, after: i64) -> rusqlite::Result<()> {
        match self.rooms.entry(room) {
            Entry::Occupied(_) => return Ok(()),
            Entry::Vacant(free) => {
                // With thousands of rooms behind, each has one event here: no spare capacity.
                let rows = VecDeque::with_capacity(1);
                free.insert(Pending { rows, is_public, last: after });
            }
        }
        self.refill(store, room)
    }

    /// Returns true if no event is waiting.
    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    /// Returns the oldest event.
    ///
    /// # Errors
    /// If the database fails.
    pub fn next(&mut self, store: &Connection) -> rusqlite::Result<Option<Row>> {
        let Some(Reverse((_, room))) = self.next.pop() else { return Ok(None) };
        let Some(pending) = self.rooms.get_mut(&room) else { return Ok(None) };
        let row = pending.rows.pop_front();
        match pending.rows.front() {
            Some(front) => self.next.push(Reverse((front.of.at, room))),
            None => self.refill(store, room)?,
        }
        Ok(row)
    }

    fn refill(&mut self, store: &Connection, room: RoomId) -> rusqlite::Result<()> {
        let page = (FEED_EVENTS_MAX / self.rooms.len().max(1)).clamp(1, 256);
        let bytes_max = FEED_PAGE_BYTES_MAX / self.rooms.len().clamp(1, 64);
        let Some(pending) = self.rooms.get_mut(&room) else { return Ok(()) };
        let mut events = store.prepare_cached(
            "SELECT seq, at, by, kind, fields FROM events WHERE room = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
        )?;
        let mut rows = events.query(params![room.0, pending.last, i64::try_from(page).unwrap_or(4)])?;
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            let is_public = pending.is_public;
            let (seq, at, by) = (row.get(0)?, row.get(1)?, UserId(row.get(2)?));
            let of = Origin { room, is_public, at };
            let row = Row { of, seq, by, kind: row.get(3)?, fields: row.get(4)? };
            bytes += row.fields.len();
            pending.last = row.seq;
            pending.rows.push_back(row);
            if bytes > bytes_max {
                break;
            }
        }
        match pending.rows.front() {
            Some(front) => self.next.push(Reverse((front.of.at, room))),
            None => drop(self.rooms.remove(&room)),
        }
        Ok(())
    }
}
