//! The connected hosts by name, and all hosts that have a token or have ever connected.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rusqlite::Connection;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{Goaway, HostForget, HostInfo, HostStatus};

use super::last_status::LastStatus;
use super::run::{Phase, Run};
use crate::error::Error;
use crate::limits::HOSTS_MAX;
use crate::sender::ConnectionSender;

/// The name of the host of this machine, which counts as known before it first connects.
pub(super) const LOCAL: &str = "local";

/// All hosts.
pub(super) struct Hosts {
    /// Held while frames are queued on a connection sender, so that none overtakes a welcome; never across an await.
    state: Mutex<State>,
}

struct State {
    links: HashMap<String, Link>,
    known: BTreeMap<String, Known>,
}

/// What is on record about a host.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The hash of its token, if it has one.
    pub token: Option<[u8; 32]>,
    /// What people may choose it by.
    pub labels: BTreeMap<String, String>,
    /// Its program and version, if it has said so.
    pub version: Option<String>,
    /// When it last came or went, in Unix milliseconds.
    pub seen: Option<u64>,
}

/// A host that has proven who it is.
#[derive(Clone, Debug)]
pub struct HostIdentity {
    /// Its name.
    pub(super) name: String,
    /// The hash of its token; none if it has the shared key.
    pub(super) token: Option<[u8; 32]>,
}

/// The connection of a host.
#[derive(Clone)]
pub(super) struct Link {
    /// The outgoing side of the connection.
    pub sender: Arc<ConnectionSender>,
    /// The id of the host's process, if it has said so.
    pub instance: Option<String>,
    /// How it keeps commands from the server's files, if it has said so.
    pub isolation: Option<String>,
    /// The sandboxes that work there.
    pub sandbox: Vec<String>,
    /// The id of its spool, if it has said so.
    pub spool: Option<String>,
    /// How it is.
    pub status: LastStatus,
}

/// What became of a host that wants to enter.
pub(super) enum Entered {
    /// It is welcome.
    Welcomed,
    /// Another process is connected under its name.
    Taken(Link),
    /// Its name or its token is not valid any more.
    Removed,
}

