//! How admins manage accounts. Each change is audited in its own transaction.

use std::sync::{Arc, PoisonError};

use rusqlite::{OptionalExtension as _, params};
use wardroom_protocol::event::EventBody;
use wardroom_protocol::limits::TITLE_CHARS_MAX;
use wardroom_protocol::messages::{
    InviteAdd, InviteAdded, TokenAdd, TokenAdded, UserAdd, UserDisable, UserInfo, UserPasswd, UserSetRole,
};
use wardroom_protocol::visible::is_deceptive;
use wardroom_protocol::{Nonce, Role, UserName};

use super::passwords::Lane;
use super::sessions::{self, Kind};
use super::{Accounts, User, Users, by_id, invites, put};
use crate::data::Keys;
use crate::error::Error;
use crate::policy::{Admin, Member};
use crate::rooms::{GENERAL, GENERAL_NAME, Registry, Room};
use crate::secrets::{derived_hex, random_hex};
use crate::store::{NewEvent, Numbered, Store, Tx, UserId};

/// Creates an account and adds it to `general`, within a transaction.
pub(super) fn insert_user(
    tx: &mut Tx<'_>,
    name: &UserName,
    shown: Option<&str>,
    role: Role,
    phc: &str,
) -> Result<User, Error> {
    let shown = shown.map(str::trim).filter(|s| !s.is_empty()).unwrap_or(name.as_str());
    if shown.chars().count() > TITLE_CHARS_MAX || shown.chars().any(|c| c.is_control() || is_deceptive(c)) {
        let msg = "a shown name has at most 120 characters, and no control or direction characters";
        return Err(Error::bad_request(msg));
    }
    let now = i64::try_from(tx.now_ms).unwrap_or(i64::MAX);
    let id = UserId(tx.next_id(Numbered::Users)?);
    let added = tx.conn.execute(
        "INSERT INTO users(id, name, shown, role, password, created) VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(name) DO NOTHING",
        params![id.0, name.as_str(), shown, role.as_str(), phc, now],
    )?;
    if added == 0 {
        return Err(Error::conflict(format!("there is a user {name} already: choose another name")));
    }
    tx.conn.execute("INSERT INTO members(room, user, read) VALUES(?1, ?2, 0)", params![GENERAL.0, id.0])?;
    tx.append(&NewEvent {
        room: GENERAL,
        room_name: GENERAL_NAME,
        by: id,
        by_name: name.as_str(),
        kind: EventBody::Join.kind(),
        fields: "{}",
        nonce: None,
    })?;
    Ok(User::new(id, name.clone(), shown.to_owned(), role))
}

/// Adds a new account to memory: to the accounts and to the members of `general`.
pub(super) fn admit(users: &Users, general: Option<&Room>, user: User) -> Arc<User> {
    let user = put(users, user);
    if let Some(general) = general {
        general.put_member(user.id, 0);
    }
    user
}

