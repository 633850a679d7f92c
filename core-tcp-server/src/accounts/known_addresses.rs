//! The addresses from which people signed in to an account. They outlive the sessions, so that people who end their
//! other sessions are not locked out at those addresses.

use rusqlite::{Connection, params};

use super::sessions::host_of;
use crate::error::Error;
use crate::limits::KNOWN_ADDRESSES_MAX;
use crate::permits::Origin;
use crate::store::{Tx, UserId};

/// Records a sign-in within its transaction. The least recently used address makes room for a new one.
pub(super) fn note(tx: &Tx<'_>, user: UserId, address: &str) -> Result<(), Error> {
    let now = i64::try_from(tx.now_ms).unwrap_or(i64::MAX);
    tx.conn
        .prepare_cached(
            "INSERT INTO known_addresses(user, address, last) VALUES(?1, ?2, ?3)
             ON CONFLICT(user, address) DO UPDATE SET last = excluded.last",
        )?
        .execute(params![user.0, key_of(address), now])?;
    tx.conn
        .prepare_cached(
            "DELETE FROM known_addresses WHERE user = ?1 AND address IN
                (SELECT address FROM known_addresses WHERE user = ?1 ORDER BY last DESC, address LIMIT -1 OFFSET ?2)",
        )?
        .execute(params![user.0, i64::try_from(KNOWN_ADDRESSES_MAX).unwrap_or(i64::MAX)])?;
    Ok(())
}

/// Returns true if somebody has signed in to this account from this address.
pub(super) fn is_known(conn: &Connection, user: UserId, address: &str) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT EXISTS(SELECT 1 FROM known_addresses WHERE user = ?1 AND address = ?2)")?
        .query_row(params![user.0, key_of(address)], |row| row.get(0))
}

/// Returns the stored form of an address: an IPv6 host changes everything but its /64 daily.
fn key_of(address: &str) -> String {
    match Origin::of(address) {
        Origin::Network(ip) => ip.to_string(),
        Origin::Local | Origin::Unnamed => host_of(address).to_owned(),
    }
}
