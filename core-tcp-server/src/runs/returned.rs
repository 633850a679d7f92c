//! Runs that were declared lost, and whose host returns with them. The host is told to stop them, and what it then says
//! about their ends is recorded and posted to the room: a second `run.ended` of the same run, with `late`.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use rusqlite::{OptionalExtension as _, params};
use wardroom_protocol::event::{EventBody, RunEnded};
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::limits::INTEGER_MAX;
use wardroom_protocol::messages::{Exit, HostEnded, HostForget, HostFrom, HostHello, HostSignal, Signal};
use wardroom_protocol::{RunId, UserName};

use super::end;
use crate::error::Error;
use crate::sender::ConnectionSender;
use crate::state::State;
use crate::store::{NewEvent, RoomId, Tx, UserId};

/// The runs with which a host has returned.
pub(super) type Returned = HashSet<RunId>;

/// Returns those of the host's runs that were declared lost.
///
/// # Errors
/// If the store fails.
pub(super) async fn find(state: &State, host: &str, hello: &HostHello) -> Result<Returned, Error> {
    let held: Vec<String> =
        hello.runs.iter().filter(|held| state.runs.find(held.run).is_none()).map(|held| held.run.to_string()).collect();
    if held.is_empty() {
        return Ok(Returned::new());
    }
    let (host, held) = (host.to_owned(), serde_json::to_string(&held).map_err(Error::internal)?);
    let read = move |conn: &rusqlite::Connection| {
        let sql = "SELECT id FROM runs WHERE id IN (SELECT value FROM json_each(?1)) AND host = ?2
                   AND json_extract(exit, '$.lost') IS NOT NULL";
        let mut statement = conn.prepare_cached(sql)?;
        let ids = statement.query_map(params![held, host], |row| row.get::<_, String>(0))?;
        ids.map(|id| id?.parse().map_err(Error::internal)).collect()
    };
    state.store.read(read).await
}

/// Returns what the welcome says about such a run: none of its output is wanted, since its length is on record.
pub(super) fn no_output(run: RunId) -> HostFrom {
    HostFrom { run, from: INTEGER_MAX }
}

/// Returns the frame that stops such a run.
pub(super) fn stop(run: RunId) -> Option<Bytes> {
    let by = UserName::parse("system").ok()?;
    Some(encode(Number::None, &HostSignal { run, signal: Signal::Term, by }))
}

/// Records the end of such a run. The host forgets it afterwards; if the end cannot be recorded now, the host says it
/// again on its next connection.
pub(super) fn ended(state: &Arc<State>, host: &str, sender: &Arc<ConnectionSender>, ended: HostEnded) {
    let (state_, host, sender) = (Arc::clone(state), host.to_owned(), Arc::clone(sender));
    drop(state.runs.tasks.spawn(async move {
        let run = ended.run;
        match record(&state_, host, ended).await {
            Ok(()) => sender.tell(encode(Number::None, &HostForget { run })),
            Err(error) => tracing::warn!(%run, %error, "the end of a run that was lost is not on record yet"),
        }
    }));
}

/// A run as the store has it.
struct Stored {
    n: u64,
    room: RoomId,
    by: UserId,
    by_name: String,
    bytes: u64,
}

async fn record(state: &Arc<State>, host: String, ended: HostEnded) -> Result<(), Error> {
    // The host does not know it either.
    if matches!(ended.exit, Exit::Lost { .. }) {
        return Ok(());
    }
    let shared = Arc::clone(state);
    state.store.write(move |tx| write(tx, &shared, &host, ended)).await
}

fn write(tx: &mut Tx<'_>, state: &State, host: &str, ended: HostEnded) -> Result<(), Error> {
    let id = ended.run.to_string();
    let from_sql = |n: i64| u64::try_from(n).unwrap_or(0);
    let sql = "SELECT r.n, r.room, r.by, u.name, r.bytes FROM runs r JOIN users u ON u.id = r.by
               WHERE r.id = ?1 AND r.host = ?2 AND json_extract(r.exit, '$.lost') IS NOT NULL";
    let found = tx.conn.prepare_cached(sql)?.query_row(params![id, host], |row| {
        let (n, bytes) = (from_sql(row.get(0)?), from_sql(row.get(4)?));
        Ok(Stored { n, room: RoomId(row.get(1)?), by: UserId(row.get(2)?), by_name: row.get(3)?, bytes })
    });
    // Recorded already, or removed by retention.
    let Some(stored) = found.optional()? else { return Ok(()) };
    let Some(room) = state.rooms.by_id(stored.room) else { return Ok(()) };
    let HostEnded { run, exit, ms, left, ended: command_lines, bytes, truncated } = ended;
    let late = RunEnded {
        run,
        n: stored.n,
        exit: end::shortened(exit),
        bytes: stored.bytes,
        ms,
        truncated: truncated || bytes > stored.bytes,
        left,
        ended: end::few(command_lines),
        late: true,
    };
    let exit = serde_json::to_string(&late.exit).map_err(Error::internal)?;
    let left_behind = serde_json::to_string(&late.ended).map_err(Error::internal)?;
    let update = "UPDATE runs SET exit = ?2, ms = ?3, truncated = ?4, left = ?5, ended = ?6 WHERE id = ?1";
    let ms = i64::try_from(late.ms).unwrap_or(i64::MAX);
    tx.conn.prepare_cached(update)?.execute(params![id, exit, ms, late.truncated, late.left, left_behind])?;
    tx.audit(&stored.by_name, "host", "run.end", &id, &format!("r{} {host}, which was lost: {exit}", stored.n))?;
    let body = EventBody::RunEnded(late);
    let event = NewEvent {
        room: room.id,
        room_name: room.name.as_str(),
        by: stored.by,
        by_name: &stored.by_name,
        kind: body.kind(),
        fields: &body.fields(),
        nonce: None,
    };
    tx.append(&event).map(drop)
}
