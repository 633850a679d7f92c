//! How often sign-ins may fail: by address, and by account. An address that has signed in to an account before is
//! not counted against that account, so that strangers cannot lock out its owner; it still has its own bucket.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::limits::{ACCOUNT_BURST, ACCOUNT_REFILL_MS, ADDRESS_BURST, ADDRESS_REFILL_MS, THROTTLE_ENTRIES_MAX};

/// Token buckets.
#[derive(Default)]
pub(super) struct Throttle {
    buckets: HashMap<Key, Bucket>,
}

/// What is counted.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Key {
    /// An IPv4 address, or the /64 of an IPv6 one: a household has as many as it likes of the rest.
    Address(String),
    /// An account, by the name that was tried, existing or not.
    Account(String),
}

impl Key {
    /// The key of an address as the log shows it (`203.0.113.9:40112`, `[2001:db8::1]:80`, `unix`).
    pub(super) fn address(address: &str) -> Key {
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
        Key::Address(match host.parse::<IpAddr>() {
            Ok(IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
                Some(v4) => v4.to_string(),
                None => v6.segments().iter().take(4).map(|s| format!("{s:x}:")).collect(),
            },
            _ => host.to_owned(),
        })
    }
}

#[derive(Clone, Copy)]
struct Bucket {
    failed: u32,
    since_ms: u64,
}

impl Throttle {
    /// Milliseconds to wait before this may be tried; `None` if it may be tried now.
    pub(super) fn wait_ms(&self, key: &Key, now_ms: u64) -> Option<u64> {
        let (burst, refill_ms) = rates(key);
        let bucket = self.buckets.get(key)?.refilled(refill_ms, now_ms);
        (bucket.failed >= burst).then(|| (bucket.since_ms + refill_ms).saturating_sub(now_ms).max(1))
    }

    /// One more failed.
    pub(super) fn failed(&mut self, key: Key, now_ms: u64) {
        if self.buckets.len() >= THROTTLE_ENTRIES_MAX {
            self.forget(now_ms);
        }
        let (_, refill_ms) = rates(&key);
        let bucket = self.buckets.entry(key).or_insert(Bucket { failed: 0, since_ms: now_ms });
        *bucket = bucket.refilled(refill_ms, now_ms);
        bucket.failed = bucket.failed.saturating_add(1);
    }

    /// Drops what is full again; where nothing is, the half that failed least.
    fn forget(&mut self, now_ms: u64) {
        self.buckets.retain(|key, bucket| bucket.refilled(rates(key).1, now_ms).failed > 0);
        if self.buckets.len() >= THROTTLE_ENTRIES_MAX {
            let mut counts: Vec<u32> = self.buckets.values().map(|b| b.failed).collect();
            let middle = counts.len() / 2;
            let (_, median, _) = counts.select_nth_unstable(middle);
            let median = *median;
            self.buckets.retain(|_, bucket| bucket.failed > median);
        }
    }
}

fn rates(key: &Key) -> (u32, u64) {
    match key {
        Key::Address(_) => (ADDRESS_BURST, ADDRESS_REFILL_MS),
        Key::Account(_) => (ACCOUNT_BURST, ACCOUNT_REFILL_MS),
    }
}

impl Bucket {
    fn refilled(self, refill_ms: u64, now_ms: u64) -> Bucket {
        let refills = now_ms.saturating_sub(self.since_ms) / refill_ms;
        let failed = self.failed.saturating_sub(u32::try_from(refills).unwrap_or(u32::MAX));
        if failed == 0 {
            Bucket { failed, since_ms: now_ms }
        } else {
            Bucket { failed, since_ms: self.since_ms + refills * refill_ms }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_fail_in_bursts_and_then_slowly() {
        let mut throttle = Throttle::default();
        let key = Key::address("203.0.113.9:40112");
        for _ in 0..ADDRESS_BURST {
            assert_eq!(throttle.wait_ms(&key, 1_000), None);
            throttle.failed(key.clone(), 1_000);
        }
        assert_eq!(throttle.wait_ms(&key, 1_000), Some(ADDRESS_REFILL_MS));
        assert_eq!(throttle.wait_ms(&key, 1_000 + ADDRESS_REFILL_MS), None);
        throttle.failed(key.clone(), 1_000 + ADDRESS_REFILL_MS);
        assert!(throttle.wait_ms(&key, 1_001 + ADDRESS_REFILL_MS).is_some());
    }

    #[test]
    fn v6_neighbours_are_one() {
        assert_eq!(Key::address("[2001:db8:1:2:3::4]:80"), Key::address("[2001:db8:1:2:ffff::1]:81"));
        assert_ne!(Key::address("[2001:db8:1:3::4]:80"), Key::address("[2001:db8:1:2::4]:80"));
        assert_eq!(Key::address("[::ffff:1.2.3.4]:80"), Key::address("1.2.3.4:90"));
    }

    #[test]
    fn it_remembers_a_bounded_number() {
        let mut throttle = Throttle::default();
        for n in 0..2 * THROTTLE_ENTRIES_MAX {
            throttle.failed(Key::Account(n.to_string()), 5);
        }
        assert!(throttle.buckets.len() <= THROTTLE_ENTRIES_MAX);
    }
}
