//! Accounts: users, sign-in, sessions and tokens, invites, and the limit on failed attempts.
//!
//! All accounts are held in memory (a team's worth); their secrets stay in the store.

mod invites;
mod known_addresses;
mod manage;
mod own;
mod passwords;
mod sessions;
mod sign_in;
mod throttle;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub use invites::first_invite;
use rusqlite::Connection;
pub use sessions::SessionId;
pub use sign_in::{Credentials, SignedIn};
use tokio::sync::Semaphore;
use wardroom_protocol::messages::You;
use wardroom_protocol::{Role, UserName};

use crate::error::Error;
use crate::limits::{PASSWORD_CHANGES_MAX, SIGN_INS_MAX};
use crate::store::UserId;
use passwords::Hasher;
use throttle::Throttle;

/// An account. All its connections share one copy in memory, so that a new role, or disabling the account, takes effect
/// on all of them at once.
#[derive(Debug)]
pub struct User {
    /// The id of its row.
    pub id: UserId,
    /// The name for signing in.
    pub name: UserName,
    /// The display name.
    pub shown: String,
    /// True for a webhook's bot: nobody can sign in as it.
    pub is_bot: bool,
    /// The index of the role in [`ROLES`].
    role: AtomicU8,
    is_disabled: AtomicBool,
    /// What they say about themselves. Held to copy it.
    status: RwLock<String>,
}

/// All roles, in ascending order.
const ROLES: [Role; 4] = [Role::Viewer, Role::Member, Role::Operator, Role::Admin];

impl User {
    /// Creates an enabled account of a person.
    pub fn new(id: UserId, name: UserName, shown: String, role: Role) -> Self {
        let is_disabled = AtomicBool::new(false);
        Self {
            id,
            name,
            shown,
            is_bot: false,
            role: AtomicU8::new(place_of(role)),
            is_disabled,
            status: RwLock::default(),
        }
    }

    /// Creates the account of a webhook's bot.
    pub fn bot(id: UserId, name: UserName) -> Self {
        let shown = name.to_string();
        Self { is_bot: true, ..Self::new(id, name, shown, Role::Member) }
    }

    /// Returns the current role.
    pub fn role(&self) -> Role {
        // The stored value is always a valid index.
        ROLES.get(usize::from(self.role.load(Ordering::Acquire))).copied().unwrap_or(Role::Viewer)
    }

    /// Returns true while the account is disabled: nobody can sign in, and it has no rights.
    pub fn is_disabled(&self) -> bool {
        self.is_disabled.load(Ordering::Acquire)
    }

