//! The connected hosts by name, and all hosts that have ever connected.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::Goaway;

use super::run::{Phase, Run};
use crate::error::Error;
use crate::limits::HOSTS_MAX;
use crate::sender::ConnectionSender;

/// All hosts.
pub(super) struct Hosts {
    /// Held while frames are queued on a connection sender, so that none overtakes a welcome; never across an await.
    state: Mutex<State>,
}

struct State {
    links: HashMap<String, Link>,
    known: BTreeSet<String>,
}

/// The connection of a host.
#[derive(Clone)]
pub(super) struct Link {
    /// The outgoing side of the connection.
    pub sender: Arc<ConnectionSender>,
}

impl Link {
    /// Creates a link over a connection.
    pub(super) fn new(sender: &Arc<ConnectionSender>) -> Self {
        Self { sender: Arc::clone(sender) }
    }
}

impl Hosts {
    /// Starts with these known hosts, none of them connected.
    pub(super) fn new(known: BTreeSet<String>) -> Self {
        Self { state: Mutex::new(State { links: HashMap::new(), known }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if the host has connected before.
    pub(super) fn is_known(&self, host: &str) -> bool {
        self.state().known.contains(host)
    }

    /// Remembers a host. Returns false if the maximum number of hosts is known.
    pub(super) fn remember(&self, host: &str) -> bool {
        let mut state = self.state();
        if state.known.len() >= HOSTS_MAX && !state.known.contains(host) {
            return false;
        }
        state.known.insert(host.to_owned());
        true
    }

    /// Returns the names of all hosts that have ever connected, and whether they are connected now. The host of this
    /// machine is always among them.
    pub(super) fn all(&self) -> Vec<(String, bool)> {
        let state = self.state();
        let mut names: BTreeSet<&str> = state.known.iter().map(String::as_str).collect();
        names.insert("local");
        names.into_iter().map(|name| (name.to_owned(), state.links.contains_key(name))).collect()
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
        // The host of this machine counts as known before it first connects.
        if host == "local" || state.known.contains(host) {
            return Err(Error::busy(format!("the host {host} is away: try again when it is back"), 2_000));
        }
        let known: Vec<&str> = state.known.iter().map(String::as_str).collect();
        let known = if known.is_empty() { "local".to_owned() } else { known.join(", ") };
        Err(Error::not_found(format!("there is no host {host}: the hosts are {known}")))
    }

    /// Welcomes a host. `welcome` makes its first frames, which nothing can overtake. An older connection with this
    /// name is closed.
    pub(super) fn enter(&self, host: &str, link: Link, welcome: impl FnOnce() -> Vec<Bytes>) {
        let mut state = self.state();
        for frame in welcome() {
            link.sender.tell(frame);
        }
        if let Some(old) = state.links.insert(host.to_owned(), link) {
            let reason = format!("another connection of the host {host} has come");
            old.sender.close(Some(encode(Number::None, &Goaway { reason, retry_ms: None })));
        }
    }

    /// Removes a closed connection; a newer one with the same name is kept.
    pub(super) fn leave(&self, host: &str, sender: &Arc<ConnectionSender>) {
        let mut state = self.state();
        if state.links.get(host).is_some_and(|link| Arc::ptr_eq(&link.sender, sender)) {
            state.links.remove(host);
        }
    }

    /// Returns true if this is the current connection of that host.
    pub(super) fn is_current(&self, host: &str, sender: &Arc<ConnectionSender>) -> bool {
        self.state().links.get(host).is_some_and(|link| Arc::ptr_eq(&link.sender, sender))
    }

    /// Calls `act` with the connection of a host, if it has one. What `act` queues on it is not overtaken by a welcome.
    pub(super) fn with<T>(&self, host: &str, act: impl FnOnce(Option<&Link>) -> T) -> T {
        act(self.state().links.get(host))
    }

    /// Sends a frame to a host if it is connected. Otherwise the host learns the same from its next welcome.
    pub(super) fn tell(&self, host: &str, frame: Bytes) {
        if let Some(link) = self.state().links.get(host) {
            link.sender.tell(frame);
        }
    }

    /// Called when the intent of a run is on disk. Tells the host to start it, now or when the host connects.
    pub(super) fn dispatch(&self, run: &Run) {
        let state = self.state();
        run.life().phase = Phase::Committed;
        if let Some(link) = state.links.get(&run.record.host) {
            link.sender.tell(encode(Number::None, &run.record.order));
        }
    }
}
