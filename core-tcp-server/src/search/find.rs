//! Runs a search. Candidates come from the index, newest first; each is read from the store and compared, until the
//! page is full. Further hits are counted for a moment. All lines of one run are one hit. Blocks.

use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Rows, Statement, params};
use wardroom_protocol::messages::{Hit, SearchFound};

use super::docs;
use super::grams::{Mark, Question, question};
use super::limits::{
    ANSWER_BYTES_MAX, BUSY_RETRY_MS, COUNT_MS, HITS_COUNTED_MAX, LINES_COUNTED_MAX, LINES_FIELD_BYTES,
    PRIVATE_ROOMS_MAX,
};
use super::look::{Candidate, Plan, candidate, kind_as_sql, look};
use crate::error::Error;
use crate::store::RoomId;

/// Searches. If it is interrupted, it returns what it has found, if anything.
///
/// # Errors
/// `busy` if the time ran out.
pub fn find(index: &Connection, store: &Connection, runs: &Path, plan: &Plan) -> Result<SearchFound, Error> {
    let mut finder = Finder { index, store, runs, plan, question: question_of(plan), page: Page::default() };
    match finder.collect() {
        Ok(()) => Ok(finder.page.found(false)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            let why = "this search took more than 2 s: narrow it, by a room, a time or another word";
            let found = finder.page.found(true);
            if found.hits.is_empty() { Err(Error::busy(why, BUSY_RETRY_MS)) } else { Ok(found) }
        }
        Err(error) => Err(error.into()),
    }
}

/// A search under way.
struct Finder<'a> {
    index: &'a Connection,
    store: &'a Connection,
    runs: &'a Path,
    plan: &'a Plan,
    question: Question,
    page: Page,
}

/// The hits found so far.
#[derive(Default)]
struct Page {
    hits: Vec<Hit>,
    bytes: usize,
    /// The runs with a matching line, by the room and `seq` of their start, with the index of the hit if it is on this
    /// page.
    outputs: HashMap<(RoomId, i64), Option<usize>>,
    /// The number of hits, including those after the page.
    total: u64,
    /// The last row that was examined before the page was full.
    last: Option<i64>,
    /// When the page became full: from then on hits and lines are only counted.
    full_at: Option<Instant>,
    /// True if the count stopped early.
    is_cut: bool,
}

impl Page {
    fn found(self, is_interrupted: bool) -> SearchFound {
        let is_more = self.total > self.hits.len() as u64 || self.is_cut || is_interrupted;
        let next = self.last.filter(|_| is_more).and_then(|last| u64::try_from(last).ok());
        SearchFound { hits: self.hits, next, behind: 0, total: self.total, more: self.is_cut || is_interrupted }
    }

    /// Adds a hit to the page, or only counts it. Returns its index on the page.
    fn put(&mut self, hit: Hit, limit: usize) -> Option<usize> {
        self.total += 1;
        let bytes = serde_json::to_string(&hit).map_or(0, |json| json.len() + LINES_FIELD_BYTES);
        if self.full_at.is_none() && (self.hits.len() >= limit || self.bytes + bytes > ANSWER_BYTES_MAX) {
            self.full_at = Some(Instant::now());
        }
        if self.full_at.is_some() {
            return None;
        }
        self.bytes += bytes;
        self.hits.push(hit);
        Some(self.hits.len() - 1)
    }

    /// Counts more lines of a run that already has a hit.
    fn add_lines(&mut self, nth: Option<usize>, lines: u64) {
        if let Some(counted) = nth.and_then(|nth| self.hits.get_mut(nth)).and_then(|hit| hit.lines.as_mut()) {
            *counted = counted.saturating_add(lines).min(LINES_COUNTED_MAX);
        }
    }

    fn is_counted(&self, nth: Option<usize>) -> bool {
        let lines = nth.and_then(|nth| self.hits.get(nth)).and_then(|hit| hit.lines);
        lines.is_none_or(|lines| lines >= LINES_COUNTED_MAX)
    }
}

