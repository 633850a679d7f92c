//! Token buckets that limit how often something may happen: one per recently used key, with a bound on the number of
//! keys.

use std::collections::HashMap;
use std::hash::Hash;

/// The buckets of one kind of action.
pub struct Rates<K> {
    buckets: HashMap<K, Bucket>,
    burst: u32,
    refill_ms: u64,
    entries_max: usize,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// Tokens left.
    left: u32,
    /// The time of the last refill.
    since_ms: u64,
}

impl<K: Eq + Hash> Rates<K> {
    /// Allows `burst` at once, then one per `refill_ms`, and remembers at most `entries_max` keys.
    pub fn new(burst: u32, refill_ms: u64, entries_max: usize) -> Self {
        Self { buckets: HashMap::new(), burst, refill_ms, entries_max }
    }

    /// Takes one token. `now_ms` is by the monotonic clock.
    ///
    /// # Errors
    /// If there is no token: the milliseconds to wait.
    pub fn take(&mut self, key: K, now_ms: u64) -> Result<(), u64> {
        let (burst, refill_ms) = (self.burst, self.refill_ms);
        let refilled = |bucket: Bucket| {
            let more = now_ms.saturating_sub(bucket.since_ms) / refill_ms;
            let left = bucket.left.saturating_add(u32::try_from(more).unwrap_or(u32::MAX)).min(burst);
            let since_ms = if left == burst { now_ms } else { bucket.since_ms + more * refill_ms };
            Bucket { left, since_ms }
        };
        if self.buckets.len() >= self.entries_max {
            self.buckets.retain(|_, bucket| refilled(*bucket).left < burst);
        }
        let bucket = self.buckets.entry(key).or_insert(Bucket { left: burst, since_ms: now_ms });
        *bucket = refilled(*bucket);
        if bucket.left == 0 {
            return Err((bucket.since_ms + refill_ms).saturating_sub(now_ms).max(1));
        }
        bucket.left -= 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BURST: u32 = 60;
    const REFILL_MS: u64 = 1_000;
    const RATES_MAX: usize = 1_000;

    #[test]
    fn a_storm_is_told_and_then_one_a_second() {
        let mut rates = Rates::new(BURST, REFILL_MS, RATES_MAX);
        assert!((0..BURST).all(|_| rates.take(1, 1_000).is_ok()));
        assert_eq!(rates.take(1, 1_400), Err(600));
        assert_eq!(rates.take(2, 1_400), Ok(()), "each has its own");
        assert_eq!(rates.take(1, 2_000), Ok(()));
        assert!(rates.take(1, 2_500).is_err());
        assert!((0..BURST).all(|_| rates.take(1, 100_000).is_ok()), "full again, and no fuller");
        assert!(rates.take(1, 100_000).is_err());
    }

    #[test]
    fn a_bounded_number_is_remembered() {
        let mut rates = Rates::new(BURST, REFILL_MS, RATES_MAX);
        for hook in 0..3 * i64::try_from(RATES_MAX).unwrap_or(0) {
            let now_ms = u64::try_from(hook).unwrap_or(0) * REFILL_MS;
            assert!(rates.take(hook, now_ms).is_ok());
            assert!(rates.buckets.len() <= RATES_MAX);
        }
    }
}
