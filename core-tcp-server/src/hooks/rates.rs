//! How often each webhook may post: a bucket of tokens for each that posted of late.

use std::collections::HashMap;

use super::limits::{BURST, RATES_MAX, REFILL_MS};

/// The buckets.
#[derive(Default)]
pub struct Rates(HashMap<i64, Bucket>);

#[derive(Clone, Copy)]
struct Bucket {
    /// Posts that may still come at once.
    left: u32,
    /// Since when that is so.
    since_ms: u64,
}

impl Rates {
    /// One post more. `Err` says how many milliseconds it is to wait.
    pub fn take(&mut self, hook: i64, now_ms: u64) -> Result<(), u64> {
        if self.0.len() >= RATES_MAX {
            self.0.retain(|_, bucket| refilled(*bucket, now_ms).left < BURST);
        }
        let bucket = self.0.entry(hook).or_insert(Bucket { left: BURST, since_ms: now_ms });
        *bucket = refilled(*bucket, now_ms);
        if bucket.left == 0 {
            return Err((bucket.since_ms + REFILL_MS).saturating_sub(now_ms).max(1));
        }
        bucket.left -= 1;
        Ok(())
    }
}

fn refilled(bucket: Bucket, now_ms: u64) -> Bucket {
    let more = now_ms.saturating_sub(bucket.since_ms) / REFILL_MS;
    let left = bucket.left.saturating_add(u32::try_from(more).unwrap_or(u32::MAX)).min(BURST);
    let since_ms = if left == BURST { now_ms } else { bucket.since_ms + more * REFILL_MS };
    Bucket { left, since_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_told_and_then_one_a_second() {
        let mut rates = Rates::default();
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
        let mut rates = Rates::default();
        for hook in 0..3 * i64::try_from(RATES_MAX).unwrap_or(0) {
            let now_ms = u64::try_from(hook).unwrap_or(0) * REFILL_MS;
            assert!(rates.take(hook, now_ms).is_ok());
            assert!(rates.0.len() <= RATES_MAX);
        }
    }
}
