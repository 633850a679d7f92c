//! The connections of signed-in users: closes those of an ended session, tells a user's other connections what they
//! read, announces who is online, and finds silent connections.

mod ended;
mod moves;

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
pub use ended::{close_ended, close_expired};
pub use moves::tell_moves;
use wardroom_protocol::Role;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::limits::{DEAD_AFTER_MS, PING_AFTER_MS};
use wardroom_protocol::messages::{Goaway, Ping};

use crate::accounts::{SessionId, User};
use crate::error::Error;
use crate::limits::{CONNECTION_RETRY_MS, CONNECTIONS_PER_USER_MAX, OPEN_ROOMS_MAX};
use crate::sender::{ConnectionSender, Reader};
use crate::store::{RoomId, UserId};

/// All connections of signed-in users.
#[derive(Default)]
pub struct Presence {
    /// Held for look-ups and sweeps; never across an await.
    inner: Mutex<Inner>,
    next: AtomicU64,
}

#[derive(Default)]
struct Inner {
    connections: HashMap<u64, Connection>,
    /// Connection ids by user, by session, and by room whose members they asked for. There are no empty entries, so
    /// nobody pays for the connections of others.
    by_user: HashMap<UserId, HashSet<u64>>,
    by_session: HashMap<SessionId, HashSet<u64>>,
    by_room: HashMap<RoomId, HashSet<u64>>,
    /// Users who were last announced as online.
    told: HashSet<UserId>,
    /// Users who connected or disconnected since then.
    moved: HashSet<UserId>,
    /// Users who set their status since then.
    restated: HashSet<UserId>,
    /// Connections whose announcement was put off because they had too much to read.
    late: HashSet<u64>,
}

struct Connection {
    sender: Arc<ConnectionSender>,
    user: UserId,
    session: Option<SessionId>,
    /// People are not pinged: nc would show it, and cannot reply.
    is_person: bool,
    pinged_ms: u64,
    /// Rooms whose members the connection asked for, the latest last.
    asked: Vec<RoomId>,
    /// Users who connected or disconnected while it had too much to read.
    late: HashSet<UserId>,
}

/// Keeps a connection registered while it is held.
pub struct PresenceGuard {
    presence: Arc<Presence>,
    id: u64,
}

impl Presence {
    /// Registers a member's connection. Admins are always admitted.
    ///
    /// # Errors
    /// `rate_limited` if this user is at the limit of connections.
    pub fn admit(
        self: &Arc<Self>,
        sender: &Arc<ConnectionSender>,
        user: &User,
        session: Option<SessionId>,
        is_person: bool,
    ) -> Result<PresenceGuard, Error> {
        let here = self.enter(sender, user.id, session, is_person);
        // Counted after the registration, so that of two simultaneous ones the second is refused.
        let count = self.lock().by_user.get(&user.id).map_or(0, HashSet::len);
        if count > CONNECTIONS_PER_USER_MAX && user.role() < Role::Admin {
            let msg = "you have 512 connections to this server: close some, then try again";
            return Err(Error::too_often(msg, CONNECTION_RETRY_MS));
        }
        Ok(here)
    }

    /// Registers a connection.
    pub fn enter(
        self: &Arc<Self>,
        sender: &Arc<ConnectionSender>,
        user: UserId,
        session: Option<SessionId>,
        is_person: bool,
    ) -> PresenceGuard {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        sender.set_reader(Reader { user, is_person });
        let sender = Arc::clone(sender);
        let (asked, late) = (Vec::new(), HashSet::new());
        let connection = Connection { sender, user, session, is_person, pinged_ms: 0, asked, late };
        let mut inner = self.lock();
        inner.connections.insert(id, connection);
        inner.by_user.entry(user).or_default().insert(id);
        if let Some(session) = session {
            inner.by_session.entry(session).or_default().insert(id);
        }
        inner.moved.insert(user);
        drop(inner);
        PresenceGuard { presence: Arc::clone(self), id }
    }

    /// Records that a connection asked for the members of a room, so that it hears who goes online and offline there.
    pub fn ask_about(&self, sender: &Arc<ConnectionSender>, user: UserId, room: RoomId) {
        let mut inner = self.lock();
        let Inner { connections, by_user, by_room, .. } = &mut *inner;
        let is_it = |id: &&u64| connections.get(id).is_some_and(|c| Arc::ptr_eq(&c.sender, sender));
        let Some(id) = by_user.get(&user).and_then(|ids| ids.iter().find(is_it)).copied() else { return };
        let Some(connection) = connections.get_mut(&id).filter(|connection| !connection.is_person) else { return };
        connection.asked.retain(|other| *other != room);
        connection.asked.push(room);
        by_room.entry(room).or_default().insert(id);
        if connection.asked.len() > OPEN_ROOMS_MAX {
            let oldest = connection.asked.remove(0);
            forget(by_room, oldest, id);
        }
    }

    /// A user has set their status: it is announced with the next news.
    pub fn restate(&self, user: UserId) {
        self.lock().restated.insert(user);
    }

    /// Closes the connections of a session.
    pub fn close_session(&self, session: SessionId) {
        let inner = self.lock();
        inner.close(inner.by_session.get(&session), "this session was ended: sign in again");
    }

