//! A proposal as the database has it.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use wardroom_protocol::messages::{CommandRef, RunStartOk};
use wardroom_protocol::{Nonce, RunId};

use super::values::StoredOrder;
use crate::error::Error;
use crate::store::{RoomId, UserId, as_sql, from_sql};

/// A proposal as stored.
pub(super) struct Proposal {
    pub n: u64,
    pub run: RunId,
    pub room: RoomId,
    pub seq: u64,
    pub by: UserId,
    pub hosts: Vec<String>,
    pub shown: String,
    pub order: StoredOrder,
    pub command: Option<CommandRef>,
    pub digest: String,
    pub nonce: Nonce,
    pub until: u64,
    pub state: String,
    pub decided_by: Option<UserId>,
}

const COLUMNS: &str =
    "SELECT n, run, room, seq, by, hosts, cmd, request, command, digest, nonce, until, state, decided_by
                       FROM proposals";

impl Proposal {
    /// Returns the proposal with this number.
    ///
    /// # Errors
    /// If the database fails.
    pub(super) fn by_number(conn: &Connection, n: u64) -> Result<Option<Proposal>, Error> {
        let mut statement = conn.prepare_cached(&format!("{COLUMNS} WHERE n = ?1"))?;
        statement.query_row([as_sql(n)], |row| Ok(Self::read(row))).optional()?.transpose()
    }

    /// Returns the proposal that a user made with this nonce.
    ///
    /// # Errors
    /// If the database fails.
    pub(super) fn by_nonce(conn: &Connection, by: UserId, nonce: &Nonce) -> Result<Option<Proposal>, Error> {
        let mut statement = conn.prepare_cached(&format!("{COLUMNS} WHERE by = ?1 AND nonce = ?2"))?;
        statement.query_row(params![by.0, nonce.as_str()], |row| Ok(Self::read(row))).optional()?.transpose()
    }

    fn read(row: &Row<'_>) -> Result<Proposal, Error> {
        let (run, request, nonce): (String, String, String) = (row.get(1)?, row.get(7)?, row.get(10)?);
        let (hosts, command): (String, Option<String>) = (row.get(5)?, row.get(8)?);
        Ok(Proposal {
            n: from_sql(row.get(0)?),
            run: run.parse().map_err(Error::internal)?,
            room: RoomId(row.get(2)?),
            seq: from_sql(row.get(3)?),
            by: UserId(row.get(4)?),
            hosts: serde_json::from_str(&hosts).map_err(Error::internal)?,
            shown: row.get(6)?,
            order: serde_json::from_str(&request).map_err(Error::internal)?,
            command: command.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?,
            digest: row.get(9)?,
            nonce: Nonce::parse(&nonce).map_err(Error::internal)?,
            until: from_sql(row.get(11)?),
            state: row.get(12)?,
            decided_by: row.get::<_, Option<i64>>(13)?.map(UserId),
        })
    }

    /// Returns what the proposer was told.
    pub(super) fn answer(&self) -> RunStartOk {
        told(self.run, self.n, self.seq, self.until)
    }
}

/// Returns what the proposer is told about proposal `n`.
pub(super) fn told(run: RunId, n: u64, seq: u64, until: u64) -> RunStartOk {
    RunStartOk { run, n: 0, seq, lease: None, runs: Vec::new(), proposal: Some(n), until: Some(until) }
}
