//! What is known about webhooks outside the store: how often each may post, and
//! which are storing a long text.

use std::sync::Mutex;

use super::limits::{BURST, RATES_MAX, REFILL_MS};
use crate::rates::Rates;

/// What is known about webhooks outside the store.
pub struct Hooks {
    /// How often each may post. Held for one look-up.
    pub(super) rates: Mutex<Rates<i64>>,
    /// Held while a long text becomes a file and its message is written, by the remainder of the webhook's id: two posts
    /// with the same key must not create two files.
    storing: [tokio::sync::Mutex<()>; STORING_MAX],
}

/// Long texts that are stored at once.
const STORING_MAX: usize = 16;

impl Hooks {
    /// Waits for the other long posts of this webhook. The gateway's deadline for a webhook bounds the wait.
    pub(super) async fn store_alone(&self, hook: i64) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        let at = usize::try_from(hook).unwrap_or(0) % STORING_MAX;
        Some(self.storing.get(at)?.lock().await)
    }
}

impl Default for Hooks {
    fn default() -> Self {
        Self { rates: Mutex::new(Rates::new(BURST, REFILL_MS, RATES_MAX)), storing: Default::default() }
    }
}
