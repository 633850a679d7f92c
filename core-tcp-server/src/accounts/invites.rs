//! Invites: a secret that creates one account, once, within a day.

use rusqlite::{OptionalExtension as _, params};
use wardroom_protocol::Role;
use wardroom_protocol::messages::InviteAdded;

use crate::error::Error;
use crate::limits::INVITE_MS;
use crate::secrets::{random_hex, token_hash};
use crate::store::{Store, Tx};

/// Bytes of an invite's secret. Nobody guesses 128 bits within a day.
pub(super) const INVITE_BYTES: usize = 16;

/// Creates an invite within a transaction.
pub(super) fn make(tx: &Tx<'_>, role: Role, by: &str) -> Result<InviteAdded, Error> {
    make_of(tx, role, by, random_hex(INVITE_BYTES))
}

/// Creates an invite with this secret. If it already exists, the request is a retry and nothing changes.
pub(super) fn make_of(tx: &Tx<'_>, role: Role, by: &str, invite: String) -> Result<InviteAdded, Error> {
    let known = "SELECT expires FROM invites WHERE hash = ?1";
    let known: Option<i64> = tx.conn.query_row(known, [token_hash(&invite)], |row| row.get(0)).optional()?;
    if let Some(until) = known {
        return Ok(InviteAdded { invite, until: u64::try_from(until).unwrap_or(0) });
    }
    let until = tx.now_ms + INVITE_MS;
    let now = i64::try_from(tx.now_ms).unwrap_or(i64::MAX);
    tx.conn.execute("DELETE FROM invites WHERE expires < ?1", [now])?;
    tx.conn.execute(
        "INSERT INTO invites(hash, role, by, expires) VALUES(?1,?2,?3,?4)",
        params![token_hash(&invite), role.as_str(), by, i64::try_from(until).unwrap_or(i64::MAX)],
    )?;
    Ok(InviteAdded { invite, until })
}

/// Uses up an invite within a transaction and returns the role that it grants.
pub(super) fn take(tx: &Tx<'_>, invite: &str) -> Result<Role, Error> {
    let now = i64::try_from(tx.now_ms).unwrap_or(i64::MAX);
    let role: Option<String> = tx
        .conn
        .query_row(
            "DELETE FROM invites WHERE hash = ?1 AND expires > ?2 RETURNING role",
            params![token_hash(invite), now],
            |row| row.get(0),
        )
        .optional()?;
    role.ok_or_else(refused)?.parse().map_err(Error::internal)
}

/// Returns true while an invite is valid. It may be used up before [`take`] is called.
pub(super) async fn is_good(store: &Store, invite: &str, now_ms: u64) -> Result<bool, Error> {
    let (hash, now) = (token_hash(invite), i64::try_from(now_ms).unwrap_or(i64::MAX));
    let exists = "SELECT EXISTS(SELECT 1 FROM invites WHERE hash = ?1 AND expires > ?2)";
    store.read(move |conn| Ok(conn.prepare_cached(exists)?.query_row(params![hash, now], |row| row.get(0))?)).await
}

/// The error for an invite that is not valid.
pub(super) fn refused() -> Error {
    Error::unauthorized("this invite is used up, too old or wrong: ask an admin for another")
}

/// Creates an invite for the first administrator, if there is none yet. It replaces the one that was printed before.
///
/// # Errors
/// If the database fails.
pub async fn first_invite(store: &Store) -> Result<Option<String>, Error> {
    store
        .write(|tx| {
            let admins = "SELECT count(*) FROM users WHERE role = 'admin' AND id <> 0";
            let count: i64 = tx.conn.query_row(admins, [], |row| row.get(0))?;
            if count > 0 {
                return Ok(None);
            }
            tx.conn.execute("DELETE FROM invites WHERE by = 'first start'", [])?;
            make(tx, Role::Admin, "first start").map(|made| Some(made.invite))
        })
        .await
}
