//! A search itself: candidates from the index, newest first; each read from the store and compared, until there are
//! enough. Blocks.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};
use wardroom_protocol::event::{EventBody, RunStarted};
use wardroom_protocol::messages::{Hit, HitKind, SearchFound};
use wardroom_protocol::{RoomName, UserName};

use super::grams::{Mark, question};
use super::limits::{ANSWER_BYTES_MAX, BUSY_RETRY_MS, PIECE_BYTES_MAX, PRIVATE_ROOMS_MAX};
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
    let mut found = SearchFound { hits: Vec::new(), next: None, behind: 0 };
    let mut last = None;
    match collect(index, store, runs, plan, &mut found, &mut last) {
        Ok(()) => Ok(found),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            found.next = last.filter(|_| !found.hits.is_empty());
            let why = "this search took more than 2 s: narrow it, by a room, a time or another word";
            found.next.map(|_| found).ok_or_else(|| Refusal::busy(why, BUSY_RETRY_MS))
        }
        Err(error) => Err(error.into()),
    }
}

fn collect(
    index: &Connection,
    store: &Connection,
    runs: &Path,
    plan: &Plan,
    found: &mut SearchFound,
    last: &mut Option<u64>,
) -> rusqlite::Result<()> {
    let (must, any) = marks(plan);
    let Some(question) = question(&plan.words, &must, &any) else { return Ok(()) };
    let (first, behind) = (bisect(index, plan.since)?, bisect(index, plan.until)?.min(plan.before));
    // The names of the tables are ours. FTS5 walks its lists backwards, and stops when we do.
    let sql = format!(
        "SELECT rowid FROM {0} WHERE {0} MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid DESC",
        question.table
    );
    let mut candidates = index.prepare(&sql)?;
    let mut rows = candidates.query(params![question.expression, first, behind])?;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        if found.hits.len() >= plan.limit || bytes > ANSWER_BYTES_MAX {
            found.next = *last;
            return Ok(());
        }
        if Instant::now() > plan.deadline {
            let interrupted = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT);
            return Err(rusqlite::Error::SqliteFailure(interrupted, None));
        }
        let id = row.get(0)?;
        if let Some(hit) = candidate(index, id)?.map(|c| look(store, runs, plan, &c)).transpose()?.flatten() {
            let size = serde_json::to_string(&hit).map_or(0, |json| json.len() + 1);
            if bytes + size > ANSWER_BYTES_MAX {
                found.next = *last;
                return Ok(());
            }
            bytes += size;
            found.hits.push(hit);
        }
        *last = u64::try_from(id).ok();
    }
    Ok(())
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

/// The hit that a candidate is, if it is one: it is in the rooms and has the words, and it is still there.
fn look(store: &Connection, runs: &Path, plan: &Plan, of: &Candidate) -> rusqlite::Result<Option<Hit>> {
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
    let Some((kind, excerpt, run, off)) = compare(runs, plan, of, body) else { return Ok(None) };
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
    };
    Ok(is_asked.then_some(hit))
}

type Compared = (HitKind, Excerpt, Option<RunStarted>, Option<u64>);

fn compare(runs: &Path, plan: &Plan, of: &Candidate, body: EventBody) -> Option<Compared> {
    match (of.kind, body) {
        (docs::MESSAGE, EventBody::Message(message)) => {
            Some((HitKind::Message, words::find(&message.text, &plan.words)?, None, None))
        }
        (docs::FILE, EventBody::FileAdded(file)) => {
            Some((HitKind::File, words::find(file.path.as_str(), &plan.words)?, None, None))
        }
        (docs::RUN, EventBody::RunStarted(run)) => {
            Some((HitKind::Run, words::find(&run.cmd, &plan.words)?, Some(run), None))
        }
        (docs::OUTPUT, EventBody::RunStarted(run)) => {
            let (off, len) = of.span?;
            let off = u64::try_from(off).ok()?;
            let mut bytes = vec![0; usize::try_from(len).ok()?.min(PIECE_BYTES_MAX)];
            // Output that is gone, or cannot be read, has no words.
            let file = File::open(crate::runs::output_path(runs, run.run)).ok()?;
            file.read_exact_at(&mut bytes, off).ok()?;
            let (at, excerpt) = output::find(&bytes, &plan.words)?;
            Some((HitKind::Output, excerpt, Some(run), Some(off + at as u64)))
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
