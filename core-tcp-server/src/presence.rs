//! Who is connected: to close the connections of a session that ended, to tell a user's other connections what they
//! read, to say who is here, and to find connections that fell silent.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::limits::{DEAD_AFTER_MS, PING_AFTER_MS};
use wardroom_protocol::messages::{Goaway, Ping, Presence as Told};

use crate::accounts::{SessionId, User};
use crate::outlet::{Outlet, Reader};
use crate::rooms::{Registry, Room};
use crate::state::State;
use crate::store::UserId;

/// All connections that are signed in.
#[derive(Default)]
pub struct Presence {
    /// Held for look-ups and sweeps; never across an await.
    inner: Mutex<Inner>,
    next: AtomicU64,
}

#[derive(Default)]
struct Inner {
    connections: HashMap<u64, Connection>,
    /// How many each user has; absent for none.
    here: HashMap<UserId, u32>,
    /// Who was last told to be here.
    told: HashSet<UserId>,
    /// Who came or went since.
    moved: HashSet<UserId>,
}

struct Connection {
    outlet: Arc<Outlet>,
    user: UserId,
    session: Option<SessionId>,
    /// People are not pinged: nc would show it, and cannot answer.
    is_person: bool,
    pinged_ms: u64,
    /// Who came or went while it had much to read.
    late: HashSet<UserId>,
}

/// A connection is here as long as this is held.
pub struct Here {
    presence: Arc<Presence>,
    id: u64,
}

impl Presence {
    /// Notes a connection.
    pub fn enter(
        self: &Arc<Self>,
        outlet: &Arc<Outlet>,
        user: UserId,
        session: Option<SessionId>,
        is_person: bool,
    ) -> Here {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        outlet.set_reader(Reader { user, is_person });
        let connection =
            Connection { outlet: Arc::clone(outlet), user, session, is_person, pinged_ms: 0, late: HashSet::new() };
        let mut inner = self.lock();
        inner.connections.insert(id, connection);
        *inner.here.entry(user).or_default() += 1;
        inner.moved.insert(user);
        drop(inner);
        Here { presence: Arc::clone(self), id }
    }

    /// Closes the connections of a session.
    pub fn close_session(&self, session: SessionId) {
        self.close(|connection| connection.session == Some(session), "this session was ended: sign in again");
    }

    /// Tells all connections of a user what they may do now.
    pub fn tell_role(&self, user: &User) {
        let you = encode(Number::None, &user.you());
        let line = Bytes::from(format!("# your role is {} now\n", user.role()));
        for connection in self.lock().connections.values().filter(|connection| connection.user == user.id) {
            connection.outlet.tell(if connection.is_person { line.clone() } else { you.clone() });
        }
    }

    /// The sessions by which a user is connected.
    fn sessions_of(&self, user: UserId) -> HashSet<SessionId> {
        let inner = self.lock();
        inner.connections.values().filter(|c| c.user == user).filter_map(|c| c.session).collect()
    }

    /// Closes all connections of a user.
    pub fn close_user(&self, user: UserId) {
        self.close(|connection| connection.user == user, "your sessions were ended: sign in again");
    }

    /// Closes all connections; they may come back.
    pub fn close_all(&self, reason: &str, retry_ms: u64) {
        let goaway = encode(Number::None, &Goaway { reason: reason.to_owned(), retry_ms: Some(retry_ms) });
        for connection in self.lock().connections.values() {
            let last = if connection.is_person { format!("# {reason}\n").into() } else { goaway.clone() };
            connection.outlet.close(Some(last));
        }
    }

    fn close(&self, is_meant: impl Fn(&Connection) -> bool, reason: &str) {
        let goaway = encode(Number::None, &Goaway { reason: reason.to_owned(), retry_ms: None });
        for connection in self.lock().connections.values().filter(|c| is_meant(c)) {
            let last = if connection.is_person { format!("# {reason}\n").into() } else { goaway.clone() };
            connection.outlet.close(Some(last));
        }
    }

    /// True if the user has a connection.
    pub fn is_here(&self, user: UserId) -> bool {
        self.lock().here.contains_key(&user)
    }

    /// Does something with each connection of a user.
    pub fn each_of(&self, user: UserId, act: impl Fn(&Outlet)) {
        for connection in self.lock().connections.values().filter(|connection| connection.user == user) {
            act(&connection.outlet);
        }
    }

    /// Does something with each connection of a user that is a person's with `nc`.
    pub fn each_person_of(&self, user: UserId, act: impl Fn(&Outlet)) {
        for connection in self.lock().connections.values().filter(|c| c.user == user && c.is_person) {
            act(&connection.outlet);
        }
    }

