//! The two clocks. Times that are shown or stored use the wall clock. Waits and ages use the monotonic clock, which
//! nobody can set: a correction of the wall clock by an hour must not end a connection.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The value of [`monotonic_ms`] at its first call: thirty days, so that the age of something older than this process
/// (such as a file) can be subtracted from it.
const FIRST_MS: u64 = 30 * 24 * 3_600 * 1_000;

/// Returns the wall clock in Unix milliseconds, UTC.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

/// Returns the monotonic clock in milliseconds. Only differences within this process are meaningful.
pub fn monotonic_ms() -> u64 {
    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    FIRST_MS.saturating_add(u64::try_from(FIRST.elapsed().as_millis()).unwrap_or(u64::MAX))
}
