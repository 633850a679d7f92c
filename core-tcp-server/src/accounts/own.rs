//! How people manage their own account: change the password, list their sessions, end them.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rusqlite::params;
use wardroom_protocol::limits::STATUS_CHARS_MAX;
use wardroom_protocol::messages::{PasswordSet, SessionInfo};

use super::Accounts;
use super::passwords::{self, Lane};
use super::sessions::{SessionId, check_open};
use super::throttle::Key;
use crate::error::Error;
use crate::limits::SIGN_IN_WAIT_MS;
use crate::permits::Origin;
use crate::policy::Member;
use crate::store::{Store, Tx, UserId, from_sql};

/// A session or token without its connections, which the caller counts.
struct Row {
    id: i64,
    label: String,
    address: String,
    created: i64,
    expires: Option<i64>,
}

impl Accounts {
    /// Changes the caller's password and ends their other sessions. Returns the sessions that ended: the caller closes
    /// their connections, and those that used the old password without a session.
    ///
    /// # Errors
    /// `forbidden` for a wrong current password; `rate_limited` after too many failures; `busy` under load;
    /// `bad_request` if the new password is too short, too long or the same.
    pub async fn change_password(
        &self,
        store: &Store,
        member: &Member,
        set: PasswordSet,
    ) -> Result<Vec<SessionId>, Error> {
        if member.user.id == UserId::SYSTEM || member.user.is_bot {
            return Err(Error::bad_request("this connection has no account with a password"));
        }
        passwords::check(&set.password)?;
        if set.password == set.current {
            return Err(Error::bad_request("the new password is the same as the current one: choose another"));
        }
        let (phc, new) = self.hash_own(store, member, set).await?;
        let (member, id) = (member.clone(), member.user.id);
        let work = move |tx: &mut Tx<'_>| {
            check_open(tx, member.session)?;
            let update = "UPDATE users SET password = ?2 WHERE id = ?1 AND password = ?3 AND disabled = 0";
            if tx.conn.execute(update, params![id.0, new, phc])? == 0 {
                return Err(Error::conflict("the password was changed meanwhile: sign in with the new one"));
            }
            let ended = delete_others(tx, &member)?;
            tx.audit(member.user.name.as_str(), &member.address, "password", member.user.name.as_str(), "own")?;
            Ok(ended)
        };
        let counts = Arc::clone(&self.passwords_set);
        store
            .write_and_apply(work, move |ended| {
                *counts.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default() += 1;
                ended
            })
            .await
    }

    /// Checks the current password as a sign-in would, with the same limits, and hashes the new one. Returns the PHC
    /// strings of both. A correct password counts as an attempt too, so that nobody can keep the hasher busy by
    /// changing a password back and forth.
    async fn hash_own(&self, store: &Store, member: &Member, set: PasswordSet) -> Result<(String, String), Error> {
        let at = Origin::of(&member.address);
        let (phc, is_known) = self.secret_of(store, member.user.id, &member.address).await?;
        let account = Key::Account(member.user.name.to_string());
        let ways = if is_known {
            vec![vec![Key::Address(at)], vec![Key::Known(at, member.user.id)]]
        } else {
            vec![vec![Key::Address(at), account]]
        };
        let attempt = self.throttle.begin(ways).await?;
        let result = self.change_hash(phc, set).await;
        attempt.failed();
        result
    }

    /// Allows one change at a time, so that sign-ins get a turn between its two hashes.
    async fn change_hash(&self, phc: Option<String>, set: PasswordSet) -> Result<(String, String), Error> {
        let wait = Duration::from_millis(SIGN_IN_WAIT_MS);
        let change = tokio::time::timeout(wait, self.password_changes.acquire()).await;
        let _change = change.map_err(|_| Error::busy("other passwords are being changed: try again", 2_000))?;
        let is_right = self.hasher.verify(set.current, phc.clone(), Lane::Known).await?;
        // Not `unauthorized`, which makes clients sign out.
        let phc = phc.filter(|_| is_right).ok_or_else(|| Error::forbidden("the current password is wrong"))?;
        Ok((phc, self.hasher.hash(set.password, Lane::Known).await?))
    }

    /// Returns the caller's sessions and tokens, newest first. `connections_of` counts the open connections of a
    /// session.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn list_sessions(
        &self,
        store: &Store,
        member: &Member,
        connections_of: impl Fn(SessionId) -> usize,
    ) -> Result<Vec<SessionInfo>, Error> {
        let user = member.user.id;
        let rows: Vec<Row> = store
            .read(move |conn| {
                let select =
                    "SELECT id, label, address, created, expires FROM sessions WHERE user = ?1 ORDER BY id DESC";
                let mut statement = conn.prepare_cached(select)?;
                let rows = statement.query_map([user.0], |row| {
                    Ok(Row {
                        id: row.get(0)?,
                        label: row.get(1)?,
                        address: row.get(2)?,
                        created: row.get(3)?,
                        expires: row.get(4)?,
                    })
                })?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
            .await?;
        let info = |row: Row| SessionInfo {
            session: from_sql(row.id),
            label: row.label,
            address: row.address,
            at: from_sql(row.created),
            until: row.expires.map(from_sql),
            connections: connections_of(SessionId(row.id)) as u64,
            this: member.session == Some(SessionId(row.id)),
        };
        Ok(rows.into_iter().map(info).collect())
    }

    /// Ends one of the caller's sessions or tokens.
    ///
    /// # Errors
    /// `not_found` if it has already ended or belongs to somebody else.
    pub async fn end_own_session(&self, store: &Store, member: &Member, session: SessionId) -> Result<(), Error> {
        let member = member.clone();
        store
            .write(move |tx| {
                check_open(tx, member.session)?;
                let delete = "DELETE FROM sessions WHERE id = ?1 AND user = ?2";
                if tx.conn.execute(delete, params![session.0, member.user.id.0])? == 0 {
                    return Err(Error::not_found("you have no such session: it may have ended already"));
                }
                let detail = session.0.to_string();
                tx.audit(member.user.name.as_str(), &member.address, "session.end", member.user.name.as_str(), &detail)
            })
            .await
    }

    /// Ends the caller's sessions except that of this connection, and returns them. Tokens of programs are kept.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn end_other_sessions(&self, store: &Store, member: &Member) -> Result<Vec<SessionId>, Error> {
        let member = member.clone();
        store
            .write(move |tx| {
                check_open(tx, member.session)?;
                let ended = delete_others(tx, &member)?;
                let name = member.user.name.as_str();
                tx.audit(name, &member.address, "session.end", name, &format!("{} others", ended.len()))?;
                Ok(ended)
            })
            .await
    }
}