    /// Pings connections that fell silent, and closes those that stayed so.
    ///
    /// `now_ms` is by the monotonic clock, as all that it is compared with; `wall_ms` is what clients are told.
    pub fn sweep(&self, now_ms: u64, wall_ms: u64) {
        for connection in self.lock().connections.values_mut().filter(|connection| !connection.is_person) {
            let heard_ms = connection.outlet.heard_ms.load(Ordering::Relaxed);
            let silent_ms = now_ms.saturating_sub(heard_ms);
            if silent_ms >= DEAD_AFTER_MS {
                let reason = "nothing was heard from you for 60 s".to_owned();
                connection.outlet.close(Some(encode(Number::None, &Goaway { reason, retry_ms: Some(0) })));
            } else if silent_ms >= PING_AFTER_MS && now_ms.saturating_sub(connection.pinged_ms) >= PING_AFTER_MS {
                connection.pinged_ms = now_ms;
                connection.outlet.tell(encode(Number::None, &Ping { n: wall_ms, now: Some(wall_ms) }));
            }
        }
    }

    /// Who came and who went since the last time; whoever did both did neither.
    fn moves(&self) -> Vec<(UserId, bool)> {
        let mut inner = self.lock();
        let moved = std::mem::take(&mut inner.moved);
        let mut moves = Vec::new();
        for user in moved {
            let is_here = inner.here.contains_key(&user);
            let is_news = if is_here { inner.told.insert(user) } else { inner.told.remove(&user) };
            if is_news {
                moves.push((user, is_here));
            }
        }
        moves
    }

    /// The connections that asked who is in a room, and what they were not told yet.
    fn askers(&self) -> Vec<(u64, Arc<Outlet>, UserId, HashSet<UserId>)> {
        let mut inner = self.lock();
        let asked = inner.connections.iter_mut().filter(|(_, c)| !c.is_person && c.outlet.has_asked());
        asked.map(|(id, c)| (*id, Arc::clone(&c.outlet), c.user, std::mem::take(&mut c.late))).collect()
    }

    fn put_off(&self, connection: u64, late: HashSet<UserId>) {
        if let Some(connection) = self.lock().connections.get_mut(&connection) {
            connection.late.extend(late);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the connections of a user whose sessions are not in the store any more, whatever has ended them.
pub async fn close_ended(state: &State, user: UserId) {
    let here = state.presence.sessions_of(user);
    if here.is_empty() {
        return;
    }
    match state.accounts.sessions_of(&state.store, user).await {
        Ok(open) => here.difference(&open).for_each(|ended| state.presence.close_session(*ended)),
        // They are looked for again with the next change; nobody is closed out for a fault of ours.
        Err(refusal) => tracing::warn!(%refusal, "cannot look which sessions have ended"),
    }
}

/// Closes the connections of sessions that have reached their age. Called by the sweeper.
pub async fn close_expired(state: &State, now_ms: u64) {
    match state.accounts.expire_sessions(&state.store, now_ms).await {
        Ok(expired) => expired.into_iter().for_each(|session| state.presence.close_session(session)),
        Err(refusal) => tracing::warn!(%refusal, "cannot look which sessions have expired"),
    }
}

/// Tells who came and who went to those who asked who is in a room that these are in. Called by the sweeper, so that
/// somebody who comes back at once was never away. A connection that has much to read is told later how it is then.
pub fn tell_moves(state: &State) {
    let moves = state.presence.moves();
    // Encoded once for all who are told.
    let mut frames: HashMap<UserId, Option<Bytes>> = HashMap::new();
    for (id, outlet, reader, mut late) in state.presence.askers() {
        late.extend(moves.iter().map(|(user, _)| *user));
        if late.is_empty() {
            continue;
        }
        if outlet.is_crowded() {
            state.presence.put_off(id, late);
            continue;
        }
        let rooms = asked_rooms(&state.rooms, &outlet, reader);
        for user in late.into_iter().filter(|user| rooms.iter().any(|room| room.has(*user))) {
            let frame = frames.entry(user).or_insert_with(|| frame_of(state, user));
            frame.iter().for_each(|frame| outlet.tell(frame.clone()));
        }
    }
}

fn frame_of(state: &State, user: UserId) -> Option<Bytes> {
    let account = state.accounts.by_id(user)?;
    let told = Told { user: account.name.clone(), here: state.presence.is_here(user) };
    Some(encode(Number::None, &told))
}

/// The rooms that were asked about, as far as the reader may still know of them.
fn asked_rooms(rooms: &Registry, outlet: &Outlet, reader: UserId) -> Vec<Arc<Room>> {
    let asked = outlet.asked().into_iter().filter_map(|id| rooms.by_id(id));
    asked.filter(|room| room.is_seen_by(reader)).collect()
}

impl Drop for Here {
    fn drop(&mut self) {
        let mut inner = self.presence.lock();
        let Some(Connection { user, .. }) = inner.connections.remove(&self.id) else { return };
        inner.moved.insert(user);
        if let Entry::Occupied(mut count) = inner.here.entry(user) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}
