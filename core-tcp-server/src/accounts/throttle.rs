//! Limits how often passwords and invites may fail, by address and by account. Tokens are not counted: nobody guesses
//! 192 random bits, and holders of a token must get in whatever others do at the same address.
//!
//! An attempt is counted before it is evaluated. While it is under way, it uses one of the failures that its address
//! and its account have left, and gives it back if it was correct. A thousand concurrent attempts therefore get no more
//! evaluations than a thousand sequential ones.
//!
//! An address from which somebody has signed in to an account is not counted against that account, and has a few
//! attempts of its own for each such account. Strangers elsewhere cannot lock out the owner. Behind the same address they
//! can, but only by guesses at this very account: the two cannot be told apart.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::monotonic_ms;
use crate::error::Error;
use crate::limits::{
    ACCOUNT_BURST, ACCOUNT_REFILL_MS, ADDRESS_BURST, ADDRESS_REFILL_MS, SIGN_IN_WAIT_MS, THROTTLE_ENTRIES_MAX,
};
use crate::permits::Origin;
use crate::store::UserId;

/// What failures are counted by.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Key {
    /// An address, or the /64 of an IPv6 one.
    Address(Origin),
    /// The extra attempts of an address, for accounts that somebody signed in to from there.
    Known(Origin, UserId),
    /// An account by the name that was tried, whether it exists or not.
    Account(String),
}

/// Recent attempts.
#[derive(Default)]
pub(super) struct Throttle {
    /// Held for a few look-ups; never across an await.
    buckets: Mutex<Buckets>,
    /// Notified when an attempt ends.
    ended: Notify,
}

/// Buckets of failures that refill over time.
#[derive(Default)]
struct Buckets(HashMap<Key, Bucket>);

#[derive(Clone, Copy)]
struct Bucket {
    failed: u32,
    since_ms: u64,
    /// The number of attempts under way.
    pending: u32,
}

/// Whether an attempt may begin.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
enum May {
    /// Now.
    Begin,
    /// Perhaps when one of those under way ends.
    Wait,
    /// Not for this many milliseconds.
    NotBefore(u64),
}

/// An attempt under way. If dropped, it counts as one that did not fail.
pub(super) struct Attempt<'a> {
    throttle: &'a Throttle,
    keys: Vec<Key>,
}

