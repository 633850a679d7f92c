//! How often each webhook may post: what is known of webhooks beside the store.

use std::sync::Mutex;

use super::limits::{BURST, RATES_MAX, REFILL_MS};
use crate::rates::Rates;

/// What is known of webhooks beside the store.
pub struct Hooks {
    /// How often each may post. Held for a look-up.
    pub(super) rates: Mutex<Rates<i64>>,
}

impl Default for Hooks {
    fn default() -> Self {
        Self { rates: Mutex::new(Rates::new(BURST, REFILL_MS, RATES_MAX)) }
    }
}