impl Accounts {
    /// Creates an account.
    ///
    /// # Errors
    /// `conflict` if the name is taken; `bad_request` if the password is unacceptable.
    pub async fn add_user(&self, store: &Store, rooms: &Registry, by: &Admin<'_>, add: UserAdd) -> Result<(), Error> {
        let phc = self.hasher.hash(add.password, Lane::Known).await?;
        let by = by.member().clone();
        let work = move |tx: &mut Tx<'_>| {
            sessions::check_open(tx, by.session)?;
            by.admin()?;
            let user = insert_user(tx, &add.user, add.name.as_deref(), add.role, &phc)?;
            tx.audit(by.user.name.as_str(), &by.address, "account", add.user.as_str(), add.role.as_str())?;
            Ok(user)
        };
        let (users, general) = (Arc::clone(&self.users), rooms.by_id(GENERAL));
        store.write_and_apply(work, move |user| drop(admit(&users, general.as_deref(), user))).await
    }

    /// Returns all accounts with the number of their sessions.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn list_users(&self, store: &Store, _by: &Admin<'_>) -> Result<Vec<UserInfo>, Error> {
        let counts: Vec<(i64, i64)> = store
            .read(|conn| {
                let mut statement = conn.prepare_cached("SELECT user, count(*) FROM sessions GROUP BY user")?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
            .await?;
        let sessions_of = |id: UserId| counts.iter().find(|(user, _)| *user == id.0).map_or(0, |(_, n)| *n);
        Ok(self
            .all()
            .into_iter()
            .map(|user| UserInfo {
                sessions: u64::try_from(sessions_of(user.id)).unwrap_or(0),
                user: user.name.clone(),
                name: user.shown.clone(),
                role: user.role(),
                disabled: user.is_disabled(),
            })
            .collect())
    }

    /// Sets a password and ends the account's sessions. The caller closes their connections.
    ///
    /// # Errors
    /// `not_found`; `bad_request` if the password is unacceptable.
    pub async fn set_password(&self, store: &Store, by: &Admin<'_>, set: UserPasswd) -> Result<UserId, Error> {
        let phc = self.hasher.hash(set.password, Lane::Known).await?;
        let by = by.member().clone();
        let work = move |tx: &mut Tx<'_>| {
            sessions::check_open(tx, by.session)?;
            by.admin()?;
            let id = find_person(tx, &set.user)?;
            tx.conn.execute("UPDATE users SET password = ?2 WHERE id = ?1", params![id.0, phc])?;
            tx.conn.execute("DELETE FROM sessions WHERE user = ?1 AND expires IS NOT NULL", [id.0])?;
            tx.audit(by.user.name.as_str(), &by.address, "password", set.user.as_str(), "")?;
            Ok(id)
        };
        let counts = Arc::clone(&self.passwords_set);
        store
            .write_and_apply(work, move |id| {
                *counts.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default() += 1;
                id
            })
            .await
    }

    /// Disables or re-enables an account. The caller closes its connections.
    ///
    /// # Errors
    /// `not_found`; `conflict` for the last admin, because nobody could re-enable that account.
    pub async fn set_disabled(&self, store: &Store, by: &Admin<'_>, set: UserDisable) -> Result<UserId, Error> {
        let by = by.member().clone();
        let is_disabled = set.disabled;
        let work = move |tx: &mut Tx<'_>| {
            let id = find_user(tx, &set.user)?;
            tx.conn.execute("UPDATE users SET disabled = ?2 WHERE id = ?1", params![id.0, set.disabled])?;
            let admins = "SELECT count(*) FROM users WHERE role = 'admin' AND disabled = 0 AND id <> 0";
            let left: i64 = tx.conn.query_row(admins, [], |row| row.get(0))?;
            let role: String = tx.conn.query_row("SELECT role FROM users WHERE id = ?1", [id.0], |row| row.get(0))?;
            if set.disabled && left == 0 && role == Role::Admin.as_str() {
                return Err(Error::conflict("this is the last admin: make another one first"));
            }
            if set.disabled {
                tx.conn.execute("DELETE FROM sessions WHERE user = ?1", [id.0])?;
            }
            let action = if set.disabled { "disable" } else { "enable" };
            tx.audit(by.user.name.as_str(), &by.address, action, set.user.as_str(), "")?;
            Ok(id)
        };
        let users = Arc::clone(&self.users);
        let apply = move |id| {
            if let Some(user) = by_id(&users, id) {
                user.set_disabled(is_disabled);
            }
            id
        };
        store.write_and_apply(work, apply).await
    }

    /// Changes a user's role. It takes effect on their connections at once; the caller tells them.
    ///
    /// # Errors
    /// `not_found`; `conflict` for a bot and for the last admin.
    pub async fn set_role(&self, store: &Store, by: &Admin<'_>, set: UserSetRole) -> Result<Arc<User>, Error> {
        let by = by.member().clone();
        let UserSetRole { user: name, role } = set;
        let work = move |tx: &mut Tx<'_>| {
            let id = find_person(tx, &name)?;
            let was: String = tx.conn.query_row("SELECT role FROM users WHERE id = ?1", [id.0], |row| row.get(0))?;
            tx.conn.execute("UPDATE users SET role = ?2 WHERE id = ?1", params![id.0, role.as_str()])?;
            let others = "SELECT count(*) FROM users WHERE role = 'admin' AND disabled = 0 AND id NOT IN (0, ?1)";
            let others: i64 = tx.conn.query_row(others, [id.0], |row| row.get(0))?;
            if was == Role::Admin.as_str() && role < Role::Admin && others == 0 {
                return Err(Error::conflict("this is the last admin: make another one first"));
            }
            tx.audit(by.user.name.as_str(), &by.address, "role", name.as_str(), role.as_str())?;
            Ok(id)
        };
        let users = Arc::clone(&self.users);
        let apply = move |id| {
            let user = by_id(&users, id)?;
            user.set_role(role);
            Some(user)
        };
        let user = store.write_and_apply(work, apply).await?;
        user.ok_or_else(|| Error::internal("an account that is not in memory"))
    }

    /// Creates a token for a program.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn add_token(
        &self,
        store: &Store,
        by: &Admin<'_>,
        add: TokenAdd,
        keys: &Keys,
    ) -> Result<TokenAdded, Error> {
        let by = by.member().clone();
        let secret = secret_of("token", &by, add.user.as_str(), add.nonce.as_ref(), keys, sessions::TOKEN_BYTES);
        store
            .write(move |tx| {
                let id = find_person(tx, &add.user)?;
                let label = add.label.as_deref().unwrap_or("token");
                let (_, token) = sessions::make_of(tx, id, Kind::Program, label, "", secret)?;
                tx.audit(by.user.name.as_str(), &by.address, "token", add.user.as_str(), label)?;
                Ok(TokenAdded { token })
            })
            .await
    }

    /// Creates an invite.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn add_invite(
        &self,
        store: &Store,
        by: &Admin<'_>,
        add: InviteAdd,
        keys: &Keys,
    ) -> Result<InviteAdded, Error> {
        let by = by.member().clone();
        let secret = secret_of("invite", &by, add.role.as_str(), add.nonce.as_ref(), keys, invites::INVITE_BYTES);
        store
            .write(move |tx| {
                tx.audit(by.user.name.as_str(), &by.address, "invite", add.role.as_str(), "")?;
                invites::make_of(tx, add.role, by.user.name.as_str(), secret)
            })
            .await
    }
}

