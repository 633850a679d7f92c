//! What is known about webhooks outside the store: how often each may post.

use std::sync::Mutex;

use super::limits::{BURST, RATES_MAX, REFILL_MS};
use crate::rates::Rates;

/// What is known about webhooks outside the store.
pub struct Hooks {
    /// How often each may post. Held for one look-up.
    pub(super) rates: Mutex<Rates<i64>>,
}

impl Default for Hooks {
    fn default() -> Self {
        Self { rates: Mutex::new(Rates::new(BURST, REFILL_MS, RATES_MAX)) }
    }
}
