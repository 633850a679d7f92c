//! Limits the number of connections: in total, per address, and without a request under way. The socket holds the
//! permit that it was given.
//!
//! A connection without a request under way is idle, also while the headers of its first request arrive slowly. The
//! number of idle connections is bounded: a newcomer replaces the connection that has been idle longest, so idle
//! connections keep nobody out.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;
use wardroom_protocol::address::subscriber;

use crate::caller::Peer;
use crate::config::Settings;
use crate::limits::{CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX, IDLE_MAX, IDLE_PER_ADDRESS_MAX};

/// Counts open connections. The lock is held for a few look-ups.
#[derive(Default)]
pub(crate) struct Admission {
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: u32,
    by_address: HashMap<IpAddr, u32>,
    next: u64,
    /// In the order in which they became idle.
    idle: BTreeMap<u64, Idle>,
}

struct Idle {
    address: Option<IpAddr>,
    evicted: CancellationToken,
}

/// One connection's place, freed on drop.
pub(crate) struct Permit {
    admission: Arc<Admission>,
    address: Option<IpAddr>,
    evicted: CancellationToken,
    /// The place among the idle connections, if this is one.
    idle: Mutex<Option<u64>>,
}

/// Held while a request is under way, until the last byte of its answer.
pub(crate) struct Answering(Arc<Permit>);

impl Admission {
    /// Returns a place for a connection of this peer, or `None` if there are too many.
    pub fn admit(self: &Arc<Self>, peer: Peer, settings: &Settings) -> Option<Arc<Permit>> {
        let address = counted(peer, settings);
        let mut counts = self.lock();
        counts.make_room(address)?;
        counts.all += 1;
        if let Some(address) = address {
            *counts.by_address.entry(address).or_default() += 1;
        }
        drop(counts);
        let evicted = CancellationToken::new();
        let permit = Permit { admission: Arc::clone(self), address, evicted, idle: Mutex::default() };
        permit.set_idle();
        Some(Arc::new(permit))
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// Makes room for one more connection, if necessary by closing an idle one.
    fn make_room(&mut self, address: Option<IpAddr>) -> Option<()> {
        if let Some(address) = address {
            let is_here = |idle: &Idle| idle.address == Some(address);
            let idle = self.idle.values().filter(|idle| is_here(idle)).count();
            let all = self.by_address.get(&address).copied().unwrap_or(0);
            if (idle >= IDLE_PER_ADDRESS_MAX || all >= CONNECTIONS_PER_ADDRESS_MAX) && !self.evict(is_here) {
                return None;
            }
        }
        let is_full = self.idle.len() >= IDLE_MAX || self.all >= CONNECTIONS_MAX;
        (!is_full || self.evict(|_| true)).then_some(())
    }

    /// Closes the matching connection that has been idle longest.
    fn evict(&mut self, is_meant: impl Fn(&Idle) -> bool) -> bool {
        let Some(id) = self.idle.iter().find(|(_, idle)| is_meant(idle)).map(|(id, _)| *id) else { return false };
        if let Some(idle) = self.idle.remove(&id) {
            idle.evicted.cancel();
        }
        true
    }
}

impl Permit {
    /// Notes that a request has arrived.
    pub fn answering(self: &Arc<Self>) -> Answering {
        self.set_busy();
        Answering(Arc::clone(self))
    }

    /// Takes the connection out of the idle ones for good, such as a WebSocket, which the core counts.
    pub fn set_busy(&self) {
        if let Some(id) = self.place().take() {
            self.admission.lock().idle.remove(&id);
        }
    }

    /// Returns when the connection must make room for a newcomer.
    pub async fn evicted(&self) {
        self.evicted.cancelled().await;
    }

    fn set_idle(&self) {
        let mut counts = self.admission.lock();
        let id = counts.next;
        counts.next += 1;
        counts.idle.insert(id, Idle { address: self.address, evicted: self.evicted.clone() });
        drop(counts);
        *self.place() = Some(id);
    }

