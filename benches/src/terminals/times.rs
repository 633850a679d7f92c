//! Times of one kind, and how they are printed.

use std::time::Duration;

/// Milliseconds.
#[derive(Default)]
pub struct Times(Vec<f64>);

impl Times {
    /// One more.
    pub fn push(&mut self, took: Duration) {
        self.0.push(took.as_secs_f64() * 1e3);
    }

    /// The value below which so many percent are.
    pub fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    }

    /// Median, 95th and 99th of a hundred.
    pub fn row(&self) -> String {
        format!("{:>7.2} {:>7.2} {:>7.2}", self.percentile(50), self.percentile(95), self.percentile(99))
    }
}

/// The median of a few figures.
pub fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