impl Finder<'_> {
    fn collect(&mut self) -> rusqlite::Result<()> {
        let plan = self.plan;
        let (first, behind) = (bisect(self.index, plan.since)?, bisect(self.index, plan.until)?.min(plan.before));
        let mut candidates = self.index.prepare(&self.sql(true))?;
        let mut rows = self.question.rows(&mut candidates, first, behind)?;
        while let Some(row) = rows.next()? {
            let now = Instant::now();
            if now > plan.deadline {
                return Err(interrupted());
            }
            // Counting hits that are not shown deserves less time than finding those that are.
            let is_late = self.page.full_at.is_some_and(|at| now.duration_since(at).as_millis() > COUNT_MS);
            if self.page.total >= HITS_COUNTED_MAX || is_late {
                self.page.is_cut = true;
                return Ok(());
            }
            let id = row.get(0)?;
            if let Some(candidate) = candidate(self.index, id)? {
                self.take(&candidate)?;
            }
            if self.page.full_at.is_none() {
                self.page.last = Some(id);
            }
        }
        Ok(())
    }

    fn take(&mut self, of: &Candidate) -> rusqlite::Result<()> {
        let run = (of.room, of.seq);
        let known = if of.kind == docs::OUTPUT { self.page.outputs.get(&run).copied() } else { None };
        if let Some(nth) = known {
            if !self.page.is_counted(nth)
                && let Some((_, lines)) = look(self.store, self.runs, self.plan, of)?
            {
                self.page.add_lines(nth, lines);
            }
            return Ok(());
        }
        let Some((hit, lines)) = look(self.store, self.runs, self.plan, of)? else { return Ok(()) };
        if of.kind != docs::OUTPUT {
            self.page.put(hit, self.plan.limit);
        } else if self.is_on_page_before(of)? {
            self.page.outputs.insert(run, None);
        } else {
            let hit = Hit { lines: Some(lines.min(LINES_COUNTED_MAX)), ..hit };
            let nth = self.page.put(hit, self.plan.limit);
            self.page.outputs.insert(run, nth);
        }
        Ok(())
    }

    /// Returns true if the run of this piece has a line on an earlier page: it is one hit, at the place of its newest
    /// line.
    fn is_on_page_before(&self, of: &Candidate) -> rusqlite::Result<bool> {
        let before = self.plan.before;
        if before == i64::MAX {
            return Ok(false);
        }
        let last: Option<i64> = self
            .index
            .prepare_cached("SELECT max(id) FROM docs WHERE room = ?1 AND seq = ?2 AND kind = ?3")?
            .query_row(params![of.room.0, of.seq, docs::OUTPUT], |row| row.get(0))?;
        let Some(last) = last.filter(|last| *last >= before) else { return Ok(false) };
        let mut candidates = self.index.prepare(&self.sql(false))?;
        let mut rows = self.question.rows(&mut candidates, before, last + 1)?;
        while let Some(row) = rows.next()? {
            if Instant::now() > self.plan.deadline {
                return Err(interrupted());
            }
            let newer = candidate(self.index, row.get(0)?)?;
            let is_same = |newer: &Candidate| newer.kind == of.kind && newer.room == of.room && newer.seq == of.seq;
            if let Some(newer) = newer.filter(is_same)
                && look(self.store, self.runs, self.plan, &newer)?.is_some()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The table names are our own. FTS5 walks its lists backwards and stops when we do.
    fn sql(&self, is_newest_first: bool) -> String {
        let order = if is_newest_first { "DESC" } else { "ASC" };
        if self.question.expression.is_empty() {
            return format!("SELECT id FROM docs WHERE id >= ?1 AND id < ?2 ORDER BY id {order}");
        }
        let table = self.question.table;
        format!(
            "SELECT rowid FROM {table} WHERE {table} MATCH ?3 AND rowid >= ?1 AND rowid < ?2 ORDER BY rowid {order}"
        )
    }
}

impl Question {
    /// Returns the rows in a range, for a statement of [`Finder::sql`].
    fn rows<'a>(&self, statement: &'a mut Statement<'_>, from: i64, before: i64) -> rusqlite::Result<Rows<'a>> {
        if self.expression.is_empty() {
            return statement.query(params![from, before]);
        }
        statement.query(params![from, before, self.expression])
    }
}

fn interrupted() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT), None)
}

fn question_of(plan: &Plan) -> Question {
    let (must, any) = marks(plan);
    question(&plan.words, &must, &any)
}

/// Returns the marks that restrict where the index looks.
fn marks(plan: &Plan) -> (Vec<Mark>, Vec<Mark>) {
    let mut must: Vec<Mark> = plan.by.map(Mark::By).into_iter().collect();
    must.extend(plan.kind.map(|kind| Mark::Kind(kind_as_sql(kind))));
    if plan.is_one_room {
        must.extend(plan.rooms.keys().map(|room| Mark::Room(*room)));
        return (must, Vec::new());
    }
    let private = plan.rooms.iter().filter(|(_, (_, is_public))| !is_public).map(|(room, _)| Mark::Room(*room));
    let any: Vec<Mark> = std::iter::once(Mark::Public).chain(private).collect();
    (must, if any.len() <= PRIVATE_ROOMS_MAX { any } else { Vec::new() })
}

/// Returns the first row at or after a time: times never decrease.
fn bisect(index: &Connection, at: u64) -> rusqlite::Result<i64> {
    let last: i64 = index.query_row("SELECT coalesce(max(id), 0) FROM docs", [], |row| row.get(0))?;
    let (mut low, mut high) = (0, last + 1);
    let at = i64::try_from(at).unwrap_or(i64::MAX);
    let mut from = index.prepare("SELECT id, at FROM docs WHERE id >= ?1 ORDER BY id LIMIT 1")?;
    while low < high {
        let middle = low + (high - low) / 2;
        let row: Option<(i64, i64)> = from.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match row {
            Some((id, there)) if there < at => low = id + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}
