//! How long to wait before the core is dialled again: doubled each time, and randomized, so that all hosts of a site do
//! not reconnect to a restarted core at once.

use std::time::Duration;

use crate::limits::{RETRY_MS_MAX, RETRY_MS_MIN};

/// The state of a series of attempts.
#[derive(Debug)]
pub struct Backoff {
    upper_ms: u64,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff { upper_ms: RETRY_MS_MIN }
    }
}

impl Backoff {
    /// Returns the next pause: between half of the bound and the bound, which doubles.
    pub fn next(&mut self) -> Duration {
        let upper = self.upper_ms;
        self.upper_ms = upper.saturating_mul(2).min(RETRY_MS_MAX);
        // Without randomness the pause is the bound, which only risks reconnecting together.
        let random = getrandom::u64().unwrap_or(u64::MAX);
        let half = upper / 2;
        Duration::from_millis(half + random % (upper - half + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bound() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u64> = (0..20).map(|_| u64::try_from(backoff.next().as_millis()).unwrap_or(u64::MAX)).collect();
        let mut upper = RETRY_MS_MIN;
        for pause in pauses {
            assert!((upper / 2..=upper).contains(&pause), "{pause} of {upper}");
            upper = (upper * 2).min(RETRY_MS_MAX);
        }
        assert_eq!(upper, RETRY_MS_MAX);
    }
}
