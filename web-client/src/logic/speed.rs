//! The speed of a transfer over its last seconds.

use std::collections::VecDeque;

use crate::limits::{SPEED_SAMPLES_MAX, SPEED_WINDOW_MS};

/// Samples of a transfer's progress.
#[derive(Clone, Debug, Default)]
pub struct Speed {
    samples: VecDeque<(u64, u64)>,
}

impl Speed {
    /// Adds a sample: the time, and the bytes done so far. A sample of the same time replaces the last; if the bytes go
    /// back (a restarted upload), it starts over.
    pub fn sample(&mut self, now_ms: u64, done: u64) {
        match self.samples.back() {
            Some(&(_, last)) if done < last => self.samples.clear(),
            Some(&(at, last)) if done == last && now_ms.saturating_sub(at) < SPEED_WINDOW_MS / 4 => return,
            _ => {}
        }
        self.samples.push_back((now_ms, done));
        while self.samples.len() > SPEED_SAMPLES_MAX
            || self.samples.len() > 2
                && self.samples.front().is_some_and(|&(at, _)| now_ms.saturating_sub(at) > SPEED_WINDOW_MS)
        {
            self.samples.pop_front();
        }
    }

    /// Bytes per second; `None` during the first half second.
    pub fn bytes_per_second(&self) -> Option<u64> {
        let (&(from, before), &(to, after)) = (self.samples.front()?, self.samples.back()?);
        let ms = to.saturating_sub(from);
        (ms >= 500).then(|| after.saturating_sub(before).saturating_mul(1000) / ms)
    }

    /// Milliseconds left; `None` while nothing moves.
    pub fn left_ms(&self, rest: u64) -> Option<u64> {
        match self.bytes_per_second()? {
            0 => None,
            speed => Some(rest.saturating_mul(1000) / speed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_forgets_what_is_old() {
        let mut speed = Speed::default();
        assert_eq!(speed.bytes_per_second(), None);
        for s in 0..20u64 {
            let done = if s < 10 { s * 100 } else { 1000 + (s - 10) * 1_000_000 };
            speed.sample(s * 1000, done);
        }
        let now = speed.bytes_per_second().unwrap_or(0);
        assert!((900_000..=1_000_000).contains(&now), "{now}");
        assert_eq!(speed.left_ms(now * 3), Some(3000));
    }

    #[test]
    fn it_is_bounded_and_survives_a_new_beginning() {
        let mut speed = Speed::default();
        for ms in 0..10_000u64 {
            speed.sample(ms, ms);
        }
        assert!(speed.samples.len() <= SPEED_SAMPLES_MAX);
        speed.sample(10_001, 5);
        assert_eq!(speed.bytes_per_second(), None);
        speed.sample(11_001, 5);
        assert_eq!(speed.left_ms(7), None);
    }
}
