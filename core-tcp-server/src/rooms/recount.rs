//! Reads from disk what unread counts need: the last lines of a room, once after a start, and the mentions of a member
//! when that member connects. From then on `people` counts in memory.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::people::{Found, Missing};
use super::room::Room;
use crate::error::Error;
use crate::limits::{LINES_KEPT, LINES_KEPT_MAX, MENTIONS_MAX, RECOUNTS_MAX};
use crate::state::State;
use crate::store::{RoomId, UserId, as_sql, from_sql};

/// Reads what is missing to count the user's unread lines in these rooms.
///
/// # Errors
/// If the database fails; `busy` if deletions keep changing the result.
pub async fn know(state: &State, rooms: &[Arc<Room>], user: UserId) -> Result<(), Error> {
    for _ in 0..RECOUNTS_MAX {
        let missing = rooms.iter().filter_map(|room| Some((Arc::clone(room), room.missing(user)?)));
        let missing: Vec<_> = missing.collect();
        if missing.is_empty() {
            return Ok(());
        }
        fill(state, user, missing).await?;
    }
    Err(Error::busy("much is being deleted in this room: try again", 1_000))
}

/// Reads lines again if deletions left too few.
pub async fn know_all_here(state: &State, room: &Arc<Room>) {
    let mut filled = Ok(());
    if let Some(missing) = room.missing_lines() {
        filled = fill(state, UserId::SYSTEM, vec![(Arc::clone(room), missing)]).await;
    }
    for user in room.take_stale().into_iter().filter(|user| state.presence.is_here(*user)) {
        filled = filled.and(know(state, std::slice::from_ref(room), user).await);
    }
    if let Err(error) = filled {
        tracing::warn!(%error, "cannot count what somebody has not read");
    }
    state.rooms.note_moved(room.id);
}

/// Reads all of them at once, since a user who connects in the morning is in two hundred rooms.
async fn fill(state: &State, user: UserId, missing: Vec<(Arc<Room>, Missing)>) -> Result<(), Error> {
    let read = move |conn: &Connection| {
        let found = missing.into_iter().map(|(room, missing)| {
            let found = find(conn, room.id, user, &missing)?;
            Ok((room, missing, found))
        });
        found.collect::<Result<Vec<_>, Error>>()
    };
    for (room, missing, found) in state.store.read(read).await? {
        room.fill(user, &missing, &found);
    }
    Ok(())
}

/// Reads what is missing. Changes on disk that are not in memory yet (a deletion, say) do no harm: their event follows,
/// and changes nothing.
fn find(conn: &Connection, room: RoomId, user: UserId, missing: &Missing) -> rusqlite::Result<Found> {
    let mut found = Found::default();
    if let Some(upto) = missing.lines_upto {
        (found.lines, found.lines_from) = lines(conn, room, upto)?;
    }
    if let Some((after, upto)) = missing.mentions {
        let limit = i64::try_from(MENTIONS_MAX).unwrap_or(i64::MAX);
        found.mentions = conn
            .prepare_cached(
                "SELECT seq FROM mentions WHERE room = ?1 AND user = ?2 AND seq > ?3 AND seq <= ?4 ORDER BY seq LIMIT ?5",
            )?
            .query_map(params![room.0, user.0, as_sql(after), as_sql(upto), limit], |row| row.get(0).map(from_sql))?
            .collect::<rusqlite::Result<_>>()?;
    }
    Ok(found)
}

/// Returns the last lines up to a position, and the position after which they are complete. There are enough for
/// everybody's count, which excludes a user's own lines.
fn lines(conn: &Connection, room: RoomId, upto: u64) -> rusqlite::Result<(Vec<(u64, UserId)>, u64)> {
    let mut events = conn.prepare_cached(
        "SELECT seq, by FROM events WHERE room = ?1 AND seq <= ?2
         AND deleted IS NULL AND kind IN ('message', 'run.started', 'file.added') ORDER BY seq DESC",
    )?;
    let mut rows = events.query(params![room.0, as_sql(upto)])?;
    let (mut lines, mut counts, mut most) = (Vec::new(), HashMap::<UserId, usize>::new(), 0);
    while let Some(row) = rows.next()? {
        let (seq, by) = (from_sql(row.get(0)?), UserId(row.get(1)?));
        lines.push((seq, by));
        let count = counts.entry(by).or_default();
        *count += 1;
        most = most.max(*count);
        if lines.len() - most >= LINES_KEPT || lines.len() >= LINES_KEPT_MAX {
            return Ok((lines, seq - 1));
        }
    }
    Ok((lines, 0))
}