    fn place(&self) -> MutexGuard<'_, Option<u64>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answering {
    /// Keeps the connection busy from now on, because it serves something else.
    pub fn forever(self) {
        let permit = Arc::clone(&self.0);
        drop(self);
        permit.set_busy();
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.set_idle();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.set_busy();
        let mut counts = self.admission.lock();
        counts.all = counts.all.saturating_sub(1);
        let Some(address) = self.address else { return };
        if let Some(of_address) = counts.by_address.get_mut(&address) {
            *of_address = of_address.saturating_sub(1);
            if *of_address == 0 {
                counts.by_address.remove(&address);
            }
        }
    }
}

/// Returns the address to count. Addresses that many people share are not counted: trusted proxies, and this machine,
/// where a proxy that was not configured here most likely runs. An IPv6 address counts as its /64.
fn counted(peer: Peer, settings: &Settings) -> Option<IpAddr> {
    let Peer::Tcp(address) = peer else { return None };
    let ip = address.ip().to_canonical();
    if ip.is_loopback() || settings.trusted_proxies.iter().any(|net| net.contains(&ip)) {
        return None;
    }
    Some(subscriber(ip))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::limits::Limits;

    fn settings() -> Settings {
        let config = Config {
            http: vec!["127.0.0.1:0".parse().unwrap()],
            core: "127.0.0.1:1".parse().unwrap(),
            key: String::new(),
            base_path: String::new(),
            public_url: None,
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            trust_unix: false,
            origins: Vec::new(),
        };
        Settings::check(&config, Limits::default()).unwrap()
    }

    #[test]
    fn one_address_does_not_take_all() {
        let (admission, settings) = (Arc::new(Admission::default()), settings());
        let admit = |peer: &str| admission.admit(Peer::Tcp(peer.parse().unwrap()), &settings);
        let busy = |peer: &str| admit(peer).map(|permit| permit.answering());
        let one: Vec<_> = (0..CONNECTIONS_PER_ADDRESS_MAX).map(|_| busy("[2001:db8::1]:5").unwrap()).collect();
        assert!(admit("[2001:db8::2]:6").is_none(), "the same /64");
        assert!(admit("[2001:db8:0:1::2]:6").is_some(), "another /64");
        assert!(admit("203.0.113.9:6").is_some());
        let proxy: Vec<_> = (0..=CONNECTIONS_PER_ADDRESS_MAX).map(|_| busy("10.0.0.1:6").unwrap()).collect();
        drop((one, proxy));
        assert!(admit("[2001:db8::2]:6").is_some(), "free again");
        let counts = admission.lock();
        assert!(counts.all == 0 && counts.by_address.is_empty() && counts.idle.is_empty());
    }

    #[test]
    fn the_one_that_is_idle_longest_goes_for_a_newcomer() {
        let (admission, settings) = (Arc::new(Admission::default()), settings());
        let admit = |peer: &str| admission.admit(Peer::Tcp(peer.parse().unwrap()), &settings).unwrap();
        let is_evicted = |permit: &Permit| permit.evicted.is_cancelled();
        let other = admit("203.0.113.8:1");
        let all: Vec<_> = (0..IDLE_PER_ADDRESS_MAX).map(|_| admit("203.0.113.9:1")).collect();
        let answering = all[0].answering();
        drop(all[1].answering());
        let newest = [admit("203.0.113.9:1"), admit("203.0.113.9:1")];
        assert!(!is_evicted(&all[0]), "a request is under way");
        assert!(!is_evicted(&all[1]), "it was in use a moment ago");
        assert!(is_evicted(&all[2]) && !is_evicted(&all[3]) && !is_evicted(&other));
        drop((answering, newest));
        // Addresses are not counted over loopback; the total is bounded.
        let local: Vec<_> = (0..=IDLE_MAX).map(|_| admit("127.0.0.1:1")).collect();
        assert!(is_evicted(&local[0]) && !is_evicted(local.last().unwrap()));
        let socket = all[5].answering();
        socket.forever();
        assert!(!admission.lock().idle.values().any(|idle| idle.evicted.is_cancelled()));
    }
}
