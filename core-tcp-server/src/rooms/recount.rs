//! What members have not read, counted on disk: for a read position in the middle of a timeline, and once for each member after a
//! start. From then on it is counted in memory, event by event.

use std::sync::Arc;

use rusqlite::{Connection, params};
use wardroom_protocol::limits::UNREAD_MAX;

use super::people::{Mark, Recount};
use super::room::Room;
use crate::limits::{MENTIONS_MAX, RECOUNTS_MAX};
use crate::refusal::Refusal;
use crate::state::State;
use crate::store::{RoomId, UserId, as_sql, from_sql};

/// Moves on how far a member has read, and counts what follows.
///
/// # Errors
/// Where the database fails; `busy` where what is counted is deleted all the time.
pub async fn settle(state: &State, room: &Arc<Room>, user: UserId, read: u64) -> Result<(), Refusal> {
    for _ in 0..RECOUNTS_MAX {
        if room.read_all(user, read) {
            return Ok(());
        }
        let (id, mark) = (room.id, room.mark(user));
        let counted = state.store.read(move |conn| Ok(count(conn, id, user, read, mark)?)).await?;
        if let Some(recount) = counted
            && room.settle(user, read, mark, &recount)
        {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
    Err(Refusal::busy("much is being deleted in this room: try again", 1_000))
}

/// Counts what a member has not read, in those of these rooms where that is not known yet.
///
/// # Errors
/// Where the database fails.
pub async fn know(state: &State, rooms: &[Arc<Room>], user: UserId) -> Result<(), Refusal> {
    let marked = |room: &Arc<Room>| Some((Arc::clone(room), room.read_by(user)?, room.mark(user)));
    let unknown: Vec<_> = rooms.iter().filter(|room| room.is_uncounted(user)).filter_map(marked).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    // All of them in one go: whoever comes in the morning is in two hundred rooms.
    let counted = state
        .store
        .read(move |conn| {
            let counted = unknown.into_iter().map(|(room, read, mark)| {
                let recount = count(conn, room.id, user, read, mark)?;
                Ok((room, read, mark, recount))
            });
            counted.collect::<Result<Vec<_>, Refusal>>()
        })
        .await?;
    for (room, read, mark, recount) in counted {
        let is_settled = recount.is_some_and(|recount| room.settle(user, read, mark, &recount));
        if !is_settled {
            let read = room.read_by(user).unwrap_or(read);
            settle(state, &room, user, read).await?;
        }
    }
    Ok(())
}

/// Counts anew for those who are connected, after something was taken out of the middle of a timeline.
pub async fn know_all_here(state: &State, room: &Arc<Room>) {
    for user in room.uncounted().into_iter().filter(|user| state.presence.is_here(*user)) {
        if let Err(refusal) = know(state, std::slice::from_ref(room), user).await {
            tracing::warn!(%refusal, "cannot count what somebody has not read");
        }
    }
    state.rooms.note_moved(room.id);
}

/// `None` where the disk is ahead of the memory in what counts: to be tried again.
fn count(conn: &Connection, room: RoomId, user: UserId, read: u64, mark: Mark) -> rusqlite::Result<Option<Recount>> {
    let snapshot = conn.unchecked_transaction()?;
    let (room, user, from, to) = (room.0, user.0, as_sql(read), as_sql(mark.head));
    let is_ahead: bool = snapshot
        .prepare_cached(
            "SELECT EXISTS(SELECT 1 FROM events WHERE room = ?1 AND seq > ?2 AND kind IN ('delete', 'edit'))",
        )?
        .query_row([room, to], |row| row.get(0))?;
    if is_ahead {
        return Ok(None);
    }
    let unread = snapshot
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM events WHERE room = ?1 AND seq > ?2 AND seq <= ?3 AND by <> ?4
             AND deleted IS NULL AND kind IN ('message', 'run.started', 'file.added') LIMIT ?5)",
        )?
        .query_row(params![room, from, to, user, as_sql(UNREAD_MAX + 1)], |row| row.get(0).map(from_sql))?;
    let limit = i64::try_from(MENTIONS_MAX).unwrap_or(i64::MAX);
    let mentions = snapshot
        .prepare_cached(
            "SELECT seq FROM mentions WHERE room = ?1 AND user = ?4 AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT ?5",
        )?
        .query_map(params![room, from, to, user, limit], |row| row.get(0).map(from_sql))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(Recount { unread, mentions }))
}
