//! The wall clock, in the one unit that the wire knows.

use std::time::{SystemTime, UNIX_EPOCH};

/// Unix milliseconds, UTC.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}
