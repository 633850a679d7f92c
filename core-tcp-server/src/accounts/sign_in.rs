//! Signing in: by token, by password, by invite. The same words and the same work for a wrong password and for an
//! account that does not exist.

use std::sync::{Arc, PoisonError};

use rusqlite::params;
use wardroom_protocol::UserName;

use super::manage::insert_user;
use super::sessions::{self, Kind, SessionId, host_of};
use super::throttle::Key;
use super::{Accounts, User, invites};
use crate::clock::now_ms;
use crate::refusal::Refusal;
use crate::rooms::Registry;
use crate::store::{Store, UserId};

/// What somebody shows to be let in.
pub enum Credentials {
    /// A session's or a program's token.
    Token(String),
    /// A name and a password.
    Password {
        /// As it was typed.
        user: String,
        /// As it was typed.
        password: String,
    },
    /// An invite, and the account that it is to make.
    Invite {
        /// The code.
        invite: String,
        /// The new account's name.
        user: UserName,
        /// Its password.
        password: String,
    },
}

/// Let in.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub user: Arc<User>,
    /// By which session; none for a password that asked for none.
    pub session: Option<SessionId>,
    /// The secret of a session that was made just now.
    pub token: Option<String>,
    /// The account was made just now.
    pub is_new: bool,
}

const REFUSED: &str = "wrong name or password";

impl Accounts {
    /// Lets somebody in, or not.
    ///
    /// # Errors
    /// `unauthorized`, `rate_limited`, or what is wrong with a new account's name or password.
    pub async fn sign_in(
        &self,
        store: &Store,
        rooms: &Registry,
        credentials: Credentials,
        remember: Option<String>,
        address: &str,
    ) -> Result<SignedIn, Refusal> {
        let from = Key::address(address);
        self.check_rate(&from)?;
        let result = match credentials {
            Credentials::Token(token) => self.by_token(store, &token).await,
            Credentials::Password { user, password } => {
                self.by_password(store, user, password, remember, address).await
            }
            Credentials::Invite { invite, user, password } => {
                self.by_invite(store, rooms, invite, user, password, remember, address).await
            }
        };
        if let Err(refusal) = &result
            && refusal.code == wardroom_protocol::Code::Unauthorized
        {
            tracing::warn!(address, "sign-in refused");
            self.throttle.lock().unwrap_or_else(PoisonError::into_inner).failed(from, now_ms());
        }
        result
    }

    async fn by_token(&self, store: &Store, token: &str) -> Result<SignedIn, Refusal> {
        let found = self.find_session(store, token, now_ms()).await?;
        let (user, session) = found.ok_or_else(|| Refusal::unauthorized("this token is not valid: sign in again"))?;
        Ok(SignedIn { user, session: Some(session), token: None, is_new: false })
    }

    async fn by_password(
        &self,
        store: &Store,
        name: String,
        password: String,
        remember: Option<String>,
        address: &str,
    ) -> Result<SignedIn, Refusal> {
        let user = self.by_name(&name).filter(|user| !user.is_disabled && !user.is_bot && user.id != UserId::SYSTEM);
        let account = Key::Account(name.chars().take(64).collect());
        let (phc, is_known_here) = match &user {
            Some(user) => self.secret_of(store, user.id, host_of(address)).await?,
            None => (None, false),
        };
        if !is_known_here {
            self.check_rate(&account)?;
        }
        let is_right = self.hasher.verify(password, phc).await?;
        let Some(user) = user.filter(|_| is_right) else {
            if !is_known_here {
                self.throttle.lock().unwrap_or_else(PoisonError::into_inner).failed(account, now_ms());
            }
            return Err(Refusal::unauthorized(REFUSED));
        };
        let (who, at) = (Arc::clone(&user), address.to_owned());
        let made = store
            .write(move |tx| {
                tx.audit(who.name.as_str(), &at, "sign-in", "", remember.as_deref().unwrap_or(""))?;
                remember.map(|label| sessions::make(tx, who.id, Kind::Person, &label, &at)).transpose()
            })
            .await?;
        let (session, token) = made.unzip();
        Ok(SignedIn { user, session, token, is_new: false })
    }

    #[expect(clippy::too_many_arguments, reason = "each is another fact of one sign-in")]
    async fn by_invite(
        &self,
        store: &Store,
        rooms: &Registry,
        invite: String,
        name: UserName,
        password: String,
        remember: Option<String>,
        address: &str,
    ) -> Result<SignedIn, Refusal> {
        let phc = self.hasher.hash(password).await?;
        let at = address.to_owned();
        let (user, made) = store
            .write(move |tx| {
                let role = invites::take(tx, &invite)?;
                let user = insert_user(tx, &name, None, role, &phc)?;
                tx.audit(name.as_str(), &at, "account", name.as_str(), "by invite")?;
                let made = remember.map(|label| sessions::make(tx, user.id, Kind::Person, &label, &at)).transpose()?;
                Ok((user, made))
            })
            .await?;
        let user = self.put(user);
        if let Some(general) = rooms.by_id(crate::rooms::GENERAL) {
            general.put_member(user.id, 0);
        }
        let (session, token) = made.unzip();
        Ok(SignedIn { user, session, token, is_new: true })
    }

    /// The PHC string of an account, and whether somebody has signed in to it from this address before.
    async fn secret_of(&self, store: &Store, user: UserId, host: &str) -> Result<(Option<String>, bool), Refusal> {
        let host = host.to_owned();
        store
            .read(move |conn| {
                let phc: String = conn.query_row("SELECT password FROM users WHERE id = ?1", [user.0], |r| r.get(0))?;
                let known = "SELECT EXISTS(SELECT 1 FROM sessions WHERE user = ?1 AND address = ?2)";
                let is_known: bool = conn.query_row(known, params![user.0, host], |row| row.get(0))?;
                Ok((Some(phc), is_known))
            })
            .await
    }

    fn check_rate(&self, key: &Key) -> Result<(), Refusal> {
        let wait_ms = self.throttle.lock().unwrap_or_else(PoisonError::into_inner).wait_ms(key, now_ms());
        wait_ms.map_or(Ok(()), |wait_ms| Err(Refusal::rate_limited(wait_ms)))
    }
}
