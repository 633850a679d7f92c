//! Signing in by token, password or invite. Every face uses this: programs over TCP and WebSocket, `nc`, and the
//! gateway's forms. A wrong password and an unknown account get the same answer and cost the same work.
//!
//! A caller may be cancelled while it waits. Then either nothing was created, or everything, on disk and in memory.

use std::sync::Arc;

use rusqlite::params;
use tokio::sync::SemaphorePermit;
use wardroom_protocol::UserName;

use super::manage::{admit, insert_user};
use super::passwords::{self, Lane};
use super::sessions::{self, Kind, SessionId};
use super::throttle::Key;
use super::{Accounts, User, count_of, invites, known_addresses};
use crate::clock::now_ms;
use crate::error::Error;
use crate::permits::Origin;
use crate::rooms::{GENERAL, Registry};
use crate::store::{Store, Tx, UserId};

/// What a client presents to sign in.
pub enum Credentials {
    /// The token of a session or program.
    Token(String),
    /// A name and a password.
    Password {
        /// As typed by the user.
        user: String,
        /// As typed by the user.
        password: String,
    },
    /// An invite, and the account to create with it.
    Invite {
        /// The secret of the invite.
        invite: String,
        /// The new account's name.
        user: UserName,
        /// Its password.
        password: String,
    },
}

/// A successful sign-in.
#[derive(Debug)]
pub struct SignedIn {
    /// The user.
    pub user: Arc<User>,
    /// The session; none for a password without a request for a session.
    pub session: Option<SessionId>,
    /// Without a session: how often the password had been set when it was verified.
    pub passwords_set: Option<u64>,
    /// The secret of a session that was just created.
    pub token: Option<String>,
    /// True if the account was just created.
    pub is_new: bool,
}

const REFUSED: &str = "wrong name or password";

/// The account that somebody with an invite wants to create.
struct Wanted {
    invite: String,
    name: UserName,
    password: String,
}

impl Accounts {
    /// Signs a client in, or refuses it.
    ///
    /// # Errors
    /// `unauthorized`; `rate_limited` after too many failures; `busy` if too many sign-ins are under way; `bad_request`
    /// if a new account's name or password is unacceptable.
    pub async fn sign_in(
        &self,
        store: &Store,
        rooms: &Registry,
        credentials: Credentials,
        remember: Option<String>,
        address: &str,
    ) -> Result<SignedIn, Error> {
        let result = match credentials {
            Credentials::Token(token) => self.by_token(store, &token).await,
            Credentials::Password { user, password } => {
                self.by_password(store, &user, password, remember, address).await
            }
            Credentials::Invite { invite, user, password } => {
                let wanted = Wanted { invite, name: user, password };
                self.by_invite(store, rooms, wanted, remember, address).await
            }
        };
        if let Err(error) = &result
            && error.code == wardroom_protocol::Code::Unauthorized
        {
            tracing::warn!(address, "sign-in refused");
        }
        result
    }

    async fn by_token(&self, store: &Store, token: &str) -> Result<SignedIn, Error> {
        let found = self.find_session(store, token, now_ms()).await?;
        let (user, session) = found.ok_or_else(|| Error::unauthorized("this token is not valid: sign in again"))?;
        Ok(SignedIn { user, session: Some(session), passwords_set: None, token: None, is_new: false })
    }

    async fn by_password(
        &self,
        store: &Store,
        typed: &str,
        password: String,
        remember: Option<String>,
        address: &str,
    ) -> Result<SignedIn, Error> {
        let name = UserName::typed(typed).ok();
        let user = name.as_ref().and_then(|name| self.by_name(name.as_str()));
        let user = user.filter(|user| !user.is_disabled() && !user.is_bot && user.id != UserId::SYSTEM);
        let (phc, is_known) = match &user {
            Some(user) => self.secret_of(store, user.id, address).await?,
            None => (None, false),
        };
        let _place = if is_known { None } else { Some(self.place()?) };
        let at = Origin::of(address);
        let account = name.map_or_else(|| typed.chars().take(64).collect(), |name| name.to_string());
        let (ways, lane) = match &user {
            Some(user) if is_known => (vec![vec![Key::Address(at)], vec![Key::Known(at, user.id)]], Lane::Known),
            _ => (vec![vec![Key::Address(at), Key::Account(account)]], Lane::Stranger),
        };
        let attempt = self.throttle.begin(ways).await?;
        let is_right = self.hasher.verify(password, phc.clone(), lane).await?;
        let (Some(user), Some(phc), true) = (user, phc, is_right) else {
            attempt.failed();
            return Err(Error::unauthorized(REFUSED));
        };
        drop(attempt);
        self.let_in(store, &user, phc, remember, address).await
    }

