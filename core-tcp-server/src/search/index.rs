//! The index's own thread: a reader of all rooms with a cursor in each. The rows and the cursors are written in one
//! transaction, so after a kill at any point it continues without gaps or duplicates. It runs at a low priority, on its
//! own connections, and nobody waits for it.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};
use wardroom_protocol::event::EventBody;

use super::budget::Budget;
use super::docs::{self, IndexRow};
use super::feed::{Feed, Row};
use super::limits::{BATCH_BYTES_MAX, BATCH_ROWS_MAX, NICENESS};
use super::part::Part;
use super::paths::Paths;
use super::schema;
use super::signal::{News, Signal};
use crate::store::{RoomId, Store, UserId, open_reader};

/// Runs the index's thread.
pub fn run(paths: &Paths, store: &Store, signal: &Signal) {
    // On Linux this applies to this thread only. If it is refused, the thread competes like any other.
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "the search index runs at the priority of the rest");
    }
    while let Err(error) = Indexer::open(paths, store, signal).and_then(|indexer| indexer.work(signal)) {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                tracing::error!(%error, "the search index is damaged: it is made anew");
                schema::remove(&paths.index);
            }
            _ => tracing::error!(%error, "the search index is held up"),
        }
        if signal.wait_to_retry() {
            return;
        }
    }
}

struct Indexer {
    index: Connection,
    store: Connection,
    runs: PathBuf,
    feed: Feed,
    /// The output of an ended run that is being read.
    part: Option<Part>,
    /// New output of open runs.
    printed: VecDeque<Part>,
    /// The last indexed `seq` of each room.
    at: HashMap<RoomId, i64>,
}

