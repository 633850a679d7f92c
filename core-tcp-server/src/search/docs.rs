//! Rows of the index: added, replaced when a message is edited, removed.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::fold;
use super::grams::{Mark, bigrams};
use crate::store::{RoomId, UserId};

/// The kind of a row, as in [`wardroom_protocol::messages::HitKind`]: a message.
pub const MESSAGE: i64 = 0;
/// A command.
pub const RUN: i64 = 1;
/// A piece of output.
pub const OUTPUT: i64 = 2;
/// The name of a file.
pub const FILE: i64 = 3;

/// The source of a row.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// Its room.
    pub room: RoomId,
    /// True if that room is public.
    pub is_public: bool,
    /// The time in Unix milliseconds.
    pub at: i64,
}

/// A row to add.
#[derive(Clone, Copy, Debug)]
pub struct IndexRow<'a> {
    /// The room and the time.
    pub of: Origin,
    /// The `seq` that a hit names; for output, that of its run's start.
    pub seq: i64,
    /// The author.
    pub by: UserId,
    /// [`MESSAGE`], [`RUN`], [`OUTPUT`] or [`FILE`].
    pub kind: i64,
    /// For output: the offset and the number of its bytes.
    pub span: Option<(i64, i64)>,
    /// The text to search.
    pub text: &'a str,
}

/// Adds a row after all others.
///
/// # Errors
/// If the database fails.
pub fn add(conn: &Connection, doc: IndexRow<'_>) -> rusqlite::Result<()> {
    if doc.text.trim().is_empty() {
        return Ok(());
    }
    let (off, len) = doc.span.unzip();
    conn.prepare_cached(
        "INSERT INTO docs(room, seq, at, kind, off, len)
         VALUES(?1, ?2, max(?3, coalesce((SELECT at FROM docs ORDER BY id DESC LIMIT 1), 0)), ?4, ?5, ?6)",
    )?
    .execute(params![doc.of.room.0, doc.seq, doc.of.at, doc.kind, off, len])?;
    put_grams(conn, conn.last_insert_rowid(), &doc)
}

/// Replaces a message's text, or removes it if the new text is blank.
///
/// # Errors
/// If the database fails.
pub fn replace(conn: &Connection, doc: IndexRow<'_>) -> rusqlite::Result<()> {
    let id: Option<i64> = conn
        .prepare_cached("SELECT id FROM docs WHERE room = ?1 AND seq = ?2 AND kind = ?3")?
        .query_row(params![doc.of.room.0, doc.seq, doc.kind], |row| row.get(0))
        .optional()?;
    let Some(id) = id else { return Ok(()) };
    remove_grams(conn, id)?;
    if doc.text.trim().is_empty() {
        conn.prepare_cached("DELETE FROM docs WHERE id = ?1")?.execute([id])?;
        return Ok(());
    }
    put_grams(conn, id, &doc)
}

/// Removes up to `count` rows of a room before `seq`. Returns true if there may be more.
///
/// # Errors
/// If the database fails.
pub fn remove_before(conn: &Connection, room: i64, seq: i64, count: usize) -> rusqlite::Result<bool> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let ids: Vec<i64> = conn
        .prepare_cached("SELECT id FROM docs WHERE room = ?1 AND seq < ?2 LIMIT ?3")?
        .query_map(params![room, seq, count], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in &ids {
        remove_grams(conn, *id)?;
        conn.prepare_cached("DELETE FROM docs WHERE id = ?1")?.execute([id])?;
    }
    Ok(!ids.is_empty())
}

fn put_grams(conn: &Connection, id: i64, doc: &IndexRow<'_>) -> rusqlite::Result<()> {
    let room = Mark::Room(doc.of.room);
    let public = if doc.of.is_public { Mark::Public.trigram() } else { String::new() };
    let (by, kind) = (Mark::By(doc.by), Mark::Kind(doc.kind));
    let folded = fold::chars(doc.text);
    let body: String = folded.iter().collect();
    conn.prepare_cached("INSERT INTO trigrams(rowid, body, room, public, who, kind) VALUES(?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![id, body, room.trigram(), public, by.trigram(), kind.trigram()])?;
    let mut words = bigrams(&folded);
    for mark in [Some(room), doc.of.is_public.then_some(Mark::Public), Some(by), Some(kind)].into_iter().flatten() {
        words.push_str(&mark.word());
        words.push(' ');
    }
    conn.prepare_cached("INSERT INTO bigrams(rowid, body) VALUES(?1, ?2)")?.execute(params![id, words])?;
    Ok(())
}

fn remove_grams(conn: &Connection, id: i64) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM trigrams WHERE rowid = ?1")?.execute([id])?;
    conn.prepare_cached("DELETE FROM bigrams WHERE rowid = ?1")?.execute([id])?;
    Ok(())
}
