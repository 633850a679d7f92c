//! Permits for connections that are not signed in: how many there may be in total and per address, and which of them is
//! closed if there are too many.
//!
//! A newcomer is let in, and the oldest idle connection is closed for it, never the other way round. Idle connections,
//! however many, can therefore keep nobody out. A sign-in gives the permit back, so members, hosts and administrators
//! are not counted here. Connections over the unix socket are counted separately from those of the network.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use wardroom_protocol::address::subscriber;

use crate::limits::{PERMIT_GRACE_MS, PERMITS_MAX, PERMITS_PER_ADDRESS_MAX};

/// The origin that a connection is counted for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Origin {
    /// The unix socket, which only this machine's users reach.
    Local,
    /// An IPv4 address, or the /64 of an IPv6 one.
    Network(IpAddr),
    /// The network, from an unknown address.
    Unnamed,
}

impl Origin {
    /// Parses the address of a peer, or of a client that a gateway names: `203.0.113.9:40112`, `[2001:db8::1]:80`,
    /// `unix`.
    pub fn of(address: &str) -> Origin {
        let ip = address.parse::<SocketAddr>().map(|address| address.ip());
        ip.or_else(|_| address.parse()).map_or(Origin::Unnamed, |ip| Origin::Network(subscriber(ip)))
    }

    /// Returns how many of `max` permits the origin may have.
    fn share(self, max: usize) -> usize {
        match self {
            Origin::Local => max,
            Origin::Network(_) => PERMITS_PER_ADDRESS_MAX.min(max / 4),
            // All clients of a proxy that names none. They get half, which leaves the other half to the rest of the
            // network.
            Origin::Unnamed => max / 2,
        }
    }
}

/// All permits in use.
pub struct Permits {
    /// Held for a few look-ups; never across an await.
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// The number of permits for the network.
    max: usize,
    next: u64,
    /// Ordered by age, since ids only grow.
    holders: BTreeMap<u64, Holder>,
    /// The idle `holders`, by origin.
    idle: HashMap<Origin, BTreeMap<u64, Instant>>,
    /// The number of `holders` per origin.
    counts: HashMap<Origin, usize>,
    /// The number of `holders` that connected over the network.
    network: usize,
}

struct Holder {
    origin: Origin,
    since: Instant,
    evicted: CancellationToken,
}

/// The permit of one connection. Dropping it gives it back.
pub struct Permit {
    permits: Arc<Permits>,
    id: u64,
    evicted: CancellationToken,
}

/// While this is held, the server works for the connection: it is not idle, and not closed for a newcomer.
pub struct Working<'a>(&'a Permit);

impl Permits {
    /// Creates the permits of a core with this many connections. Strangers get half of them at most.
    pub fn new(connections_max: usize) -> Permits {
        let max = PERMITS_MAX.min(connections_max / 2).max(4);
        Permits { inner: Mutex::new(Inner { max, ..Inner::default() }) }
    }

