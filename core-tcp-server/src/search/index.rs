//! The index's own thread: a reader of all rooms with a cursor in each. What it has read and how far it came are one
//! transaction, so that wherever it is killed it goes on without a gap and without a row twice. It runs at a low
//! priority, on connections of its own, and nobody waits for it.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};
use wardroom_protocol::RunId;
use wardroom_protocol::event::{EventBody, RunEnded};

use super::docs::{self, Doc};
use super::feed::{Feed, Row};
use super::limits::{BATCH_BYTES_MAX, BATCH_ROWS_MAX, NICENESS, OUTPUT_BYTES_MAX, OUTPUT_READ_BYTES};
use super::output::{first_piece, text};
use super::signal::{News, Signal};
use super::{Paths, schema};
use crate::store::{RoomId, Store, UserId, open_reader};

/// The thread.
pub fn run(paths: &Paths, store: &Store, signal: &Signal) {
    // Of this thread alone, as Linux has it. Where that is refused, it competes like others.
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
    /// The output that is being read.
    part: Option<Part>,
    /// How far each room is read; bytes of the output of its next event.
    at: HashMap<RoomId, (i64, i64)>,
}

/// The output of a run that ended.
struct Part {
    /// `run.ended`
    row: Row,
    /// Where its start stands.
    start: i64,
    by: UserId,
    path: PathBuf,
    off: u64,
    upto: u64,
}