    /// What they say about themselves; empty for nothing.
    pub fn status(&self) -> String {
        self.status.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_status(&self, status: String) {
        *self.status.write().unwrap_or_else(PoisonError::into_inner) = status;
    }

    fn set_role(&self, role: Role) {
        self.role.store(place_of(role), Ordering::Release);
    }

    fn set_disabled(&self, is_disabled: bool) {
        self.is_disabled.store(is_disabled, Ordering::Release);
    }

    /// Returns the account in its wire form.
    pub fn you(&self) -> You {
        You { user: self.name.clone(), name: self.shown.clone(), role: self.role() }
    }
}

fn place_of(role: Role) -> u8 {
    ROLES.iter().position(|other| *other == role).and_then(|at| u8::try_from(at).ok()).unwrap_or(0)
}

/// Accounts by name and by id.
type Users = RwLock<Index>;

/// All accounts.
pub struct Accounts {
    /// Shared with writes under way, which add new accounts here in the order of their commits.
    users: Arc<Users>,
    /// How often each password was set since the start; absent if never. Held for one look-up.
    passwords_set: Arc<Mutex<HashMap<UserId, u64>>>,
    throttle: Throttle,
    /// For strangers who sign in with a password or an invite.
    sign_ins: Semaphore,
    hasher: Hasher,
    /// For people who change their own password.
    password_changes: Semaphore,
    /// No session expires before this time, in Unix milliseconds.
    next_expiry_ms: AtomicU64,
}

#[derive(Default)]
struct Index {
    by_name: BTreeMap<UserName, Arc<User>>,
    by_id: HashMap<UserId, Arc<User>>,
}

impl Index {
    /// Adds an account; an existing one is kept.
    fn put(&mut self, user: User) -> Arc<User> {
        match self.by_name.entry(user.name.clone()) {
            Entry::Occupied(known) => Arc::clone(known.get()),
            Entry::Vacant(place) => {
                let user = Arc::clone(place.insert(Arc::new(user)));
                self.by_id.insert(user.id, Arc::clone(&user));
                user
            }
        }
    }
}

impl Accounts {
    /// Reads all accounts.
    ///
    /// # Errors
    /// If the database fails.
    pub fn load(conn: &Connection) -> Result<Self, Error> {
        let mut statement = conn.prepare("SELECT id, name, shown, role, disabled, bot, status FROM users")?;
        let mut rows = statement.query([])?;
        let mut users = Index::default();
        while let Some(row) = rows.next()? {
            users.put(read_user(row)?);
        }
        Ok(Self {
            users: Arc::new(RwLock::new(users)),
            passwords_set: Arc::default(),
            throttle: Throttle::default(),
            sign_ins: Semaphore::new(SIGN_INS_MAX),
            hasher: Hasher::default(),
            password_changes: Semaphore::new(PASSWORD_CHANGES_MAX),
            // The first check determines it.
            next_expiry_ms: AtomicU64::new(0),
        })
    }

    /// Returns the account with this name.
    pub fn by_name(&self, name: &str) -> Option<Arc<User>> {
        self.users.read().unwrap_or_else(PoisonError::into_inner).by_name.get(name).cloned()
    }

    /// Returns the account with this id.
    pub fn by_id(&self, id: UserId) -> Option<Arc<User>> {
        by_id(&self.users, id)
    }

    /// Returns all accounts by name, except that of the server itself.
    pub fn all(&self) -> Vec<Arc<User>> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        users.by_name.values().filter(|user| user.id != UserId::SYSTEM).cloned().collect()
    }

    /// Returns the next account by name after this one, or the first for `None`.
    pub fn next_after(&self, after: Option<&UserName>) -> Option<Arc<User>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        users.by_name.range::<UserName, _>((from, Bound::Unbounded)).next().map(|(_, user)| Arc::clone(user))
    }

    /// Returns the number of accounts.
    pub fn count(&self) -> usize {
        self.users.read().unwrap_or_else(PoisonError::into_inner).by_id.len()
    }

    /// Adds the new bot of a webhook.
    pub fn put_bot(&self, bot: User) {
        put(&self.users, bot);
    }

    fn passwords_set(&self, user: UserId) -> u64 {
        count_of(&self.passwords_set, user)
    }
}

/// Adds an account. An existing one is kept, because its connections hold it.
fn put(users: &Users, user: User) -> Arc<User> {
    users.write().unwrap_or_else(PoisonError::into_inner).put(user)
}

fn by_id(users: &Users, id: UserId) -> Option<Arc<User>> {
    users.read().unwrap_or_else(PoisonError::into_inner).by_id.get(&id).cloned()
}

fn count_of(counts: &Mutex<HashMap<UserId, u64>>, user: UserId) -> u64 {
    counts.lock().unwrap_or_else(PoisonError::into_inner).get(&user).copied().unwrap_or(0)
}

fn read_user(row: &rusqlite::Row<'_>) -> Result<User, Error> {
    let name: String = row.get(1)?;
    let role: String = row.get(3)?;
    let (name, role) = (UserName::parse(&name).map_err(Error::internal)?, role.parse().map_err(Error::internal)?);
    let user = User { is_bot: row.get(5)?, ..User::new(UserId(row.get(0)?), name, row.get(2)?, role) };
    user.set_disabled(row.get(4)?);
    user.set_status(row.get(6)?);
    Ok(user)
}