    /// Returns the number of open connections of a session.
    pub fn connections_of(&self, session: SessionId) -> usize {
        self.lock().by_session.get(&session).map_or(0, HashSet::len)
    }

    /// Closes a user's connections that have no session, because they signed in with a password, except for `keep`.
    pub fn close_without_session(&self, user: UserId, keep: &Arc<ConnectionSender>, reason: &str) {
        let inner = self.lock();
        let is_closed = |id: &&u64| {
            let connection = inner.connections.get(id);
            connection.is_some_and(|connection| connection.session.is_none() && !Arc::ptr_eq(&connection.sender, keep))
        };
        let ids = inner.by_user.get(&user).into_iter().flatten().filter(is_closed).copied().collect();
        inner.close(Some(&ids), reason);
    }

    /// Tells all programs and browsers something. Connections with a long queue miss it.
    pub fn tell_all(&self, frame: &Bytes) {
        for connection in self.lock().connections.values().filter(|connection| !connection.is_person) {
            connection.sender.tell_now_or_never(frame);
        }
    }

    /// Tells all connections of a user their current role.
    pub fn tell_role(&self, user: &User) {
        let you = encode(Number::None, &user.you());
        let line = Bytes::from(format!("# your role is {} now\n", user.role()));
        for connection in self.lock().of(user.id) {
            connection.sender.tell(if connection.is_person { line.clone() } else { you.clone() });
        }
    }

    /// Returns the sessions through which a user is connected.
    fn sessions_of(&self, user: UserId) -> HashSet<SessionId> {
        self.lock().of(user).filter_map(|connection| connection.session).collect()
    }

    /// Closes all connections of a user.
    pub fn close_user(&self, user: UserId) {
        let inner = self.lock();
        inner.close(inner.by_user.get(&user), "your sessions were ended: sign in again");
    }

    /// Closes all connections. Clients may reconnect.
    pub fn close_all(&self, reason: &str, retry_ms: u64) {
        let goaway = encode(Number::None, &Goaway { reason: reason.to_owned(), retry_ms: Some(retry_ms) });
        for connection in self.lock().connections.values() {
            connection.close(reason, &goaway);
        }
    }

    /// Returns true if the user has a connection.
    pub fn is_here(&self, user: UserId) -> bool {
        self.lock().by_user.contains_key(&user)
    }

    /// Calls `act` with each connection of a user.
    pub fn each_of(&self, user: UserId, act: impl Fn(&ConnectionSender)) {
        for connection in self.lock().of(user) {
            act(&connection.sender);
        }
    }

    /// Calls `act` with each `nc` connection of a user.
    pub fn each_person_of(&self, user: UserId, act: impl Fn(&ConnectionSender)) {
        for connection in self.lock().of(user).filter(|connection| connection.is_person) {
            act(&connection.sender);
        }
    }

    /// Pings silent connections, and closes those that stay silent.
    ///
    /// `now_ms` is by the monotonic clock, as are the times it is compared with; `wall_ms` is sent to clients.
    pub fn sweep(&self, now_ms: u64, wall_ms: u64) {
        for connection in self.lock().connections.values_mut().filter(|connection| !connection.is_person) {
            let heard_ms = connection.sender.heard_ms.load(Ordering::Relaxed);
            let silent_ms = now_ms.saturating_sub(heard_ms);
            if silent_ms >= DEAD_AFTER_MS {
                let reason = "nothing was heard from you for 60 s".to_owned();
                connection.sender.close(Some(encode(Number::None, &Goaway { reason, retry_ms: Some(0) })));
            } else if silent_ms >= PING_AFTER_MS && now_ms.saturating_sub(connection.pinged_ms) >= PING_AFTER_MS {
                connection.pinged_ms = now_ms;
                connection.sender.tell(encode(Number::None, &Ping { n: wall_ms, now: Some(wall_ms) }));
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn of(&self, user: UserId) -> impl Iterator<Item = &Connection> {
        self.by_user.get(&user).into_iter().flatten().filter_map(|id| self.connections.get(id))
    }

    fn close(&self, ids: Option<&HashSet<u64>>, reason: &str) {
        let goaway = encode(Number::None, &Goaway { reason: reason.to_owned(), retry_ms: None });
        for connection in ids.into_iter().flatten().filter_map(|id| self.connections.get(id)) {
            connection.close(reason, &goaway);
        }
    }
}

impl Connection {
    fn close(&self, reason: &str, goaway: &Bytes) {
        self.sender.close(Some(if self.is_person { format!("# {reason}\n").into() } else { goaway.clone() }));
    }
}

fn forget<K: Eq + Hash>(ids_of: &mut HashMap<K, HashSet<u64>>, key: K, id: u64) {
    if let Some(ids) = ids_of.get_mut(&key) {
        ids.remove(&id);
        if ids.is_empty() {
            ids_of.remove(&key);
        }
    }
}

impl Drop for PresenceGuard {
    fn drop(&mut self) {
        let mut inner = self.presence.lock();
        let Some(Connection { user, session, asked, .. }) = inner.connections.remove(&self.id) else { return };
        inner.moved.insert(user);
        inner.late.remove(&self.id);
        forget(&mut inner.by_user, user, self.id);
        if let Some(session) = session {
            forget(&mut inner.by_session, session, self.id);
        }
        for room in asked {
            forget(&mut inner.by_room, room, self.id);
        }
    }
}