impl Throttle {
    /// Begins an attempt, counted under all keys of the first of `ways` that is open. Waits if that depends on the
    /// outcome of attempts under way.
    ///
    /// # Errors
    /// `rate_limited` after too many failures; `busy` if the wait takes too long.
    pub(super) async fn begin(&self, ways: Vec<Vec<Key>>) -> Result<Attempt<'_>, Error> {
        let wait = Duration::from_millis(SIGN_IN_WAIT_MS);
        let begun = tokio::time::timeout(wait, async {
            loop {
                // Registered before the check, so that no end in between is missed.
                let mut ended = std::pin::pin!(self.ended.notified());
                ended.as_mut().enable();
                let begun = self.lock().begin(&ways, monotonic_ms());
                match begun {
                    Ok(keys) => return Ok(Attempt { throttle: self, keys }),
                    Err(May::NotBefore(wait_ms)) => return Err(Error::rate_limited(wait_ms)),
                    Err(_) => ended.await,
                }
            }
        });
        begun.await.unwrap_or_else(|_| Err(Error::busy("many sign-ins are under way: try again", 2_000)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// Records that the attempt failed.
    pub(super) fn failed(self) {
        let now_ms = monotonic_ms();
        let mut buckets = self.throttle.lock();
        for key in &self.keys {
            buckets.failed(key, now_ms);
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut buckets = self.throttle.lock();
        for key in &self.keys {
            buckets.ended(key);
        }
        drop(buckets);
        self.throttle.ended.notify_waiters();
    }
}

impl Buckets {
    fn begin(&mut self, ways: &[Vec<Key>], now_ms: u64) -> Result<Vec<Key>, May> {
        let mut best = None;
        for keys in ways {
            let may = keys.iter().map(|key| self.may(key, now_ms)).max().unwrap_or(May::Begin);
            if may == May::Begin {
                for key in keys {
                    self.begun(key.clone(), now_ms);
                }
                return Ok(keys.clone());
            }
            best = best.into_iter().chain([may]).min();
        }
        Err(best.unwrap_or(May::Wait))
    }

    fn may(&self, key: &Key, now_ms: u64) -> May {
        let (burst, refill_ms) = rates(key);
        let Some(bucket) = self.0.get(key).map(|bucket| bucket.refilled(refill_ms, now_ms)) else { return May::Begin };
        if bucket.failed >= burst {
            May::NotBefore((bucket.since_ms + refill_ms).saturating_sub(now_ms).max(1))
        } else if bucket.failed + bucket.pending >= burst {
            May::Wait
        } else {
            May::Begin
        }
    }

    fn begun(&mut self, key: Key, now_ms: u64) {
        if self.0.len() >= THROTTLE_ENTRIES_MAX {
            self.forget(now_ms);
        }
        self.0.entry(key).or_insert(Bucket { failed: 0, since_ms: now_ms, pending: 0 }).pending += 1;
    }

    fn failed(&mut self, key: &Key, now_ms: u64) {
        let (_, refill_ms) = rates(key);
        if let Some(bucket) = self.0.get_mut(key) {
            *bucket = bucket.refilled(refill_ms, now_ms);
            bucket.failed = bucket.failed.saturating_add(1);
        }
    }

    fn ended(&mut self, key: &Key) {
        let Some(bucket) = self.0.get_mut(key) else { return };
        bucket.pending = bucket.pending.saturating_sub(1);
        if bucket.pending == 0 && bucket.failed == 0 {
            self.0.remove(key);
        }
    }

    /// Drops buckets that are full again or, if there are none, the half with the fewest failures. Buckets with
    /// attempts under way are kept.
    fn forget(&mut self, now_ms: u64) {
        self.0.retain(|key, bucket| bucket.pending > 0 || bucket.refilled(rates(key).1, now_ms).failed > 0);
        if self.0.len() >= THROTTLE_ENTRIES_MAX {
            let mut counts: Vec<u32> = self.0.values().map(|b| b.failed).collect();
            let middle = counts.len() / 2;
            let (_, median, _) = counts.select_nth_unstable(middle);
            let median = *median;
            self.0.retain(|_, bucket| bucket.pending > 0 || bucket.failed > median);
        }
    }
}

fn rates(key: &Key) -> (u32, u64) {
    match key {
        Key::Address(_) | Key::Known(..) => (ADDRESS_BURST, ADDRESS_REFILL_MS),
        Key::Account(_) => (ACCOUNT_BURST, ACCOUNT_REFILL_MS),
    }
}

impl Bucket {
    fn refilled(self, refill_ms: u64, now_ms: u64) -> Bucket {
        let refills = now_ms.saturating_sub(self.since_ms) / refill_ms;
        let failed = self.failed.saturating_sub(u32::try_from(refills).unwrap_or(u32::MAX));
        let since_ms = if failed == 0 { now_ms } else { self.since_ms + refills * refill_ms };
        Bucket { failed, since_ms, ..self }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn address(text: &str) -> Key {
        Key::Address(Origin::of(text))
    }

    fn fail(buckets: &mut Buckets, key: &Key, now_ms: u64) -> Result<(), May> {
        buckets.begin(&[vec![key.clone()]], now_ms)?;
        buckets.failed(key, now_ms);
        buckets.ended(key);
        Ok(())
    }

    #[test]
    fn an_address_may_fail_in_bursts_and_then_slowly() {
        let (mut buckets, key) = (Buckets::default(), address("203.0.113.9:40112"));
        for _ in 0..ADDRESS_BURST {
            fail(&mut buckets, &key, 1_000).unwrap();
        }
        assert_eq!(fail(&mut buckets, &key, 1_000), Err(May::NotBefore(ADDRESS_REFILL_MS)));
        fail(&mut buckets, &key, 1_000 + ADDRESS_REFILL_MS).unwrap();
        assert!(matches!(fail(&mut buckets, &key, 1_001 + ADDRESS_REFILL_MS), Err(May::NotBefore(_))));
    }

    #[test]
    fn what_is_under_way_counts_until_it_was_right() {
        let (mut buckets, key) = (Buckets::default(), address("203.0.113.9:1"));
        let ways = [vec![key.clone()]];
        for _ in 0..ADDRESS_BURST {
            buckets.begin(&ways, 0).unwrap();
        }
        assert_eq!(buckets.begin(&ways, 0), Err(May::Wait));
        buckets.ended(&key);
        buckets.begin(&ways, 0).unwrap();
        buckets.failed(&key, 0);
        buckets.ended(&key);
        assert_eq!(buckets.begin(&ways, 0), Err(May::Wait), "nine under way, one failed");
        (1..ADDRESS_BURST).for_each(|_| buckets.ended(&key));
        buckets.begin(&ways, 0).unwrap();
    }

    #[test]
    fn who_is_known_has_another_way() {
        let mut buckets = Buckets::default();
        let (here, known) = (address("203.0.113.9:1"), Key::Known(Origin::of("203.0.113.9:1"), UserId(7)));
        while fail(&mut buckets, &here, 0).is_ok() {}
        assert!(buckets.begin(&[vec![here.clone(), Key::Account("ann".to_owned())]], 0).is_err());
        assert!(!buckets.0.contains_key(&Key::Account("ann".to_owned())), "counted under all keys, or none");
        assert_eq!(buckets.begin(&[vec![here], vec![known.clone()]], 0), Ok(vec![known]));
    }

    #[test]
    fn it_remembers_a_bounded_number() {
        let mut buckets = Buckets::default();
        for n in 0..2 * THROTTLE_ENTRIES_MAX {
            fail(&mut buckets, &Key::Account(n.to_string()), 5).unwrap();
        }
        assert!(buckets.0.len() <= THROTTLE_ENTRIES_MAX);
    }
}
