//! When to reconnect: a delay that doubles with each attempt, half of it random, so that a thousand clients do not
//! return at the same instant. ("Full jitter" may give 0; "equal jitter" keeps a minimum.)

use crate::limits::{BACKOFF_MAX_MS, BACKOFF_MIN_MS};

/// The back-off of one client.
#[derive(Debug)]
pub(crate) struct Backoff {
    attempts: u32,
    random: u64,
}

impl Backoff {
    /// Different seeds give different delays.
    pub(crate) fn new(seed: u64) -> Self {
        Backoff { attempts: 0, random: seed }
    }

    /// Milliseconds until the next attempt. Grows with each call.
    pub(crate) fn next_ms(&mut self) -> u64 {
        let ceiling = BACKOFF_MIN_MS.checked_shl(self.attempts).unwrap_or(BACKOFF_MAX_MS).min(BACKOFF_MAX_MS);
        self.attempts = self.attempts.saturating_add(1).min(16);
        let half = ceiling / 2;
        half.saturating_add(self.random(half.saturating_add(1)))
    }

    /// The delay that a departing server asked for, plus up to a quarter.
    pub(crate) fn spread_ms(&mut self, asked_ms: u64) -> u64 {
        let asked_ms = asked_ms.min(BACKOFF_MAX_MS);
        asked_ms.saturating_add(self.random((asked_ms / 4).saturating_add(1)))
    }

    /// Starts over after a stable connection.
    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }

    /// A number below `bound`, by splitmix64: jitter needs spread, not secrecy.
    fn random(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).checked_rem(bound).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_to_its_bound_and_is_never_nothing() {
        for seed in 0..50 {
            let mut backoff = Backoff::new(seed);
            let mut ceiling = BACKOFF_MIN_MS;
            for _ in 0..40 {
                let wait = backoff.next_ms();
                assert!(wait >= ceiling / 2 && wait <= ceiling, "{wait} of {ceiling}");
                ceiling = (ceiling * 2).min(BACKOFF_MAX_MS);
            }
            backoff.reset();
            assert!(backoff.next_ms() <= BACKOFF_MIN_MS);
        }
    }

    #[test]
    fn two_clients_differ() {
        let waits: std::collections::BTreeSet<u64> = (0..20).map(|seed| Backoff::new(seed).next_ms()).collect();
        assert!(waits.len() > 10);
    }

    #[test]
    fn an_absurd_wish_is_bounded() {
        assert!(Backoff::new(1).spread_ms(u64::MAX) <= BACKOFF_MAX_MS * 5 / 4);
    }
}
