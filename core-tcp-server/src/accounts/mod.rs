//! Accounts: who there is, how one signs in, sessions and tokens, invites, and how often one may fail.
//!
//! All accounts are held in memory (a team's worth); their secrets stay in the store.

mod invites;
mod manage;
mod passwords;
mod sessions;
mod sign_in;
mod throttle;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub use invites::first_invite;
use rusqlite::Connection;
pub use sessions::SessionId;
pub use sign_in::{Credentials, SignedIn};
use tokio::sync::Semaphore;
use wardroom_protocol::messages::You;
use wardroom_protocol::{Role, UserName};

use crate::limits::SIGN_INS_MAX;
use crate::refusal::Refusal;
use crate::store::UserId;
use passwords::Hasher;
use throttle::Throttle;

/// An account. Immutable: a change puts another in its place.
#[derive(Clone, Debug)]
pub struct User {
    /// Its row.
    pub id: UserId,
    /// The name one signs in with.
    pub name: UserName,
    /// The name as it is shown.
    pub shown: String,
    /// What they may do.
    pub role: Role,
    /// They may not sign in.
    pub is_disabled: bool,
    /// A webhook's: nobody signs in by it.
    pub is_bot: bool,
}

impl User {
    /// As the wire says it.
    pub fn you(&self) -> You {
        You { user: self.name.clone(), name: self.shown.clone(), role: self.role }
    }
}

/// Accounts by name.
type Users = RwLock<HashMap<UserName, Arc<User>>>;

/// All accounts.
pub struct Accounts {
    /// Shared with writes under way: what they make is put here in the order of their commits.
    users: Arc<Users>,
    /// How often passwords were set since the start; absent for never. Held for one look-up.
    passwords_set: Arc<Mutex<HashMap<UserId, u64>>>,
    throttle: Throttle,
    /// For strangers who sign in by a password or an invite.
    sign_ins: Semaphore,
    hasher: Hasher,
}

impl Accounts {
    /// Reads all accounts.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn load(conn: &Connection) -> Result<Self, Refusal> {
        let mut statement = conn.prepare("SELECT id, name, shown, role, disabled, bot FROM users")?;
        let mut rows = statement.query([])?;
        let mut users = HashMap::new();
        while let Some(row) = rows.next()? {
            let user = read_user(row)?;
            users.insert(user.name.clone(), Arc::new(user));
        }
        Ok(Self {
            users: Arc::new(RwLock::new(users)),
            passwords_set: Arc::default(),
            throttle: Throttle::default(),
            sign_ins: Semaphore::new(SIGN_INS_MAX),
            hasher: Hasher::default(),
        })
    }

    /// The account of this name.
    pub fn by_name(&self, name: &str) -> Option<Arc<User>> {
        self.users.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// The account of this row.
    pub fn by_id(&self, id: UserId) -> Option<Arc<User>> {
        self.users.read().unwrap_or_else(PoisonError::into_inner).values().find(|user| user.id == id).cloned()
    }

    /// All people, by name: not the server itself.
    pub fn all(&self) -> Vec<Arc<User>> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = users.values().filter(|user| user.id != UserId::SYSTEM).cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// A webhook's bot that was made.
    pub fn put_bot(&self, bot: User) {
        put(&self.users, bot);
    }

    fn passwords_set(&self, user: UserId) -> u64 {
        count_of(&self.passwords_set, user)
    }
}

fn put(users: &Users, user: User) -> Arc<User> {
    let user = Arc::new(user);
    users.write().unwrap_or_else(PoisonError::into_inner).insert(user.name.clone(), Arc::clone(&user));
    user
}

fn count_of(counts: &Mutex<HashMap<UserId, u64>>, user: UserId) -> u64 {
    counts.lock().unwrap_or_else(PoisonError::into_inner).get(&user).copied().unwrap_or(0)
}

fn read_user(row: &rusqlite::Row<'_>) -> Result<User, Refusal> {
    let name: String = row.get(1)?;
    let role: String = row.get(3)?;
    Ok(User {
        id: UserId(row.get(0)?),
        name: UserName::parse(&name).map_err(Refusal::internal)?,
        shown: row.get(2)?,
        role: role.parse().map_err(Refusal::internal)?,
        is_disabled: row.get(4)?,
        is_bot: row.get(5)?,
    })
}
