//! A search itself: candidates from the index, newest first; each read from the store and compared, until there are
//! enough for a page. What is behind them is counted, for a moment. All lines of one run are one hit. Blocks.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Rows, Statement, params};
use wardroom_protocol::event::{EventBody, RunStarted};
use wardroom_protocol::messages::{Hit, HitKind, SearchFound};
use wardroom_protocol::{RoomName, UserName};

use super::grams::{Mark, Question, question};
use super::limits::{
    ANSWER_BYTES_MAX, BUSY_RETRY_MS, COUNT_MS, HITS_COUNTED_MAX, LINES_COUNTED_MAX, LINES_FIELD_BYTES, PIECE_BYTES_MAX,
    PRIVATE_ROOMS_MAX,
};
use super::words::{self, Excerpt};
use super::{docs, output};
use crate::refusal::Refusal;
use crate::store::{RoomId, UserId};

/// What is searched for, and where.
#[derive(Debug)]
pub struct Plan {
    /// All of these.
    pub words: Vec<Vec<char>>,
    /// The rooms that may be searched, with their names; true for public ones.
    pub rooms: HashMap<RoomId, (RoomName, bool)>,
    /// It was one room that was asked for.
    pub is_one_room: bool,
    /// Only this user's doing.
    pub by: Option<UserId>,
    /// Only this.
    pub kind: Option<HitKind>,
    /// Only from here on.
    pub since: u64,
    /// Only before.
    pub until: u64,
    /// Only rows before this one.
    pub before: i64,
    /// So many.
    pub limit: usize,
    /// Not longer than this.
    pub deadline: Instant,
}

struct Candidate {
    room: RoomId,
    seq: i64,
    at: u64,
    kind: i64,
    span: Option<(i64, i64)>,
}

