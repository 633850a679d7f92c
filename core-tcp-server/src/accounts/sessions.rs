//! Sessions of people and tokens of programs: creating them, finding them by hash, ending them.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::{OptionalExtension as _, params};

use super::{Accounts, User};
use crate::clock::now_ms;
use crate::error::Error;
use crate::limits::{SESSION_MS, SESSIONS_PER_USER_MAX};
use crate::secrets::{random_hex, token_hash};
use crate::store::{Numbered, Store, Tx, UserId};

/// The id of a session's row.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct SessionId(pub i64);

/// Who holds a session, and how long it lasts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A person: expires after thirty days.
    Person,
    /// A program: lasts until it is revoked.
    Program,
}

/// Bytes of the secret of a session or token. Nobody guesses 192 bits.
pub(super) const TOKEN_BYTES: usize = 24;

/// Creates a session within a transaction. The secret is returned once; only its hash is stored.
pub(super) fn make(
    tx: &Tx<'_>,
    user: UserId,
    kind: Kind,
    label: &str,
    address: &str,
) -> Result<(SessionId, String), Error> {
    make_of(tx, user, kind, label, address, random_hex(TOKEN_BYTES))
}

/// Creates a session with this secret. If it already exists, the request is a retry and nothing changes.
pub(super) fn make_of(
    tx: &Tx<'_>,
    user: UserId,
    kind: Kind,
    label: &str,
    address: &str,
    token: String,
) -> Result<(SessionId, String), Error> {
    let known = "SELECT id FROM sessions WHERE hash = ?1";
    let known: Option<i64> = tx.conn.query_row(known, [token_hash(&token)], |row| row.get(0)).optional()?;
    if let Some(id) = known {
        return Ok((SessionId(id), token));
    }
    let now = i64::try_from(tx.now_ms).unwrap_or(i64::MAX);
    let expires = (kind == Kind::Person).then(|| now.saturating_add(i64::try_from(SESSION_MS).unwrap_or(i64::MAX)));
    tx.conn.execute("DELETE FROM sessions WHERE user = ?1 AND expires < ?2", params![user.0, now])?;
    let count: i64 = tx.conn.query_row("SELECT count(*) FROM sessions WHERE user = ?1", [user.0], |row| row.get(0))?;
    if usize::try_from(count).unwrap_or(usize::MAX) >= SESSIONS_PER_USER_MAX {
        let oldest =
            "DELETE FROM sessions WHERE id = (SELECT min(id) FROM sessions WHERE user = ?1 AND expires IS NOT NULL)";
        if tx.conn.execute(oldest, [user.0])? == 0 {
            return Err(Error::too_large("this account has 64 tokens: take one back first"));
        }
    }
    let label: String = label.chars().take(120).collect();
    let id = tx.next_id(Numbered::Sessions)?;
    tx.conn.execute(
        "INSERT INTO sessions(id, hash, user, label, address, created, expires) VALUES(?1,?2,?3,?4,?5,?6,?7)",
        params![id, token_hash(&token), user.0, label, host_of(address), now, expires],
    )?;
    Ok((SessionId(id), token))
}

/// Checks, within a transaction, that the session has not ended since the request arrived: hashing takes a while.
///
/// # Errors
/// `unauthorized`
pub(super) fn check_open(tx: &Tx<'_>, session: Option<SessionId>) -> Result<(), Error> {
    let Some(session) = session else { return Ok(()) };
    let exists = "SELECT EXISTS(SELECT 1 FROM sessions WHERE id = ?1)";
    if tx.conn.prepare_cached(exists)?.query_row([session.0], |row| row.get(0))? {
        return Ok(());
    }
    Err(Error::unauthorized("this session was ended: sign in again"))
}

/// Returns the address without its port. Later sign-ins are compared with it.
pub(super) fn host_of(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}

impl Accounts {
    /// Returns the user and the session of this token.
    pub(super) async fn find_session(
        &self,
        store: &Store,
        token: &str,
        now_ms: u64,
    ) -> Result<Option<(Arc<User>, SessionId)>, Error> {
        let hash = token_hash(token);
        let now = i64::try_from(now_ms).unwrap_or(i64::MAX);
        let found: Option<(i64, i64)> = store
            .read(move |conn| {
                Ok(conn
                    .prepare_cached(
                        "SELECT user, id FROM sessions WHERE hash = ?1 AND (expires IS NULL OR expires > ?2)",
                    )?
                    .query_row(params![hash, now], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?)
            })
            .await?;
        Ok(found.and_then(|(user, id)| {
            let user = self.by_id(UserId(user)).filter(|user| !user.is_disabled())?;
            Some((user, SessionId(id)))
        }))
    }

    /// Returns true if this is the token of a valid session or program.
    pub async fn is_session(&self, store: &Store, token: &str) -> bool {
        matches!(self.find_session(store, token, now_ms()).await, Ok(Some(_)))
    }

    /// Returns true as long as the account is enabled and the session has not ended or, for a sign-in by password, the
    /// password has not changed. `passwords_set` is how often the password had been set at sign-in.
    pub async fn may_stay(
        &self,
        store: &Store,
        user: UserId,
        session: Option<SessionId>,
        passwords_set: Option<u64>,
    ) -> bool {
        let is_open = user == UserId::SYSTEM || self.by_id(user).is_some_and(|user| !user.is_disabled());
        if !is_open || passwords_set.is_some_and(|count| count != self.passwords_set(user)) {
            return false;
        }
        let Some(SessionId(id)) = session else { return true };
        let exists = "SELECT EXISTS(SELECT 1 FROM sessions WHERE id = ?1)";
        let found = store.read(move |conn| Ok(conn.prepare_cached(exists)?.query_row([id], |row| row.get(0))?));
        found.await.unwrap_or(false)
    }

    /// Returns the user's sessions that have not ended.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn sessions_of(&self, store: &Store, user: UserId) -> Result<HashSet<SessionId>, Error> {
        store
            .read(move |conn| {
                let mut statement = conn.prepare_cached("SELECT id FROM sessions WHERE user = ?1")?;
                let rows = statement.query_map([user.0], |row| row.get(0).map(SessionId))?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Ends the sessions that have expired, and returns them. Most calls only compare two numbers: no session can
    /// expire before the next one that was found, because later sessions also expire later. The caller closes their
    /// connections.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn expire_sessions(&self, store: &Store, now_ms: u64) -> Result<Vec<SessionId>, Error> {
        if now_ms < self.next_expiry_ms.load(Ordering::Acquire) {
            return Ok(Vec::new());
        }
        let (expired, next) = store
            .write(move |tx| {
                let now = i64::try_from(now_ms).unwrap_or(i64::MAX);
                let mut delete = tx.conn.prepare_cached("DELETE FROM sessions WHERE expires <= ?1 RETURNING id")?;
                let expired = delete.query_map([now], |row| row.get(0).map(SessionId))?;
                let expired: Vec<_> = expired.collect::<rusqlite::Result<_>>()?;
                let next: Option<i64> = tx.conn.query_row("SELECT min(expires) FROM sessions", [], |row| row.get(0))?;
                Ok((expired, next.and_then(|next| u64::try_from(next).ok())))
            })
            .await?;
        // A session created meanwhile expires no earlier than this.
        let next = next.unwrap_or(u64::MAX).min(now_ms.saturating_add(SESSION_MS));
        self.next_expiry_ms.store(next, Ordering::Release);
        Ok(expired)
    }
}
