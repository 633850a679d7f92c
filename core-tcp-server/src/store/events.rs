//! Events in the database: appends one, and finds one by its nonce.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, params};
use wardroom_protocol::event::StoredEvent;

use super::effect::Effect;
use super::ids::{RoomId, UserId, as_sql, from_sql};
use crate::error::Error;

/// An event to append.
#[derive(Clone, Copy, Debug)]
pub struct NewEvent<'a> {
    /// The room.
    pub room: RoomId,
    /// Its name, for the wire.
    pub room_name: &'a str,
    /// The author.
    pub by: UserId,
    /// The author's name, for the wire.
    pub by_name: &'a str,
    /// [`wardroom_protocol::EventBody::kind`].
    pub kind: &'a str,
    /// [`wardroom_protocol::EventBody::fields`].
    pub fields: &'a str,
    /// The author's nonce.
    pub nonce: Option<&'a str>,
}

/// The result of an append.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Appended {
    /// The `seq` of the event.
    pub seq: u64,
    /// False if the event was already stored under this nonce.
    pub is_new: bool,
}

/// An event on disk, encoded once for all readers.
#[derive(Clone, Debug)]
pub struct Published {
    /// The room.
    pub room: RoomId,
    /// Its `seq`.
    pub seq: u64,
    /// The author, the only one who sees the nonce.
    pub by: UserId,
    /// The frame for everybody.
    pub frame: Bytes,
    /// The frame for the author, if it contains a nonce.
    pub own_frame: Option<Bytes>,
    /// True if others count it as unread.
    pub is_counted: bool,
    /// What it changes besides the timeline. Boxed, because most events change nothing.
    pub effect: Option<Box<Effect>>,
}

/// Returns true for the kinds that count as unread: messages, runs and files.
pub fn is_counted(kind: &str) -> bool {
    matches!(kind, "message" | "run.started" | "file.added")
}

impl Published {
    pub(super) fn new(event: &NewEvent<'_>, seq: u64, at: u64, effect: Option<Effect>) -> Self {
        let stored =
            StoredEvent { room: event.room_name, seq, at, by: event.by_name, kind: event.kind, fields: event.fields };
        Self {
            room: event.room,
            seq,
            by: event.by,
            frame: stored.encode(None),
            own_frame: event.nonce.map(|nonce| stored.encode(Some(nonce))),
            is_counted: is_counted(event.kind),
            effect: effect.map(Box::new),
        }
    }

    /// Returns the frame for this reader.
    pub fn frame_for(&self, reader: UserId) -> &Bytes {
        match &self.own_frame {
            Some(own) if reader == self.by => own,
            _ => &self.frame,
        }
    }
}

/// Returns the `seq` of the last event. If retention has removed all events, the one before the next event.
pub(super) fn head(conn: &Connection, room: RoomId) -> rusqlite::Result<u64> {
    conn.prepare_cached(
        "SELECT max((SELECT coalesce(max(seq), 0) FROM events WHERE room = ?1),
                    coalesce((SELECT first - 1 FROM rooms WHERE id = ?1), 0))",
    )?
    .query_row([room.0], |row| row.get(0).map(from_sql))
}

/// Inserts an event. Returns false if the author used the nonce before.
pub(super) fn insert(
    conn: &Connection,
    event: &NewEvent<'_>,
    seq: u64,
    at: u64,
    target: Option<u64>,
) -> rusqlite::Result<bool> {
    let rows = conn
        .prepare_cached(
            "INSERT INTO events(room, seq, at, by, kind, fields, nonce, target) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)
             ON CONFLICT(by, nonce) WHERE nonce IS NOT NULL DO NOTHING",
        )?
        .execute(params![
            event.room.0,
            as_sql(seq),
            as_sql(at),
            event.by.0,
            event.kind,
            event.fields,
            event.nonce,
            target.map(as_sql)
        ])?;
    Ok(rows == 1)
}

pub(super) fn find_by_nonce(conn: &Connection, event: &NewEvent<'_>) -> Result<Appended, Error> {
    type Row = (i64, i64, String, String, Option<Vec<u8>>);
    let found: Option<Row> = conn
        .prepare_cached("SELECT room, seq, kind, fields, posted FROM events WHERE by = ?1 AND nonce = ?2")?
        .query_row(params![event.by.0, event.nonce], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    match found {
        Some((room, seq, kind, fields, posted)) if room == event.room.0 && kind == event.kind => {
            // If the event was amended since, its fields differ, but it is still the same post.
            let is_same = posted.map_or(fields == event.fields, |posted| posted == digest(event.fields));
            if is_same { Ok(Appended { seq: from_sql(seq), is_new: false }) } else { Err(used_otherwise()) }
        }
        Some(_) => Err(used_otherwise()),
        None => Err(Error::internal("an event was refused, but none has its nonce")),
    }
}

fn used_otherwise() -> Error {
    Error::conflict("this nonce was used for something else: make a new one for each post")
}

/// Returns a digest of the fields as posted: long enough to tell apart two texts under one nonce.
pub(super) fn digest(fields: &str) -> Vec<u8> {
    blake3::hash(fields.as_bytes()).as_bytes().iter().take(16).copied().collect()
}