/// Returns the secret for what this request creates. A retry with the same nonce gets the same secret.
fn secret_of(what: &str, by: &Member, of: &str, nonce: Option<&Nonce>, keys: &Keys, bytes: usize) -> String {
    match nonce {
        Some(nonce) => derived_hex(&keys.admin, &[what, &by.user.id.0.to_string(), of, nonce.as_str()], bytes),
        None => random_hex(bytes),
    }
}

fn find_user(tx: &Tx<'_>, name: &UserName) -> Result<UserId, Error> {
    let id: Option<i64> = tx
        .conn
        .query_row("SELECT id FROM users WHERE name = ?1 AND id <> 0", [name.as_str()], |row| row.get(0))
        .optional()?;
    id.map(UserId).ok_or_else(|| Error::not_found(format!("there is no user {name}")))
}

/// Finds a user who may sign in.
fn find_person(tx: &Tx<'_>, name: &UserName) -> Result<UserId, Error> {
    let id = find_user(tx, name)?;
    let is_bot: bool = tx.conn.query_row("SELECT bot FROM users WHERE id = ?1", [id.0], |row| row.get(0))?;
    if is_bot {
        return Err(Error::conflict(format!("{name} is a webhook's bot: nobody signs in by it")));
    }
    Ok(id)
}