/// Searches. Where it is interrupted it gives what it has found, if that is something.
///
/// # Errors
/// `busy` where time ran out.
pub fn find(index: &Connection, store: &Connection, runs: &Path, plan: &Plan) -> Result<SearchFound, Refusal> {
    let mut finder = Finder { index, store, runs, plan, question: question_of(plan), page: Page::default() };
    match finder.collect() {
        Ok(()) => Ok(finder.page.found(false)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            let why = "this search took more than 2 s: narrow it, by a room, a time or another word";
            let found = finder.page.found(true);
            if found.hits.is_empty() { Err(Refusal::busy(why, BUSY_RETRY_MS)) } else { Ok(found) }
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

/// What is found so far.
#[derive(Default)]
struct Page {
    hits: Vec<Hit>,
    bytes: usize,
    /// The runs of which a line was found, by room and place of their start: the hit that shows it, if it is on this page.
    outputs: HashMap<(RoomId, i64), Option<usize>>,
    /// Hits, those behind the page included.
    total: u64,
    /// The last row that was looked at before the page was full.
    last: Option<i64>,
    /// When the page was full: from then on hits and lines are only counted.
    full_at: Option<Instant>,
    /// Not all of them were counted.
    is_cut: bool,
}

impl Page {
    fn found(self, is_interrupted: bool) -> SearchFound {
        let is_more = self.total > self.hits.len() as u64 || self.is_cut || is_interrupted;
        let next = self.last.filter(|_| is_more).and_then(|last| u64::try_from(last).ok());
        SearchFound { hits: self.hits, next, behind: 0, total: self.total, more: self.is_cut || is_interrupted }
    }

    /// Takes a hit, or counts it; gives its place on the page.
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

    /// More lines of a run that has a hit; false where enough are counted.
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
            // Counting what is not shown is worth less time than what is.
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

    /// True if the run of this piece has a line on a page before this one: it is one hit, in the place of its newest line.
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

    /// The names of the tables are ours. FTS5 walks its lists backwards, and stops when we do.
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
    /// The rows in a range, of a statement of [`Finder::sql`].
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

/// What the index is told of where to look.
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

/// The first row from a time on: times never go back.
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

fn candidate(index: &Connection, id: i64) -> rusqlite::Result<Option<Candidate>> {
    index
        .prepare_cached("SELECT room, seq, at, kind, off, len FROM docs WHERE id = ?1")?
        .query_row([id], |row| {
            let span: (Option<i64>, Option<i64>) = (row.get(4)?, row.get(5)?);
            Ok(Candidate {
                room: RoomId(row.get(0)?),
                seq: row.get(1)?,
                at: u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0),
                kind: row.get(3)?,
                span: span.0.zip(span.1),
            })
        })
        .optional()
}

/// The hit that a candidate is, if it is one: it is in the rooms and has the words, and it is still there. Of output also how many
/// lines have the words.
fn look(store: &Connection, runs: &Path, plan: &Plan, of: &Candidate) -> rusqlite::Result<Option<(Hit, u64)>> {
    let Some((room, _)) = plan.rooms.get(&of.room) else { return Ok(None) };
    let event = store
        .prepare_cached(
            "SELECT e.at, e.by, u.name, e.kind, e.fields FROM events e JOIN users u ON u.id = e.by
             WHERE e.room = ?1 AND e.seq = ?2",
        )?
        .query_row(params![of.room.0, of.seq], |row| {
            let (kind, fields): (String, String) = (row.get(3)?, row.get(4)?);
            let at = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
            Ok((at, UserId(row.get(1)?), row.get::<_, String>(2)?, EventBody::parse(&kind, fields.as_bytes())))
        })
        .optional()?;
    let Some((at, by, by_name, body)) = event else { return Ok(None) };
    // When output was printed, the index knows.
    let at = if of.kind == docs::OUTPUT { of.at } else { at };
    let Some(Compared { kind, excerpt, run, off, lines }) = compare(runs, plan, of, body) else { return Ok(None) };
    let is_asked = plan.by.is_none_or(|asked| asked == by)
        && plan.kind.is_none_or(|asked| asked == kind)
        && (plan.since..plan.until).contains(&at);
    let Ok(by) = UserName::parse(&by_name) else { return Ok(None) };
    let (run, n) = run.map(|run| (run.run, run.n)).unzip();
    let hit = Hit {
        room: room.clone(),
        seq: u64::try_from(of.seq).unwrap_or(0),
        at,
        by,
        kind,
        text: excerpt.text,
        marks: excerpt.marks,
        run,
        n,
        off,
        lines: None,
    };
    Ok(is_asked.then_some((hit, lines)))
}

/// What a candidate shows.
struct Compared {
    kind: HitKind,
    excerpt: Excerpt,
    run: Option<RunStarted>,
    off: Option<u64>,
    /// Lines that have the words.
    lines: u64,
}

impl Compared {
    fn line(kind: HitKind, text: &str, plan: &Plan) -> Option<Self> {
        words::find(text, &plan.words).map(|excerpt| Self { kind, excerpt, run: None, off: None, lines: 1 })
    }
}

fn compare(runs: &Path, plan: &Plan, of: &Candidate, body: EventBody) -> Option<Compared> {
    match (of.kind, body) {
        (docs::MESSAGE, EventBody::Message(message)) => Compared::line(HitKind::Message, &message.text, plan),
        (docs::FILE, EventBody::FileAdded(file)) => Compared::line(HitKind::File, file.path.as_str(), plan),
        (docs::RUN, EventBody::RunStarted(run)) => {
            let compared = Compared::line(HitKind::Run, &run.cmd, plan)?;
            Some(Compared { run: Some(run), ..compared })
        }
        (docs::OUTPUT, EventBody::RunStarted(run)) => {
            let (off, len) = of.span?;
            let off = u64::try_from(off).ok()?;
            let mut bytes = vec![0; usize::try_from(len).ok()?.min(PIECE_BYTES_MAX)];
            // Output that is gone, or cannot be read, has no words.
            let file = File::open(crate::runs::output_path(runs, run.run)).ok()?;
            file.read_exact_at(&mut bytes, off).ok()?;
            let mut found = output::find(&bytes, &plan.words);
            let (at, excerpt) = found.next()?;
            let (run, off, lines) = (Some(run), Some(off + at as u64), 1 + found.count() as u64);
            Some(Compared { kind: HitKind::Output, excerpt, run, off, lines })
        }
        _ => None,
    }
}

fn kind_as_sql(kind: HitKind) -> i64 {
    match kind {
        HitKind::Message => docs::MESSAGE,
        HitKind::Run => docs::RUN,
        HitKind::Output => docs::OUTPUT,
        HitKind::File => docs::FILE,
    }
}