impl Indexer {
    fn open(paths: &Paths, store: &Store, signal: &Signal) -> rusqlite::Result<Self> {
        let reader = open_reader(&paths.store)?;
        let index = schema::open_writer(&paths.index, store, &reader)?;
        let at: HashMap<RoomId, i64> = index
            .prepare("SELECT room, seq FROM at")?
            .query_map([], |row| Ok((RoomId(row.get(0)?), row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        signal.set(at.iter().map(|(room, seq)| (*room, u64::try_from(*seq).unwrap_or(0))));
        let (runs, feed, printed) = (paths.runs.clone(), Feed::default(), VecDeque::new());
        let mut indexer = Self { index, store: reader, runs, feed, part: None, printed, at };
        // Catch up on what was added and removed while the thread was not running.
        let rooms: Vec<(RoomId, i64)> = {
            let mut rooms = indexer.store.prepare("SELECT id, first FROM rooms")?;
            let rows = rooms.query_map([], |row| Ok((RoomId(row.get(0)?), row.get(1)?)))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        for (room, first) in rooms {
            indexer.trim(room, first, signal)?;
            indexer.add(room)?;
        }
        signal.ready();
        Ok(indexer)
    }

    /// Works until it is told to stop.
    fn work(mut self, signal: &Signal) -> rusqlite::Result<()> {
        loop {
            let is_idle = self.part.is_none() && self.feed.is_empty() && self.printed.is_empty();
            let Some(News { moved, trimmed, printed }) = signal.news(is_idle) else { return Ok(()) };
            for room in moved {
                self.add(room)?;
            }
            for (room, first) in trimmed {
                self.trim(room, i64::try_from(first).unwrap_or(i64::MAX), signal)?;
            }
            for (run, upto) in printed {
                self.printed.retain(|part| part.run != run);
                self.printed.extend(Part::of_open(&self.index, &self.store, &self.runs, run, upto)?);
            }
            signal.set(self.batch()?);
        }
    }

    fn add(&mut self, room: RoomId) -> rusqlite::Result<()> {
        let is_private: Option<bool> = self
            .store
            .prepare_cached("SELECT private FROM rooms WHERE id = ?1")?
            .query_row([room.0], |row| row.get(0))
            .optional()?;
        let after = self.at.get(&room).copied().unwrap_or(0);
        self.feed.add(&self.store, room, is_private == Some(false), after)
    }

    /// Removes everything before `first`: it is no longer found, nor waited for.
    fn trim(&mut self, room: RoomId, first: i64, signal: &Signal) -> rusqlite::Result<()> {
        let mut is_more = first > 1;
        while is_more {
            let tx = self.index.unchecked_transaction()?;
            let forget = "DELETE FROM printed WHERE room = ?1 AND start < ?2";
            tx.prepare_cached(forget)?.execute(params![room.0, first])?;
            is_more = docs::remove_before(&tx, room.0, first, BATCH_ROWS_MAX)?;
            tx.commit()?;
        }
        let at = self.at.entry(room).or_default();
        if *at + 1 < first {
            *at = first - 1;
            signal.set(std::iter::once((room, u64::try_from(first - 1).unwrap_or(0))));
        }
        Ok(())
    }

    /// Runs one transaction, and returns the new cursors of the rooms that it read.
    fn batch(&mut self) -> rusqlite::Result<impl Iterator<Item = (RoomId, u64)>> {
        let mut moved: HashMap<RoomId, i64> = HashMap::new();
        let tx = self.index.unchecked_transaction()?;
        let mut budget = Budget { rows: BATCH_ROWS_MAX, bytes: BATCH_BYTES_MAX };
        while !budget.is_spent() {
            if let Some(part) = &mut self.part {
                if part.read(&tx, &mut budget)? {
                    moved.extend(part.ended.as_ref().map(|row| (row.of.room, row.seq)));
                    self.part = None;
                }
            } else if let Some(row) = self.feed.next(&self.store)? {
                budget.spend(row.fields.len());
                let (room, seq) = (row.of.room, row.seq);
                self.part = put(&tx, &self.store, &self.runs, row)?;
                moved.insert(room, if self.part.is_none() { seq } else { seq - 1 });
                if let Some(part) = &self.part {
                    self.printed.retain(|printed| printed.run != part.run);
                }
            } else if let Some(part) = self.printed.front_mut() {
                if part.read(&tx, &mut budget)? {
                    self.printed.pop_front();
                }
            } else {
                break;
            }
        }
        for (room, seq) in &moved {
            tx.prepare_cached("INSERT OR REPLACE INTO at(room, seq) VALUES(?1, ?2)")?.execute(params![room.0, seq])?;
        }
        tx.commit()?;
        self.at.extend(moved.iter());
        Ok(moved.into_iter().map(|(room, seq)| (room, u64::try_from(seq).unwrap_or(0))))
    }
}

/// Adds an event to the index. Returns the output that must be read, if any.
fn put(index: &Connection, store: &Connection, runs: &Path, row: Row) -> rusqlite::Result<Option<Part>> {
    let add =
        |kind, text: &str| docs::add(index, IndexRow { of: row.of, seq: row.seq, by: row.by, kind, span: None, text });
    match EventBody::parse(&row.kind, row.fields.as_bytes()) {
        EventBody::Message(message) => add(docs::MESSAGE, &message.text)?,
        EventBody::RunStarted(started) => add(docs::RUN, &started.cmd)?,
        EventBody::FileAdded(file) => add(docs::FILE, file.path.as_str())?,
        body @ (EventBody::Edit(_) | EventBody::Delete(_)) => {
            let target = body.target().map_or(0, |seq| i64::try_from(seq).unwrap_or(0));
            amend(index, store, &row, target)?;
        }
        // Its output was indexed with the first end.
        EventBody::RunEnded(ended) if ended.late => {}
        EventBody::RunEnded(ended) => return Part::of_ended(index, store, runs, row, &ended),
        _ => {}
    }
    Ok(None)
}

/// Indexes the current text of a message.
fn amend(index: &Connection, store: &Connection, row: &Row, target: i64) -> rusqlite::Result<()> {
    let found: Option<(i64, String, String)> = store
        .prepare_cached("SELECT by, kind, fields FROM events WHERE room = ?1 AND seq = ?2")?
        .query_row(params![row.of.room.0, target], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((by, kind, fields)) = found else { return Ok(()) };
    let EventBody::Message(message) = EventBody::parse(&kind, fields.as_bytes()) else { return Ok(()) };
    let by = UserId(by);
    docs::replace(index, IndexRow { of: row.of, seq: target, by, kind: docs::MESSAGE, span: None, text: &message.text })
}