impl Accounts {
    /// Sets the caller's status. The caller tells the members of their rooms.
    ///
    /// # Errors
    /// `bad_request` if it is not one line of at most [`STATUS_CHARS_MAX`] characters.
    pub async fn set_status(&self, store: &Store, member: &Member, text: &str) -> Result<(), Error> {
        let text = text.trim().to_owned();
        if text.chars().any(char::is_control) || text.chars().count() > STATUS_CHARS_MAX {
            return Err(Error::bad_request("a status is one line of at most 80 characters"));
        }
        let (member, user, status) = (member.clone(), Arc::clone(&member.user), text.clone());
        let work = move |tx: &mut Tx<'_>| {
            check_open(tx, member.session)?;
            tx.conn.execute("UPDATE users SET status = ?2 WHERE id = ?1", params![member.user.id.0, text])?;
            Ok(())
        };
        store.write_and_apply(work, move |()| user.set_status(status)).await
    }
}

fn delete_others(tx: &Tx<'_>, member: &Member) -> Result<Vec<SessionId>, Error> {
    let delete = "DELETE FROM sessions WHERE user = ?1 AND expires IS NOT NULL AND id IS NOT ?2 RETURNING id";
    let mut statement = tx.conn.prepare_cached(delete)?;
    let keep = member.session.map(|session| session.0);
    let ended = statement.query_map(params![member.user.id.0, keep], |row| row.get(0).map(SessionId))?;
    Ok(ended.collect::<rusqlite::Result<_>>()?)
}
