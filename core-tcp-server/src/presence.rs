//! Who is connected: to close the connections of a session that ended, to tell a user's other connections what they
//! read, to say who is here, and to find connections that fell silent.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::limits::{DEAD_AFTER_MS, PING_AFTER_MS};
use wardroom_protocol::messages::{Goaway, Ping};

use crate::accounts::SessionId;
use crate::outlet::{Outlet, Reader};
use crate::store::UserId;

/// All connections that are signed in.
#[derive(Default)]
pub struct Presence {
    /// Held for look-ups and sweeps; never across an await.
    connections: Mutex<HashMap<u64, Connection>>,
    next: AtomicU64,
}

struct Connection {
    outlet: Arc<Outlet>,
    user: UserId,
    session: Option<SessionId>,
    /// People are not pinged: nc would show it, and cannot answer.
    is_person: bool,
    pinged_ms: u64,
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
        let connection = Connection { outlet: Arc::clone(outlet), user, session, is_person, pinged_ms: 0 };
        self.lock().insert(id, connection);
        Here { presence: Arc::clone(self), id }
    }

    /// Closes the connections of a session.
    pub fn close_session(&self, session: SessionId) {
        self.close(|connection| connection.session == Some(session), "this session was ended: sign in again");
    }

    /// Closes all connections of a user.
    pub fn close_user(&self, user: UserId) {
        self.close(|connection| connection.user == user, "your sessions were ended: sign in again");
    }

    /// Closes all connections; they may come back.
    pub fn close_all(&self, reason: &str, retry_ms: u64) {
        let goaway = encode(Number::None, &Goaway { reason: reason.to_owned(), retry_ms: Some(retry_ms) });
        for connection in self.lock().values() {
            let last = if connection.is_person { format!("# {reason}\n").into() } else { goaway.clone() };
            connection.outlet.close(Some(last));
        }
    }

    fn close(&self, is_meant: impl Fn(&Connection) -> bool, reason: &str) {
        let goaway = encode(Number::None, &Goaway { reason: reason.to_owned(), retry_ms: None });
        for connection in self.lock().values().filter(|c| is_meant(c)) {
            let last = if connection.is_person { format!("# {reason}\n").into() } else { goaway.clone() };
            connection.outlet.close(Some(last));
        }
    }

    /// True if the user has a connection.
    pub fn is_here(&self, user: UserId) -> bool {
        self.lock().values().any(|connection| connection.user == user)
    }

    /// Makes the writers of all connections of a user look at their cursors.
    pub fn wake_user(&self, user: UserId) {
        self.each_of(user, Outlet::wake);
    }

    /// Does something with each connection of a user.
    pub fn each_of(&self, user: UserId, act: impl Fn(&Outlet)) {
        for connection in self.lock().values().filter(|connection| connection.user == user) {
            act(&connection.outlet);
        }
    }

    /// Pings connections that fell silent, and closes those that stayed so.
    pub fn sweep(&self, now_ms: u64) {
        for connection in self.lock().values_mut().filter(|connection| !connection.is_person) {
            let heard_ms = connection.outlet.heard_ms.load(Ordering::Relaxed);
            let silent_ms = now_ms.saturating_sub(heard_ms);
            if silent_ms >= DEAD_AFTER_MS {
                let reason = "nothing was heard from you for 60 s".to_owned();
                connection.outlet.close(Some(encode(Number::None, &Goaway { reason, retry_ms: Some(0) })));
            } else if silent_ms >= PING_AFTER_MS && now_ms.saturating_sub(connection.pinged_ms) >= PING_AFTER_MS {
                connection.pinged_ms = now_ms;
                connection.outlet.tell(encode(Number::None, &Ping { n: now_ms, now: Some(now_ms) }));
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Connection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.presence.lock().remove(&self.id);
    }
}