    /// Signs a user in whose password was correct, unless it changed meanwhile: the transaction that creates the
    /// session checks that.
    async fn let_in(
        &self,
        store: &Store,
        user: &Arc<User>,
        phc: String,
        remember: Option<String>,
        address: &str,
    ) -> Result<SignedIn, Error> {
        let (who, at) = (Arc::clone(user), address.to_owned());
        let work = move |tx: &mut Tx<'_>| {
            let stands = "SELECT EXISTS(SELECT 1 FROM users WHERE id = ?1 AND password = ?2 AND disabled = 0)";
            if !tx.conn.query_row(stands, params![who.id.0, phc], |row| row.get(0))? {
                return Err(Error::unauthorized(REFUSED));
            }
            tx.audit(who.name.as_str(), &at, "sign-in", "", remember.as_deref().unwrap_or(""))?;
            known_addresses::note(tx, who.id, &at)?;
            remember.map(|label| sessions::make(tx, who.id, Kind::Person, &label, &at)).transpose()
        };
        let (counts, id) = (Arc::clone(&self.passwords_set), user.id);
        // Counted as of this transaction: a password set later changes the count.
        let (made, count) = store.write_and_apply(work, move |made| (made, count_of(&counts, id))).await?;
        let (session, token) = made.unzip();
        let passwords_set = session.is_none().then_some(count);
        Ok(SignedIn { user: Arc::clone(user), session, passwords_set, token, is_new: false })
    }

    async fn by_invite(
        &self,
        store: &Store,
        rooms: &Registry,
        wanted: Wanted,
        remember: Option<String>,
        address: &str,
    ) -> Result<SignedIn, Error> {
        let Wanted { invite, name, password } = wanted;
        passwords::check(&password)?;
        let _place = self.place()?;
        let attempt = self.throttle.begin(vec![vec![Key::Address(Origin::of(address))]]).await?;
        // Checked before hashing, so that guessing invites does not reach the hasher.
        if !invites::is_good(store, &invite, now_ms()).await? {
            attempt.failed();
            return Err(invites::refused());
        }
        let phc = self.hasher.hash(password, Lane::Stranger).await?;
        let at = address.to_owned();
        let work = move |tx: &mut Tx<'_>| {
            let role = invites::take(tx, &invite)?;
            let user = insert_user(tx, &name, None, role, &phc)?;
            tx.audit(name.as_str(), &at, "account", name.as_str(), "by invite")?;
            known_addresses::note(tx, user.id, &at)?;
            let made = remember.map(|label| sessions::make(tx, user.id, Kind::Person, &label, &at)).transpose()?;
            Ok((user, made))
        };
        let (users, general) = (Arc::clone(&self.users), rooms.by_id(GENERAL));
        let apply = move |(user, made)| (admit(&users, general.as_deref(), user), made);
        let (user, made): (_, Option<_>) = store.write_and_apply(work, apply).await?;
        let (session, token) = made.unzip();
        let passwords_set = session.is_none().then_some(0);
        Ok(SignedIn { user, session, passwords_set, token, is_new: true })
    }

    /// Reserves a place among the strangers whose passwords and invites are being checked.
    fn place(&self) -> Result<SemaphorePermit<'_>, Error> {
        self.sign_ins.try_acquire().map_err(|_| Error::busy("many people are signing in: try again", 2_000))
    }

    /// Returns an account's PHC string, and whether somebody has signed in to it from this address before.
    pub(super) async fn secret_of(
        &self,
        store: &Store,
        user: UserId,
        address: &str,
    ) -> Result<(Option<String>, bool), Error> {
        let address = address.to_owned();
        store
            .read(move |conn| {
                let phc: String = conn.query_row("SELECT password FROM users WHERE id = ?1", [user.0], |r| r.get(0))?;
                Ok((Some(phc), known_addresses::is_known(conn, user, &address)?))
            })
            .await
    }
}
