//! What a caller was told before: a retry of `run.start` with the same nonce starts nothing.

use rusqlite::{Connection, OptionalExtension as _, params};
use wardroom_protocol::messages::{CommandRef, HostStart, RunStart, RunStartOk};
use wardroom_protocol::{Nonce, RunId};

use super::proposal::Proposal;
use super::record::{Intent, first_lease};
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
    let Some(row) = find_by_nonce(conn, intent.by.user.id, &intent.nonce)? else {
        let proposal = Proposal::by_nonce(conn, intent.by.user.id, &intent.nonce)?;
        return proposal.map(|proposal| proposal_again(&proposal, intent)).transpose();
    };
    let earlier: StoredOrder = serde_json::from_str(&row.request).map_err(Error::internal)?;
    let run: RunId = row.id.parse().map_err(Error::internal)?;
    // Everything must be equal but what the core adds, and the values that are on no record; the order contains the room.
    let (output_bytes_max, isolation) = (earlier.order.output_bytes_max, earlier.order.isolation.clone());
    let again = HostStart { run, output_bytes_max, isolation, ..intent.order.start.clone() };
    if row.host != intent.order.host || StoredOrder::split(again, intent.command.is_some()).0 != earlier {
        return Err(nonce_is_used());
    }
    row.answer(&earlier.order).map(Some)
}

fn proposal_again(proposal: &Proposal, intent: &Intent) -> Result<RunStartOk, Error> {
    let start = intent.order.start.clone();
    let again = HostStart { run: proposal.run, isolation: None, ..start };
    let is_same = StoredOrder::split(again, intent.command.is_some()).0 == proposal.order;
    if is_same && proposal.host == intent.order.host { Ok(proposal.answer()) } else { Err(nonce_is_used()) }
}

/// Returns what the starter of a run was told.
///
/// # Errors
/// If the database fails.
pub(super) fn find_run(conn: &Connection, run: RunId) -> Result<Option<RunStartOk>, Error> {
    let row = conn.query_row(&format!("{COLUMNS} WHERE id = ?1"), [run.to_string()], Row::read).optional()?;
    let Some(row) = row else { return Ok(None) };
    let StoredOrder { order, .. } = serde_json::from_str(&row.request).map_err(Error::internal)?;
    row.answer(&order).map(Some)
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
        let Some(row) = find_by_nonce(conn, by, &nonce)? else {
            let Some(proposal) = Proposal::by_nonce(conn, by, &nonce)? else { return Ok(None) };
            let is_same = is_same(proposal.command.as_ref()) && proposal.order.order.room == room.as_str();
            return if is_same { Ok(Some(proposal.answer())) } else { Err(nonce_is_used()) };
        };
        let StoredOrder { order: earlier, .. } = serde_json::from_str(&row.request).map_err(Error::internal)?;
        let command: Option<CommandRef> =
            row.command.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
        if !is_same(command.as_ref()) || earlier.room != room.as_str() {
            return Err(nonce_is_used());
        }
        row.answer(&earlier).map(Some)
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
    fn answer(&self, earlier: &HostStart) -> Result<RunStartOk, Error> {
        let run: RunId = self.id.parse().map_err(Error::internal)?;
        let (n, seq, lease) = (from_sql(self.n), from_sql(self.seq), first_lease(earlier));
        Ok(RunStartOk { run, n, seq, proposal: None, until: None, lease })
    }

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

const COLUMNS: &str = "SELECT id, n, seq, host, request, command FROM runs";

fn find_by_nonce(conn: &Connection, by: UserId, nonce: &Nonce) -> rusqlite::Result<Option<Row>> {
    conn.prepare_cached(&format!("{COLUMNS} WHERE by = ?1 AND nonce = ?2"))?
        .query_row(params![by.0, nonce.as_str()], Row::read)
        .optional()
}
