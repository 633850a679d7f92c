//! Retention: removes events that are older than their room keeps, and everything that belongs to them: mentions, runs
//! and their output, files in the room, rows of the search index. It removes them from the start of the timeline,
//! without gaps, in small transactions between which others can post.
//!
//! Files are removed before the rows that name them: after a crash in between, the next sweep finds the rows and does
//! the rest.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};
use tokio_util::sync::CancellationToken;
use wardroom_protocol::event::EventBody;
use wardroom_protocol::{RelPath, RunId};

use crate::clock::now_ms;
use crate::error::Error;
use crate::limits::{DAY_MS, RETENTION_BATCH_EVENTS, RETENTION_EVERY_MS, RETENTION_PAUSE_MS};
use crate::rooms::Room;
use crate::state::State;
use crate::store::{RoomId, Tx};

/// Sweeps at start and then every hour, until the core stops.
pub async fn run(state: Arc<State>, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(Duration::from_millis(RETENTION_EVERY_MS));
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            swept = sweep(&state, now_ms()) => if let Err(error) = swept {
                tracing::warn!(%error, "what is too old is not removed yet");
            },
        }
    }
}

/// Removes what has expired at this time, in all rooms that have a retention period.
///
/// # Errors
/// If the disk or the store fails. What was removed before stays removed.
pub async fn sweep(state: &State, now_ms: u64) -> Result<(), Error> {
    for room in state.rooms.all() {
        let days = room.meta().retention_days;
        if days > 0 {
            let before_ms = now_ms.saturating_sub(u64::from(days) * DAY_MS);
            let first = room.first();
            while sweep_some(state, &room, before_ms).await? {
                tokio::time::sleep(Duration::from_millis(RETENTION_PAUSE_MS)).await;
            }
            if room.first() != first {
                crate::rooms::know_all_here(state, &room).await;
            }
        }
    }
    Ok(())
}

/// Expired events, and what is removed with them.
#[derive(Debug, Default)]
struct ExpiredEvents {
    last: u64,
    runs: Vec<RunId>,
    files: Vec<(RelPath, u64)>,
}

/// Removes one batch. Returns true if there may be more.
async fn sweep_some(state: &State, room: &Arc<Room>, before_ms: u64) -> Result<bool, Error> {
    let (id, first) = (room.id, room.first());
    let Some(old) = state.store.read(move |conn| find(conn, id, first, before_ms)).await? else { return Ok(false) };
    for run in &old.runs {
        crate::runs::remove_output(state, *run).await?;
    }
    for (path, seq) in &old.files {
        crate::files::take_down(state, room, path, *seq).await?;
    }
    let last = old.last;
    state.store.write(move |tx| remove(tx, id, &old)).await?;
    room.forget_before(last + 1);
    state.search.trimmed(id, last + 1);
    Ok(true)
}

/// Finds the first expired events of a room. A run is removed as a whole, once its end has expired too.
fn find(conn: &Connection, room: RoomId, first: u64, before_ms: u64) -> Result<Option<ExpiredEvents>, Error> {
    let as_sql = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let mut events = conn.prepare_cached(
        "SELECT seq, at, kind, fields FROM events WHERE room = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3",
    )?;
    let mut rows = events.query(params![room.0, as_sql(first), RETENTION_BATCH_EVENTS])?;
    let mut old = ExpiredEvents::default();
    while let Some(row) = rows.next()? {
        let (seq, at): (i64, i64) = (row.get(0)?, row.get(1)?);
        let (kind, fields): (String, String) = (row.get(2)?, row.get(3)?);
        if at >= as_sql(before_ms) {
            break;
        }
        let seq = u64::try_from(seq).unwrap_or(0);
        match EventBody::parse(&kind, fields.as_bytes()) {
            EventBody::RunStarted(started) => {
                if !is_over(conn, started.run, as_sql(before_ms))? {
                    break;
                }
                old.runs.push(started.run);
            }
            EventBody::FileAdded(file) => old.files.push((file.path, seq)),
            _ => {}
        }
        old.last = seq;
    }
    Ok((old.last > 0).then_some(old))
}

fn is_over(conn: &Connection, run: RunId, before_ms: i64) -> Result<bool, Error> {
    let sql = "SELECT exit IS NOT NULL AND at + coalesce(ms, 0) < ?2 FROM runs WHERE id = ?1";
    let over: Option<bool> =
        conn.prepare_cached(sql)?.query_row(params![run.to_string(), before_ms], |row| row.get(0)).optional()?;
    Ok(over.unwrap_or(true))
}

fn remove(tx: &mut Tx<'_>, room: RoomId, old: &ExpiredEvents) -> Result<(), Error> {
    let last = i64::try_from(old.last).unwrap_or(i64::MAX);
    for sql in [
        "DELETE FROM events WHERE room = ?1 AND seq <= ?2",
        "DELETE FROM mentions WHERE room = ?1 AND seq <= ?2",
        "DELETE FROM proposals WHERE room = ?1 AND seq <= ?2 AND state <> 'open'",
        "DELETE FROM hook_keys WHERE hook IN (SELECT id FROM hooks WHERE room = ?1) AND seq <= ?2",
        "UPDATE rooms SET first = max(first, ?2 + 1) WHERE id = ?1",
    ] {
        tx.conn.prepare_cached(sql)?.execute(params![room.0, last])?;
    }
    // People refer to runs as r41: a number is never reused, even after the last run is gone.
    let keep = "INSERT INTO meta(key, value) SELECT 'runs_n', max(n) FROM runs WHERE n IS NOT NULL HAVING max(n) > 0
                ON CONFLICT(key) DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))";
    if !old.runs.is_empty() {
        tx.conn.execute(keep, [])?;
    }
    for run in &old.runs {
        tx.conn.prepare_cached("DELETE FROM runs WHERE id = ?1")?.execute([run.to_string()])?;
    }
    for (path, seq) in &old.files {
        // A file that was replaced since has a later line, and stays.
        tx.conn.prepare_cached("DELETE FROM files WHERE room = ?1 AND path = ?2 AND seq = ?3")?.execute(params![
            room.0,
            path.as_str(),
            i64::try_from(*seq).unwrap_or(i64::MAX)
        ])?;
    }
    Ok(())
}
