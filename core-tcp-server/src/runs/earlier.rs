//! What a caller was told before: a retry of `run.start` with the same nonce starts nothing.

use rusqlite::{Connection, params};
use wardroom_protocol::messages::{CommandRef, HostStart, RunLane, RunStart, RunStartOk};
use wardroom_protocol::{Nonce, RunId};

use super::proposal::Proposal;
use super::record::{Intent, answer};
use super::values::StoredOrder;
use crate::error::Error;
use crate::policy::Member;
use crate::state::State;
use crate::store::{UserId, from_sql};

/// Returns what this user was told when they used this nonce before.
///
/// # Errors
/// `conflict` if it was for something else.
pub(super) fn find_earlier(conn: &Connection, intent: &Intent) -> Result<Option<RunStartOk>, Error> {
    let (by, nonce) = (intent.by.user.id, &intent.nonce);
    let Some(first) = intent.lanes.first() else { return Ok(None) };
    let is_named = intent.command.is_some();
    let earlier = find_by_nonce(conn, by, nonce)?;
    let (stored, hosts, answer) = if earlier.is_empty() {
        let Some(proposal) = Proposal::by_nonce(conn, by, nonce)? else { return Ok(None) };
        let answer = proposal.answer();
        (vec![proposal.order], proposal.hosts, answer)
    } else {
        let (lanes, stored) = read(&earlier)?;
        let hosts = lanes.iter().map(|lane| lane.host.clone()).collect();
        let answer = answer(lanes.into_iter().zip(stored.iter().map(|stored| &stored.order)));
        (stored, hosts, answer)
    };
    for stored in &stored {
        // Everything must be equal but what the core adds, and the values that are on no record; the order contains the
        // room.
        let (run, isolation) = (stored.order.run, stored.order.isolation.clone());
        let output_bytes_max = stored.order.output_bytes_max;
        let again = HostStart { run, output_bytes_max, isolation, ..first.order.start.clone() };
        if StoredOrder::split(again, is_named).0 != *stored {
            return Err(nonce_is_used());
        }
    }
    // Which hosts have a label may have changed since.
    if intent.is_by_label || hosts.iter().eq(intent.lanes.iter().map(|lane| &lane.order.host)) {
        Ok(Some(answer))
    } else {
        Err(nonce_is_used())
    }
}

/// Returns what the starter of a run, and of the others of its group, was told.
///
/// # Errors
/// If the database fails.
pub(super) fn find_run(conn: &Connection, run: RunId) -> Result<Option<RunStartOk>, Error> {
    let sql = format!("{COLUMNS} r WHERE r.id = ?1 OR r.lane_of = ?1 ORDER BY r.n");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([run.to_string()], Row::read)?.collect::<Result<Vec<_>, _>>()?;
    let (lanes, stored) = read(&rows)?;
    let told = || answer(lanes.into_iter().zip(stored.iter().map(|stored| &stored.order)));
    Ok((!rows.is_empty()).then(told))
}

/// Returns the run that this user started with this nonce by a named command. It is found before the definition is read,
/// which may have changed since: a retry gets its first answer.
pub(super) async fn find_earlier_named(
    state: &State,
    member: &Member,
    start: &RunStart,
) -> Result<Option<RunStartOk>, Error> {
    let Some(name) = start.command.clone() else { return Ok(None) };
    member.readable(&state.rooms, &start.room)?;
    let (by, nonce, room, given) = (member.user.id, start.nonce.clone(), start.room.clone(), start.params.clone());
    let find = move |conn: &Connection| {
        let is_same = |command: Option<&CommandRef>| {
            command.is_some_and(|command| {
                command.name == name && given.iter().all(|(name, value)| command.params.get(name) == Some(value))
            })
        };
        let rows = find_by_nonce(conn, by, &nonce)?;
        let Some(row) = rows.first() else {
            let Some(proposal) = Proposal::by_nonce(conn, by, &nonce)? else { return Ok(None) };
            let is_same = is_same(proposal.command.as_ref()) && proposal.order.order.room == room.as_str();
            return if is_same { Ok(Some(proposal.answer())) } else { Err(nonce_is_used()) };
        };
        let (lanes, stored) = read(&rows)?;
        let command: Option<CommandRef> =
            row.command.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
        if !is_same(command.as_ref()) || stored.iter().any(|stored| stored.order.room != room.as_str()) {
            return Err(nonce_is_used());
        }
        Ok(Some(answer(lanes.into_iter().zip(stored.iter().map(|stored| &stored.order)))))
    };
    state.store.read(find).await
}

fn nonce_is_used() -> Error {
    Error::conflict("this nonce was used for another run: make a new one for each")
}

/// A run as stored, as far as a retry needs it.
struct Row {
    id: String,
    n: i64,
    seq: i64,
    host: String,
    request: String,
    command: Option<String>,
}

impl Row {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
        Ok(Row {
            id: row.get(0)?,
            n: row.get(1)?,
            seq: row.get(2)?,
            host: row.get(3)?,
            request: row.get(4)?,
            command: row.get(5)?,
        })
    }
}

const COLUMNS: &str = "SELECT r.id, r.n, r.seq, r.host, r.request, r.command FROM runs";

/// Returns the run with this nonce, and the others of its group.
fn find_by_nonce(conn: &Connection, by: UserId, nonce: &Nonce) -> rusqlite::Result<Vec<Row>> {
    let sql = format!(
        "{COLUMNS} f JOIN runs r ON r.id = f.id OR r.lane_of = f.lane_of WHERE f.by = ?1 AND f.nonce = ?2 ORDER BY r.n"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    statement.query_map(params![by.0, nonce.as_str()], Row::read)?.collect()
}

/// Returns what is told about these runs, and their orders.
fn read(rows: &[Row]) -> Result<(Vec<RunLane>, Vec<StoredOrder>), Error> {
    let (mut lanes, mut orders) = (Vec::new(), Vec::new());
    for row in rows {
        let run: RunId = row.id.parse().map_err(Error::internal)?;
        lanes.push(RunLane { run, n: from_sql(row.n), seq: from_sql(row.seq), host: row.host.clone() });
        orders.push(serde_json::from_str(&row.request).map_err(Error::internal)?);
    }
    Ok((lanes, orders))
}