    /// Lets a connection in. Waits only in a rush: while all permits are in use, none is older than
    /// [`PERMIT_GRACE_MS`], and none is given back.
    pub async fn enter(self: &Arc<Self>, origin: Origin) -> Permit {
        loop {
            match self.try_enter(origin, Instant::now()) {
                Ok(permit) => return permit,
                Err(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    /// Lets a connection in, or returns how long to wait before the next attempt.
    fn try_enter(self: &Arc<Self>, origin: Origin, now: Instant) -> Result<Permit, Duration> {
        let mut inner = self.lock();
        inner.make_room_at(origin, now);
        inner.make_room(origin, now)?;
        let id = inner.next;
        inner.next += 1;
        let evicted = CancellationToken::new();
        inner.put(id, Holder { origin, since: now, evicted: evicted.clone() });
        Ok(Permit { permits: Arc::clone(self), id, evicted })
    }

    /// Returns true while more than half of the network's permits are in use.
    fn is_crowded(&self) -> bool {
        let inner = self.lock();
        inner.network > inner.max / 2
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Closes the oldest idle connections of an origin that is at its limit.
    fn make_room_at(&mut self, origin: Origin, now: Instant) {
        while self.counts.get(&origin).copied().unwrap_or(0) >= origin.share(self.max) {
            let oldest = self.idle.get(&origin).and_then(|idle| idle.first_key_value());
            // New connections most likely have a hello in flight: a rush is not an attack yet.
            match oldest.map(|(id, since)| (*id, *since)) {
                Some((id, since)) if now >= since + grace() => self.evict(id),
                _ => return,
            }
        }
    }

    /// Closes the oldest idle connection of the network if all permits are in use.
    fn make_room(&mut self, origin: Origin, now: Instant) -> Result<(), Duration> {
        if origin == Origin::Local || self.network < self.max {
            return Ok(());
        }
        let firsts = self.idle.iter().filter(|(origin, _)| **origin != Origin::Local);
        let oldest = firsts.filter_map(|(_, idle)| idle.first_key_value()).min_by_key(|(id, _)| **id);
        match oldest.map(|(id, since)| (*id, *since)) {
            Some((id, since)) if now >= since + grace() => {
                self.evict(id);
                Ok(())
            }
            Some((_, since)) => Err((since + grace()).saturating_duration_since(now)),
            None => Err(grace()),
        }
    }

    fn evict(&mut self, id: u64) {
        if let Some(holder) = self.take(id) {
            holder.evicted.cancel();
        }
    }

    fn put(&mut self, id: u64, holder: Holder) {
        *self.counts.entry(holder.origin).or_default() += 1;
        self.network += usize::from(holder.origin != Origin::Local);
        self.idle.entry(holder.origin).or_default().insert(id, holder.since);
        self.holders.insert(id, holder);
    }

    fn take(&mut self, id: u64) -> Option<Holder> {
        self.set_working(id);
        let holder = self.holders.remove(&id)?;
        self.network -= usize::from(holder.origin != Origin::Local);
        if let Some(count) = self.counts.get_mut(&holder.origin) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&holder.origin);
            }
        }
        Some(holder)
    }

    fn set_working(&mut self, id: u64) {
        let Some(holder) = self.holders.get(&id) else { return };
        let Some(idle) = self.idle.get_mut(&holder.origin) else { return };
        idle.remove(&id);
        if idle.is_empty() {
            self.idle.remove(&holder.origin);
        }
    }

    fn set_idle(&mut self, id: u64) {
        if let Some(holder) = self.holders.get(&id) {
            self.idle.entry(holder.origin).or_default().insert(id, holder.since);
        }
    }
}

fn grace() -> Duration {
    Duration::from_millis(PERMIT_GRACE_MS)
}

impl Permit {
    /// Counts the connection for another origin: the client that a gateway named.
    pub fn set_origin(&self, origin: Origin) {
        self.move_to(origin, Instant::now());
    }

    fn move_to(&self, origin: Origin, now: Instant) {
        let mut inner = self.permits.lock();
        // If it was closed for a newcomer meanwhile, there is nothing to move.
        let Some(holder) = inner.take(self.id) else { return };
        inner.make_room_at(origin, now);
        // The connection is open already, so there is nothing to wait for.
        let _ = inner.make_room(origin, now);
        inner.put(self.id, Holder { origin, ..holder });
    }

    /// Stops counting a connection that has a valid session: it is never closed for a newcomer.
    pub fn set_known(&self) {
        self.permits.lock().take(self.id);
    }

    /// Marks the connection as busy until the guard is dropped.
    pub fn working(&self) -> Working<'_> {
        self.permits.lock().set_working(self.id);
        Working(self)
    }

    /// Returns when the connection has to close for a newcomer.
    pub async fn evicted(&self) {
        self.evicted.cancelled().await;
    }

    /// Returns true while many connections are not signed in.
    pub fn is_crowded(&self) -> bool {
        self.permits.is_crowded()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.permits.lock().take(self.id);
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.permits.lock().set_idle(self.0.id);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn at(n: u32) -> Origin {
        Origin::Network(IpAddr::from(n.to_be_bytes()))
    }

    fn is_evicted(permit: &Permit) -> bool {
        permit.evicted.is_cancelled()
    }

    fn enter(permits: &Arc<Permits>, origin: Origin, now: Instant) -> Permit {
        permits.try_enter(origin, now).ok().unwrap()
    }

    fn enter_many(permits: &Arc<Permits>, count: usize, now: Instant, origin: impl Fn(usize) -> Origin) -> Vec<Permit> {
        (0..count).map(|n| enter(permits, origin(n), now)).collect()
    }

    #[test]
    fn the_oldest_idle_one_of_an_address_goes_for_the_newest() {
        let (permits, start) = (Arc::new(Permits::new(4 * PERMITS_MAX)), Instant::now());
        let other = enter(&permits, at(2), start);
        let all = enter_many(&permits, PERMITS_PER_ADDRESS_MAX, start, |_| at(1));
        let working = all[0].working();
        let newest = enter(&permits, at(1), start + grace());
        assert!(!is_evicted(&all[0]), "the server works for it");
        assert!(is_evicted(&all[1]));
        assert!(!is_evicted(&all[2]) && !is_evicted(&newest) && !is_evicted(&other));
        drop(working);
        let another = enter(&permits, at(1), start + grace());
        assert!(is_evicted(&all[0]), "idle again, and the oldest");
        drop((all, newest, another, other));
        let inner = permits.lock();
        assert!(inner.holders.is_empty() && inner.idle.is_empty() && inner.counts.is_empty());
        assert_eq!(inner.network, 0);
    }

    #[test]
    fn a_rush_from_one_address_is_let_in_and_then_cut_back() {
        let (permits, start) = (Arc::new(Permits::new(4 * PERMITS_MAX)), Instant::now());
        let all = enter_many(&permits, 3 * PERMITS_PER_ADDRESS_MAX, start, |_| at(1));
        assert!(!all.iter().any(is_evicted), "their first frames are under way");
        let newest = enter(&permits, at(1), start + grace());
        assert_eq!(all.iter().filter(|permit| !is_evicted(permit)).count(), PERMITS_PER_ADDRESS_MAX - 1);
        assert!(!is_evicted(&newest));
    }

    #[test]
    fn a_full_pool_lets_newcomers_in_and_local_ones_at_once() {
        let (permits, start) = (Arc::new(Permits::new(4 * PERMITS_MAX)), Instant::now());
        let all = enter_many(&permits, PERMITS_MAX, start, |n| at(u32::try_from(n).unwrap()));
        let local = enter(&permits, Origin::Local, start);
        let wait = permits.try_enter(at(u32::MAX), start).err();
        assert_eq!(wait, Some(grace()), "a rush is waited for, but not for long");
        let newest = enter(&permits, at(u32::MAX), start + grace());
        assert!(is_evicted(&all[0]) && !is_evicted(&newest) && !is_evicted(&local));
        assert!(!is_evicted(&all[1]));
    }

    #[test]
    fn what_a_gateway_brings_is_counted_as_its_clients() {
        let (permits, start) = (Arc::new(Permits::new(4 * PERMITS_MAX)), Instant::now());
        let gateway = enter_many(&permits, 2 * PERMITS_PER_ADDRESS_MAX, start, |_| Origin::Local);
        let (few, many) = gateway.split_first().unwrap();
        few.move_to(at(1), start);
        many.iter().for_each(|permit| permit.move_to(at(2), start + grace()));
        assert!(!is_evicted(few));
        assert_eq!(many.iter().filter(|permit| !is_evicted(permit)).count(), PERMITS_PER_ADDRESS_MAX);
        assert!(!permits.lock().counts.contains_key(&Origin::Local));
    }

    #[test]
    fn origins() {
        assert_eq!(Origin::of("[::ffff:1.2.3.4]:80"), Origin::of("1.2.3.4:90"));
        assert_eq!(Origin::of("[2001:db8:1:2:3::4]:80"), Origin::of("[2001:db8:1:2:ffff::1]:81"));
        assert_ne!(Origin::of("[2001:db8:1:3::4]:80"), Origin::of("[2001:db8:1:2::4]:80"));
        assert_eq!(Origin::of("1.2.3.4"), Origin::of("1.2.3.4:90"));
        assert_eq!(Origin::of("unix"), Origin::Unnamed);
    }
}
