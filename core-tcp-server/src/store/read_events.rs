//! Reads events: a range of a room's timeline, and the position that belongs to a time.

use rusqlite::{Connection, OptionalExtension as _, params};
use wardroom_protocol::event::StoredEvent;

use super::Store;
use super::ids::{RoomId, UserId, as_sql, from_sql};
use crate::error::Error;

/// A range of a timeline.
#[derive(Clone, Copy, Debug)]
pub enum Range {
    /// The first `n` events after a position.
    After(u64),
    /// The last `n` events before a position.
    Before(u64),
}

/// An event from disk, as one reader may see it.
#[derive(Clone, Debug)]
pub struct ReadEvent {
    /// Its `seq`.
    pub seq: u64,
    /// Its time in Unix milliseconds.
    pub at: u64,
    /// The author's name.
    pub by: String,
    /// The kind.
    pub kind: String,
    /// The fields of the kind, as JSON.
    pub fields: String,
    /// The nonce, if the reader is the author.
    pub nonce: Option<String>,
}

impl ReadEvent {
    /// Returns it in the form that the protocol encodes.
    pub fn stored<'a>(&'a self, room: &'a str) -> StoredEvent<'a> {
        StoredEvent { room, seq: self.seq, at: self.at, by: &self.by, kind: &self.kind, fields: &self.fields }
    }
}

impl Store {
    /// Reads up to `count` events, ascending, as `reader` may see them. Returns fewer if their texts exceed
    /// `bytes_max`, but at least one.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn read_events(
        &self,
        room: RoomId,
        range: Range,
        count: usize,
        bytes_max: usize,
        reader: UserId,
    ) -> Result<Vec<ReadEvent>, Error> {
        self.read(move |conn| Ok(read_range(conn, room, range, count, bytes_max, reader)?)).await
    }

    /// Returns the position after which events are at or after this time (Unix milliseconds). Positions are ordered by
    /// time except for steps of the clock, so a binary search by the primary key works without an index on time.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn last_before(&self, room: RoomId, at_ms: u64) -> Result<u64, Error> {
        let at = i64::try_from(at_ms).unwrap_or(i64::MAX);
        self.read(move |conn| Ok(from_sql(search_time(conn, room, at)?))).await
    }
}

fn search_time(conn: &Connection, room: RoomId, at: i64) -> rusqlite::Result<i64> {
    let bounds = "SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM events WHERE room = ?1";
    let (first, last): (i64, i64) =
        conn.prepare_cached(bounds)?.query_row([room.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    // All events before `low` are earlier than the time, and none from `high` on.
    let (mut low, mut high) = (first, last.saturating_add(1));
    let mut time_of = conn.prepare_cached("SELECT at FROM events WHERE room = ?1 AND seq = ?2")?;
    while low < high {
        let middle = low.saturating_add(high.saturating_sub(low) / 2);
        let time: Option<i64> = time_of.query_row([room.0, middle], |row| row.get(0)).optional()?;
        match time {
            Some(time) if time >= at => high = middle,
            _ => low = middle.saturating_add(1),
        }
    }
    Ok(low.saturating_sub(1))
}

fn read_range(
    conn: &Connection,
    room: RoomId,
    range: Range,
    count: usize,
    bytes_max: usize,
    reader: UserId,
) -> rusqlite::Result<Vec<ReadEvent>> {
    let (sql, seq) = match range {
        Range::After(seq) => (
            "SELECT e.seq, e.at, u.name, e.kind, e.fields, iif(e.by = ?4, e.nonce, NULL)
             FROM events e JOIN users u ON u.id = e.by WHERE e.room = ?1 AND e.seq > ?2 ORDER BY e.seq LIMIT ?3",
            seq,
        ),
        Range::Before(seq) => (
            "SELECT e.seq, e.at, u.name, e.kind, e.fields, iif(e.by = ?4, e.nonce, NULL)
             FROM events e JOIN users u ON u.id = e.by WHERE e.room = ?1 AND e.seq < ?2 ORDER BY e.seq DESC LIMIT ?3",
            seq,
        ),
    };
    let mut statement = conn.prepare_cached(sql)?;
    let limit = i64::try_from(count).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![room.0, as_sql(seq), limit, reader.0])?;
    let mut events = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let event = ReadEvent {
            seq: from_sql(row.get(0)?),
            at: from_sql(row.get(1)?),
            by: row.get(2)?,
            kind: row.get(3)?,
            fields: row.get(4)?,
            nonce: row.get(5)?,
        };
        bytes += event.fields.len() + 160;
        if bytes > bytes_max && !events.is_empty() {
            break;
        }
        events.push(event);
    }
    if matches!(range, Range::Before(_)) {
        events.reverse();
    }
    Ok(events)
}
