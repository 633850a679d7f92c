//! The two clocks. What is told or kept is in wall time; whatever is waited for, and every age, is measured by the monotonic
//! clock, which nobody sets: a wall clock that is put right by an hour must not end a connection.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// What [`monotonic_ms`] says at its first call: thirty days, so that the age of what is older than this process (a file,
/// say) can be taken off it.
const FIRST_MS: u64 = 30 * 24 * 3_600 * 1_000;

/// Unix milliseconds, UTC, by the wall clock.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

/// Milliseconds by the monotonic clock. Only their differences mean something, and only within this process.
pub fn monotonic_ms() -> u64 {
    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    FIRST_MS.saturating_add(u64::try_from(FIRST.elapsed().as_millis()).unwrap_or(u64::MAX))
}
