//! The pace at which a terminal is read. A program that prints faster than the core takes its output is slowed down, as
//! by a slow terminal: otherwise Ctrl-C would show only after all that was printed before it. Without a host, and while
//! host or core hang, nothing slows it down.

use std::time::{Duration, Instant};

use crate::limits::{AHEAD_BYTES_MAX, PACE_WAIT_MS};

/// How far the core has followed the output.
#[derive(Debug, Default)]
pub struct Pace {
    /// The core has the bytes before this offset; `None` while nobody follows.
    passed: Option<u64>,
    /// Since when the terminal is not read.
    paused_at: Option<Instant>,
}

impl Pace {
    /// Notes how far the core has followed, or that it does not follow.
    pub fn passed(&mut self, off: Option<u64>) {
        *self = Pace { passed: off, paused_at: None };
    }

    /// Returns true if the terminal is to be read on, with so many bytes of output read. Called in every turn.
    pub fn may_read(&mut self, bytes: u64, now: Instant) -> bool {
        if self.passed.is_none_or(|passed| bytes < passed.saturating_add(AHEAD_BYTES_MAX)) {
            self.paused_at = None;
            return true;
        }
        let since = *self.paused_at.get_or_insert(now);
        if now.saturating_duration_since(since) >= Duration::from_millis(PACE_WAIT_MS) {
            *self = Pace::default();
        }
        self.paused_at.is_none()
    }

    /// Returns how long a pause lasts at most.
    pub fn patience(&self, now: Instant) -> Option<Duration> {
        let since = self.paused_at?;
        Some((since + Duration::from_millis(PACE_WAIT_MS)).saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_read_a_little_ahead_of_the_core() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert!(pace.may_read(u64::MAX, now), "nobody follows");
        pace.passed(Some(1_000));
        assert!(pace.may_read(999 + AHEAD_BYTES_MAX, now));
        assert!(!pace.may_read(1_000 + AHEAD_BYTES_MAX, now));
        pace.passed(Some(1_001));
        assert!(pace.may_read(1_000 + AHEAD_BYTES_MAX, now));
        pace.passed(None);
        assert!(pace.may_read(u64::MAX, now));
    }

    #[test]
    fn a_core_that_hangs_slows_nothing_down() {
        let (mut pace, began) = (Pace::default(), Instant::now());
        pace.passed(Some(0));
        assert!(!pace.may_read(AHEAD_BYTES_MAX, began));
        assert_eq!(pace.patience(began), Some(Duration::from_millis(PACE_WAIT_MS)));
        let late = began + Duration::from_millis(PACE_WAIT_MS);
        assert!(!pace.may_read(AHEAD_BYTES_MAX, late - Duration::from_millis(1)));
        assert!(pace.may_read(AHEAD_BYTES_MAX, late));
        assert_eq!(pace.patience(late), None);
        assert!(pace.may_read(u64::MAX, late), "until the core follows again");
        pace.passed(Some(5));
        assert!(!pace.may_read(u64::MAX, late));
    }
}
