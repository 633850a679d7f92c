//! Examines a row that the index proposes: reads its text from the store or from a run's output, and compares it with
//! the search. Called by `find`.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, OptionalExtension as _, params};
use wardroom_protocol::event::{EventBody, Format, RunStarted};
use wardroom_protocol::messages::{Hit, HitKind};
use wardroom_protocol::{RoomName, UserName};

use super::limits::PIECE_BYTES_MAX;
use super::words::{self, Excerpt};
use super::{docs, output};
use crate::store::{RoomId, UserId};

/// What to search for, and where.
#[derive(Debug)]
pub struct Plan {
    /// The words that must all occur.
    pub words: Vec<Vec<char>>,
    /// The rooms to search, with their names; true for public ones.
    pub rooms: HashMap<RoomId, (RoomName, bool)>,
    /// True if the request named one room.
    pub is_one_room: bool,
    /// Only events by this user.
    pub by: Option<UserId>,
    /// Only hits of this kind.
    pub kind: Option<HitKind>,
    /// Only hits at or after this time.
    pub since: u64,
    /// Only hits before this time.
    pub until: u64,
    /// Only rows before this one.
    pub before: i64,
    /// The maximum number of hits.
    pub limit: usize,
    /// When the search must stop.
    pub deadline: Instant,
}

/// A row that the index proposes.
pub struct Candidate {
    /// Its room.
    pub room: RoomId,
    /// The `seq` that a hit names.
    pub seq: i64,
    at: u64,
    /// [`docs::MESSAGE`], [`docs::RUN`], [`docs::OUTPUT`] or [`docs::FILE`].
    pub kind: i64,
    span: Option<(i64, i64)>,
}

/// Returns the row with this number.
///
/// # Errors
/// If the index fails.
pub fn candidate(index: &Connection, id: i64) -> rusqlite::Result<Option<Candidate>> {
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

/// Returns the hit for a candidate that is in the rooms, contains the words and still exists; also the number of
/// matching lines, for output.
///
/// # Errors
/// If the store fails.
pub fn look(store: &Connection, runs: &Path, plan: &Plan, of: &Candidate) -> rusqlite::Result<Option<(Hit, u64)>> {
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
    // For output, only the index knows the time.
    let at = if of.kind == docs::OUTPUT { of.at } else { at };
    let Some(Compared { kind, excerpt, format, run, off, lines }) = compare(runs, plan, of, body) else {
        return Ok(None);
    };
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
        format,
        run,
        n,
        off,
        lines: None,
    };
    Ok(is_asked.then_some((hit, lines)))
}

/// What a hit shows of a candidate.
struct Compared {
    kind: HitKind,
    excerpt: Excerpt,
    format: Format,
    run: Option<RunStarted>,
    off: Option<u64>,
    /// The number of lines with the words.
    lines: u64,
}

impl Compared {
    fn line(kind: HitKind, text: &str, plan: &Plan) -> Option<Self> {
        words::find(text, &plan.words).map(|excerpt| Self {
            kind,
            excerpt,
            format: Format::default(),
            run: None,
            off: None,
            lines: 1,
        })
    }
}

fn compare(runs: &Path, plan: &Plan, of: &Candidate, body: EventBody) -> Option<Compared> {
    match (of.kind, body) {
        (docs::MESSAGE, EventBody::Message(message)) => {
            let compared = Compared::line(HitKind::Message, &message.text, plan)?;
            Some(Compared { format: message.format, ..compared })
        }
        (docs::FILE, EventBody::FileAdded(file)) => Compared::line(HitKind::File, file.path.as_str(), plan),
        (docs::RUN, EventBody::RunStarted(run)) => {
            let compared = Compared::line(HitKind::Run, &run.cmd, plan)?;
            Some(Compared { run: Some(run), ..compared })
        }
        (docs::OUTPUT, EventBody::RunStarted(run)) => {
            let (off, len) = of.span?;
            let off = u64::try_from(off).ok()?;
            let mut bytes = vec![0; usize::try_from(len).ok()?.min(PIECE_BYTES_MAX)];
            // Output that is gone or unreadable has no words.
            let file = File::open(crate::runs::output_path(runs, run.run)).ok()?;
            file.read_exact_at(&mut bytes, off).ok()?;
            let mut found = output::find(&bytes, &plan.words);
            let (at, excerpt) = found.next()?;
            let (run, off, lines) = (Some(run), Some(off + at as u64), 1 + found.count() as u64);
            Some(Compared { kind: HitKind::Output, excerpt, format: Format::default(), run, off, lines })
        }
        _ => None,
    }
}

/// Returns the number of this kind in the index.
pub fn kind_as_sql(kind: HitKind) -> i64 {
    match kind {
        HitKind::Message => docs::MESSAGE,
        HitKind::Run => docs::RUN,
        HitKind::Output => docs::OUTPUT,
        HitKind::File => docs::FILE,
    }
}