impl Indexer {
    fn open(paths: &Paths, store: &Store, signal: &Signal) -> rusqlite::Result<Self> {
        let reader = open_reader(&paths.store)?;
        let index = schema::open_writer(&paths.index, store, &reader)?;
        let at: HashMap<RoomId, (i64, i64)> = index
            .prepare("SELECT room, seq, off FROM at")?
            .query_map([], |row| Ok((RoomId(row.get(0)?), (row.get(1)?, row.get(2)?))))?
            .collect::<rusqlite::Result<_>>()?;
        signal.set(at.iter().map(|(room, (seq, _))| (*room, u64::try_from(*seq).unwrap_or(0))));
        let mut indexer =
            Self { index, store: reader, runs: paths.runs.clone(), feed: Feed::default(), part: None, at };
        // What moved on, and what was removed, while nobody looked.
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

    /// Until it is told to stop.
    fn work(mut self, signal: &Signal) -> rusqlite::Result<()> {
        loop {
            let is_idle = self.part.is_none() && self.feed.is_empty();
            let Some(News { moved, trimmed }) = signal.news(is_idle) else { return Ok(()) };
            for room in moved {
                self.add(room)?;
            }
            for (room, first) in trimmed {
                self.trim(room, i64::try_from(first).unwrap_or(i64::MAX), signal)?;
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
        let after = self.at.get(&room).map_or(0, |at| at.0);
        self.feed.add(&self.store, room, is_private == Some(false), after)
    }

    /// What stood before `first` is gone: it is neither found, nor waited for.
    fn trim(&mut self, room: RoomId, first: i64, signal: &Signal) -> rusqlite::Result<()> {
        let mut is_more = first > 1;
        while is_more {
            let tx = self.index.unchecked_transaction()?;
            is_more = docs::remove_before(&tx, room.0, first, BATCH_ROWS_MAX)?;
            tx.commit()?;
        }
        let at = self.at.entry(room).or_default();
        if at.0 + 1 < first {
            *at = (first - 1, 0);
            signal.set(std::iter::once((room, u64::try_from(first - 1).unwrap_or(0))));
        }
        Ok(())
    }

    /// One transaction; gives how far the rooms are read that it read.
    fn batch(&mut self) -> rusqlite::Result<impl Iterator<Item = (RoomId, u64)>> {
        let mut moved: HashMap<RoomId, (i64, i64)> = HashMap::new();
        let tx = self.index.unchecked_transaction()?;
        let mut budget = Budget { rows: BATCH_ROWS_MAX, bytes: BATCH_BYTES_MAX };
        while !budget.is_spent() {
            if let Some(part) = &mut self.part {
                let is_done = part.read(&tx, &mut budget)?;
                let off = i64::try_from(part.off).unwrap_or(i64::MAX);
                moved.insert(part.row.room, if is_done { (part.row.seq, 0) } else { (part.row.seq - 1, off) });
                if is_done {
                    self.part = None;
                }
                continue;
            }
            let Some(row) = self.feed.next(&self.store)? else { break };
            budget.spend(row.fields.len());
            let (room, seq, off) = (row.room, row.seq, self.at.get(&row.room).map_or(0, |at| at.1));
            self.part = put(&tx, &self.store, &self.runs, row, u64::try_from(off).unwrap_or(0))?;
            moved.insert(room, if self.part.is_none() { (seq, 0) } else { (seq - 1, off) });
        }
        for (room, (seq, off)) in &moved {
            tx.prepare_cached("INSERT OR REPLACE INTO at(room, seq, off) VALUES(?1, ?2, ?3)")?
                .execute(params![room.0, seq, off])?;
        }
        tx.commit()?;
        self.at.extend(moved.iter());
        Ok(moved.into_iter().map(|(room, (seq, _))| (room, u64::try_from(seq).unwrap_or(0))))
    }
}

/// What a transaction may still take.
struct Budget {
    rows: usize,
    bytes: usize,
}

impl Budget {
    fn spend(&mut self, bytes: usize) {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    fn is_spent(&self) -> bool {
        self.rows == 0 || self.bytes == 0
    }
}

/// An event into the index. Output that is to be read is given back.
fn put(
    index: &Connection,
    store: &Connection,
    runs: &std::path::Path,
    row: Row,
    off: u64,
) -> rusqlite::Result<Option<Part>> {
    let add = |kind, text: &str| docs::add(index, Doc { row: &row, seq: row.seq, by: row.by, kind, span: None, text });
    match EventBody::parse(&row.kind, row.fields.as_bytes()) {
        EventBody::Message(message) => add(docs::MESSAGE, &message.text)?,
        EventBody::RunStarted(started) => add(docs::RUN, &started.cmd)?,
        EventBody::FileAdded(file) => add(docs::FILE, file.path.as_str())?,
        body @ (EventBody::Edit(_) | EventBody::Delete(_)) => {
            let target = body.target().map_or(0, |seq| i64::try_from(seq).unwrap_or(0));
            amend(index, store, &row, target)?;
        }
        EventBody::RunEnded(ended) => return Part::of(store, runs, row, &ended, off),
        _ => {}
    }
    Ok(None)
}

/// A message as it is now.
fn amend(index: &Connection, store: &Connection, row: &Row, target: i64) -> rusqlite::Result<()> {
    let found: Option<(i64, String, String)> = store
        .prepare_cached("SELECT by, kind, fields FROM events WHERE room = ?1 AND seq = ?2")?
        .query_row(params![row.room.0, target], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((by, kind, fields)) = found else { return Ok(()) };
    let EventBody::Message(message) = EventBody::parse(&kind, fields.as_bytes()) else { return Ok(()) };
    let by = UserId(by);
    docs::replace(index, Doc { row, seq: target, by, kind: docs::MESSAGE, span: None, text: &message.text })
}

impl Part {
    fn of(
        store: &Connection,
        runs: &std::path::Path,
        row: Row,
        ended: &RunEnded,
        off: u64,
    ) -> rusqlite::Result<Option<Self>> {
        let run: RunId = ended.run;
        let found: Option<(i64, i64)> = store
            .prepare_cached("SELECT seq, by FROM runs WHERE id = ?1")?
            .query_row([run.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((start, by)) = found.filter(|_| ended.bytes > 0) else { return Ok(None) };
        let path = crate::runs::output_path(runs, run);
        let upto = ended.bytes.min(OUTPUT_BYTES_MAX);
        Ok(Some(Self { row, start, by: UserId(by), path, off, upto }))
    }

    /// Reads on, as far as the budget goes; true at the end.
    fn read(&mut self, index: &Connection, budget: &mut Budget) -> rusqlite::Result<bool> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) => return Ok(self.give_up(&error)),
        };
        let mut block = vec![0; OUTPUT_READ_BYTES];
        while self.off < self.upto && !budget.is_spent() {
            let wanted = usize::try_from(self.upto - self.off).unwrap_or(usize::MAX).min(block.len());
            let Some(bytes) = block.get_mut(..wanted) else { return Ok(true) };
            if let Err(error) = file.read_exact_at(bytes, self.off) {
                return Ok(self.give_up(&error));
            }
            let is_last = self.off + bytes.len() as u64 >= self.upto;
            let (begin, mut at) = (self.off, 0);
            while let Some((piece, next)) = first_piece(bytes, at, is_last) {
                let raw = bytes.get(piece.at..piece.at + piece.len).unwrap_or_default();
                let off = begin + piece.at as u64;
                let span = (i64::try_from(off).unwrap_or(i64::MAX), i64::try_from(piece.len).unwrap_or(0));
                let text = text(raw);
                let (kind, span) = (docs::OUTPUT, Some(span));
                docs::add(index, Doc { row: &self.row, seq: self.start, by: self.by, kind, span, text: &text })?;
                budget.spend(raw.len());
                at = next;
                self.off = begin + next as u64;
                if budget.is_spent() {
                    break;
                }
            }
        }
        Ok(self.off >= self.upto)
    }

    /// Output that is not there any more, or cannot be read, is not searched.
    fn give_up(&self, error: &io::Error) -> bool {
        if error.kind() != io::ErrorKind::NotFound {
            tracing::warn!(%error, path = %self.path.display(), "output cannot be read: it is not searched");
        }
        true
    }
}