impl Hosts {
    /// Returns the hosts on record, none of them connected.
    ///
    /// # Errors
    /// If the database fails.
    pub(super) fn read(conn: &Connection) -> Result<Self, Error> {
        let mut statement = conn.prepare("SELECT name, token, labels, version, seen FROM hosts")?;
        let mut rows = statement.query([])?;
        let mut known = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let labels: String = row.get(2)?;
            let one = Known {
                token: row.get(1)?,
                labels: serde_json::from_str(&labels).map_err(Error::internal)?,
                version: row.get(3)?,
                seen: row.get::<_, Option<i64>>(4)?.and_then(|seen| u64::try_from(seen).ok()),
            };
            known.insert(row.get(0)?, one);
        }
        Ok(Self { state: Mutex::new(State { links: HashMap::new(), known }) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the name of the host with this token.
    pub(super) fn with_token(&self, token: &[u8; 32]) -> Option<String> {
        let state = self.state();
        state.known.iter().find(|(_, known)| known.token.as_ref() == Some(token)).map(|(name, _)| name.clone())
    }

    /// Returns what is on record about a host.
    pub(super) fn known(&self, host: &str) -> Option<Known> {
        self.state().known.get(host).cloned()
    }

    /// Returns true if another host may be added.
    pub(super) fn has_room(&self) -> bool {
        self.state().known.len() < HOSTS_MAX
    }

    /// Records what is known about a host. A host whose token changes is disconnected.
    pub(super) fn remember(&self, host: &str, known: Known) {
        let mut state = self.state();
        let token = known.token;
        let old = state.known.insert(host.to_owned(), known);
        if old.is_some_and(|old| old.token != token) {
            state.disconnect(host, "this host has a new token: start it with that");
        }
    }

    /// Records that a host has come. One that is not known is added only if `is_new`: it may just have been removed.
    pub(super) fn came(&self, host: &str, version: Option<String>, now_ms: u64, is_new: bool) {
        let mut state = self.state();
        if is_new {
            state.known.entry(host.to_owned()).or_default();
        }
        if let Some(known) = state.known.get_mut(host) {
            (known.version, known.seen) = (version, Some(now_ms));
        }
    }

    /// Forgets a host, and disconnects it. It is told first to stop these runs, all of which are on record. Those of which
    /// it has not been told are not dispatched any more.
    pub(super) fn forget(&self, host: &str, runs: &[Arc<Run>]) {
        let mut state = self.state();
        state.known.remove(host);
        for run in runs {
            let mut life = run.life();
            if life.phase == Phase::Committing {
                life.phase = Phase::Committed;
            }
            if let Some(link) = state.links.get(host) {
                link.sender.tell(encode(Number::None, &HostForget { run: run.record.id }));
            }
        }
        state.disconnect(host, "this host was removed");
    }

    /// Returns all hosts by name, without the numbers of their runs. The host of this machine is always among them.
    pub(super) fn all(&self) -> Vec<HostInfo> {
        let state = self.state();
        let one = |name: &str, known: Known| {
            let link = state.links.get(name);
            let connected = link.is_some();
            let isolation = link.and_then(|link| link.isolation.clone());
            let status = link.and_then(|link| link.status.current());
            let Known { labels, version, seen, .. } = known;
            let seen = seen.filter(|_| !connected);
            HostInfo { host: name.to_owned(), connected, runs: 0, version, labels, seen, isolation, status }
        };
        let mut infos: Vec<_> = state.known.iter().map(|(name, known)| one(name, known.clone())).collect();
        if !state.known.contains_key(LOCAL) {
            infos.push(one(LOCAL, Known::default()));
            infos.sort_by(|a, b| a.host.cmp(&b.host));
        }
        infos
    }

    /// Notes how a host is.
    pub(super) fn note(&self, host: &str, status: HostStatus) {
        if let Some(link) = self.state().links.get(host) {
            link.status.note(status);
        }
    }

    /// Returns all connections.
    pub(super) fn links(&self) -> Vec<Link> {
        self.state().links.values().cloned().collect()
    }

    /// Returns the connection of a host.
    ///
    /// # Errors
    /// `busy` if the host is away, `not_found` if it has never connected; each with a message for people.
    pub(super) fn link(&self, host: &str) -> Result<Link, Error> {
        let state = self.state();
        if let Some(link) = state.links.get(host) {
            return Ok(link.clone());
        }
        if host == LOCAL || state.known.contains_key(host) {
            return Err(Error::busy(format!("the host {host} is away: try again when it is back"), 2_000));
        }
        Err(no_host(host))
    }

    /// Welcomes a host, unless another process is connected under its name. An older connection of the same process is
    /// closed, and so is `dead`, which has not answered. `welcome` makes the first frames, which nothing can overtake.
    pub(super) fn enter(
        &self,
        who: &HostIdentity,
        link: Link,
        dead: Option<&Link>,
        welcome: impl FnOnce() -> Vec<Bytes>,
    ) -> Entered {
        let mut state = self.state();
        if state.known.get(&who.name).is_none_or(|known| known.token != who.token) {
            return Entered::Removed;
        }
        if let Some(other) = state.links.get(&who.name) {
            let is_dead = dead.is_some_and(|dead| Arc::ptr_eq(&dead.sender, &other.sender));
            if !is_dead && other.instance != link.instance {
                return Entered::Taken(other.clone());
            }
        }
        for frame in welcome() {
            link.sender.tell(frame);
        }
        state.disconnect(&who.name, "another connection of this host has come");
        state.links.insert(who.name.clone(), link);
        Entered::Welcomed
    }

    /// Removes a closed connection, unless a newer one has its name. Returns true if it was removed.
    pub(super) fn leave(&self, host: &str, sender: &Arc<ConnectionSender>, now_ms: u64) -> bool {
        let mut state = self.state();
        let is_current = state.links.get(host).is_some_and(|link| Arc::ptr_eq(&link.sender, sender));
        if is_current {
            state.links.remove(host);
            if let Some(known) = state.known.get_mut(host) {
                known.seen = Some(now_ms);
            }
        }
        is_current
    }

    /// Returns true if this is the current connection of that host.
    pub(super) fn is_current(&self, host: &str, sender: &Arc<ConnectionSender>) -> bool {
        self.state().links.get(host).is_some_and(|link| Arc::ptr_eq(&link.sender, sender))
    }

    /// Calls `act` with the connection of a run's host, if it is connected with the spool that the run is in. What `act`
    /// queues on it is not overtaken by a welcome.
    pub(super) fn with<T>(&self, run: &Run, act: impl FnOnce(Option<&Link>) -> T) -> T {
        act(self.state().link_of(run))
    }

    /// Sends a frame to a run's host if it is connected. Otherwise the host learns the same from its next welcome.
    pub(super) fn tell(&self, run: &Run, frame: Bytes) {
        if let Some(link) = self.state().link_of(run) {
            link.sender.tell(frame);
        }
    }

    /// Called when the intent of a run is on disk. Tells the host to start it, now or when the host connects, unless the
    /// host has been removed meanwhile.
    pub(super) fn dispatch(&self, run: &Run) {
        let state = self.state();
        let mut life = run.life();
        if life.phase != Phase::Committing {
            return;
        }
        life.phase = Phase::Committed;
        if let (Some(link), Some(order)) = (state.link_of(run), life.order(&run.record)) {
            link.sender.tell(encode(Number::None, &order));
        }
    }
}

/// Checks in the transaction that records a run that its host has not been removed meanwhile.
///
/// # Errors
/// `not_found`
pub(super) fn check_known(conn: &Connection, host: &str) -> Result<(), Error> {
    let sql = "SELECT EXISTS(SELECT 1 FROM hosts WHERE name = ?1)";
    let is_known: bool = host == LOCAL || conn.prepare_cached(sql)?.query_row([host], |row| row.get(0))?;
    if is_known { Ok(()) } else { Err(no_host(host)) }
}

fn no_host(host: &str) -> Error {
    Error::not_found(format!("there is no host {host}: wardroom hosts lists those that you may use"))
}

impl State {
    fn link_of(&self, run: &Run) -> Option<&Link> {
        self.links.get(&run.record.host).filter(|link| run.is_in(link.spool.as_deref()))
    }

    fn disconnect(&mut self, host: &str, reason: &str) {
        if let Some(old) = self.links.remove(host) {
            old.sender.close(Some(encode(Number::None, &Goaway { reason: reason.to_owned(), retry_ms: None })));
        }
    }
}
