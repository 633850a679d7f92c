//! The output of a run on its way into the index: while the run is open, the whole lines that are on disk; once it has
//! ended, the rest. The index records how far it has read (`printed`), in the same transaction as the rows.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, params};
use wardroom_protocol::RunId;
use wardroom_protocol::event::RunEnded;

use super::budget::Budget;
use super::docs::{self, IndexRow, Origin};
use super::feed::Row;
use super::limits::{OUTPUT_BYTES_MAX, OUTPUT_READ_BYTES};
use super::output::{first_piece, text};
use crate::clock::now_ms;
use crate::store::{RoomId, UserId};

/// Output to read.
pub struct Part {
    /// The run.
    pub run: RunId,
    /// The room, and the time of the output or of the run's end.
    of: Origin,
    /// The `seq` of the run's start.
    start: i64,
    by: UserId,
    path: PathBuf,
    off: u64,
    upto: u64,
    /// The `run.ended` event, if the run has ended.
    pub ended: Option<Row>,
}

impl Part {
    /// Returns the output of an open run so far, `upto` bytes, or `None` if there is nothing to read, because the run
    /// is over or gone.
    ///
    /// # Errors
    /// If a database fails.
    pub fn of_open(
        index: &Connection,
        store: &Connection,
        runs: &Path,
        run: RunId,
        upto: u64,
    ) -> rusqlite::Result<Option<Self>> {
        // Once a run is over, its end reads the rest.
        let sql = "SELECT r.room, r.seq, r.by, o.private FROM runs r JOIN rooms o ON o.id = r.room
                   WHERE r.id = ?1 AND r.exit IS NULL";
        let found: Option<(i64, i64, i64, bool)> = store
            .prepare_cached(sql)?
            .query_row([run.to_string()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((room, start, by, is_private)) = found else { return Ok(None) };
        let at = i64::try_from(now_ms()).unwrap_or(i64::MAX);
        let of = Origin { room: RoomId(room), is_public: !is_private, at };
        let path = crate::runs::output_path(runs, run);
        Self { run, of, start, by: UserId(by), path, off: 0, upto, ended: None }.unread(index)
    }

    /// Returns the rest of the output of an ended run.
    ///
    /// # Errors
    /// If a database fails.
    pub fn of_ended(
        index: &Connection,
        store: &Connection,
        runs: &Path,
        row: Row,
        ended: &RunEnded,
    ) -> rusqlite::Result<Option<Self>> {
        let run: RunId = ended.run;
        let found: Option<(i64, i64)> = store
            .prepare_cached("SELECT seq, by FROM runs WHERE id = ?1")?
            .query_row([run.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((start, by)) = found.filter(|_| ended.bytes > 0) else { return Ok(None) };
        let (of, upto, path) = (row.of, ended.bytes, crate::runs::output_path(runs, run));
        Self { run, of, start, by: UserId(by), path, off: 0, upto, ended: Some(row) }.unread(index)
    }

    /// Skips what is indexed already. Returns `None` if nothing follows.
    fn unread(mut self, index: &Connection) -> rusqlite::Result<Option<Self>> {
        let sql = "SELECT off FROM printed WHERE run = ?1";
        let off: Option<i64> =
            index.prepare_cached(sql)?.query_row([self.run.to_string()], |row| row.get(0)).optional()?;
        self.off = off.and_then(|off| u64::try_from(off).ok()).unwrap_or(0);
        self.upto = self.upto.min(OUTPUT_BYTES_MAX);
        Ok((self.off < self.upto || self.ended.is_some()).then_some(self))
    }

    /// Reads more within the budget, and records how far. Returns true if nothing more can be read now.
    ///
    /// # Errors
    /// If the database fails.
    pub fn read(&mut self, index: &Connection, budget: &mut Budget) -> rusqlite::Result<bool> {
        let is_done = self.read_pieces(index, budget)?;
        if is_done && self.ended.is_some() {
            index.prepare_cached("DELETE FROM printed WHERE run = ?1")?.execute([self.run.to_string()])?;
        } else {
            let off = i64::try_from(self.off).unwrap_or(i64::MAX);
            index
                .prepare_cached("INSERT OR REPLACE INTO printed(run, room, start, off) VALUES(?1, ?2, ?3, ?4)")?
                .execute(params![self.run.to_string(), self.of.room.0, self.start, off])?;
        }
        Ok(is_done)
    }

    fn read_pieces(&mut self, index: &Connection, budget: &mut Budget) -> rusqlite::Result<bool> {
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
            let begin = self.off;
            let (whole, is_last) = self.whole(bytes);
            let mut at = 0;
            while let Some((piece, next)) = first_piece(whole, at, is_last) {
                let raw = whole.get(piece.at..piece.at + piece.len).unwrap_or_default();
                let off = begin + piece.at as u64;
                let span = (i64::try_from(off).unwrap_or(i64::MAX), i64::try_from(piece.len).unwrap_or(0));
                let (text, kind, span) = (text(raw), docs::OUTPUT, Some(span));
                docs::add(index, IndexRow { of: self.of, seq: self.start, by: self.by, kind, span, text: &text })?;
                budget.spend(raw.len());
                at = next;
                self.off = begin + next as u64;
                if budget.is_spent() {
                    break;
                }
            }
            if at == 0 {
                // The last line of an open run is not complete yet.
                return Ok(true);
            }
        }
        Ok(self.off >= self.upto)
    }

    /// Returns the bytes that are whole lines, and whether nothing more belongs to them.
    fn whole<'a>(&self, bytes: &'a [u8]) -> (&'a [u8], bool) {
        if self.off + (bytes.len() as u64) < self.upto {
            return (bytes, false);
        }
        if self.ended.is_some() || self.upto >= OUTPUT_BYTES_MAX {
            return (bytes, true);
        }
        match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => (bytes.get(..=end).unwrap_or(bytes), true),
            None => (bytes, false),
        }
    }

    /// Gives up on output that is gone or unreadable: it is not searched.
    fn give_up(&self, error: &io::Error) -> bool {
        if error.kind() != io::ErrorKind::NotFound {
            tracing::warn!(%error, path = %self.path.display(), "output cannot be read: it is not searched");
        }
        true
    }
}
