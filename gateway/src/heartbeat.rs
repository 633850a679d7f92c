//! Detects whether a browser is still there: it is pinged, and must answer in time. A browser that is still receiving
//! bulk data gets more time, as the ping waits behind that data.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::limits::{BULK_BYTES, Limits};

/// Shared by the two directions of a bridge. Times are milliseconds since its start.
pub(crate) struct Heartbeat {
    start: Instant,
    heard_ms: AtomicU64,
    /// When the last ping was sent, or 0 if it was answered; `pinged_at_bytes` is what had been written by then.
    pinged_ms: AtomicU64,
    pinged_at_bytes: AtomicU64,
    written_bytes: AtomicU64,
    /// The browser's messages wait for the core, so the browser is not at fault for its silence.
    is_deaf: AtomicBool,
}

impl Heartbeat {
    pub fn new() -> Heartbeat {
        Heartbeat {
            start: Instant::now(),
            heard_ms: AtomicU64::new(0),
            pinged_ms: AtomicU64::new(0),
            pinged_at_bytes: AtomicU64::new(0),
            written_bytes: AtomicU64::new(0),
            is_deaf: AtomicBool::new(false),
        }
    }

    /// Notes that the browser sent something.
    pub fn heard(&self) {
        self.heard_ms.store(self.now_ms(), Relaxed);
        self.pinged_ms.store(0, Relaxed);
    }

    /// Stops or resumes expecting data from the browser.
    pub fn set_deaf(&self, is_deaf: bool) {
        self.is_deaf.store(is_deaf, Relaxed);
        self.heard();
    }

    /// Notes that a ping has been handed to the socket.
    pub fn pinged(&self) {
        // A ping that has not been answered yet keeps its time.
        if self.pinged_ms.load(Relaxed) == 0 {
            self.pinged_at_bytes.store(self.written_bytes.load(Relaxed), Relaxed);
            self.pinged_ms.store(self.now_ms().max(1), Relaxed);
        }
    }

    /// Notes that this many bytes were handed to the socket.
    pub fn wrote(&self, bytes: usize) {
        self.written_bytes.fetch_add(bytes as u64, Relaxed);
    }

    /// Returns when the browser is gone.
    pub async fn lost(&self, limits: &Limits) {
        loop {
            if self.deadline_ms(limits) <= self.now_ms() {
                // After a stall, the clock and the sockets of a process are due at once: read what has arrived first.
                tokio::task::yield_now().await;
            }
            let now = self.now_ms();
            let deadline = self.deadline_ms(limits);
            if deadline <= now {
                return;
            }
            // Looks again at least as often as a new ping could bring the deadline closer.
            let look_ms = deadline.min(now.saturating_add(millis(limits.pong_within)));
            sleep_until(self.start + Duration::from_millis(look_ms)).await;
        }
    }

    fn deadline_ms(&self, limits: &Limits) -> u64 {
        if self.is_deaf.load(Relaxed) {
            return u64::MAX;
        }
        let silent = self.heard_ms.load(Relaxed).saturating_add(millis(limits.dead_after));
        let pinged = self.pinged_ms.load(Relaxed);
        let since_ping = self.written_bytes.load(Relaxed).saturating_sub(self.pinged_at_bytes.load(Relaxed));
        if pinged == 0 || since_ping > BULK_BYTES {
            return silent;
        }
        silent.min(pinged.saturating_add(millis(limits.pong_within)))
    }

    fn now_ms(&self) -> u64 {
        millis(self.start.elapsed())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{advance, timeout};

    async fn is_lost(beat: &Heartbeat) -> bool {
        timeout(Duration::from_millis(1), beat.lost(&Limits::default())).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_missing_pong_ends_it() {
        let beat = Heartbeat::new();
        advance(Duration::from_secs(25)).await;
        beat.pinged();
        advance(Duration::from_secs(9)).await;
        assert!(!is_lost(&beat).await);
        advance(Duration::from_secs(1)).await;
        assert!(is_lost(&beat).await);
    }

    #[tokio::test(start_paused = true)]
    async fn any_word_keeps_it() {
        let beat = Heartbeat::new();
        for _ in 0..10 {
            advance(Duration::from_secs(25)).await;
            beat.pinged();
            advance(Duration::from_secs(5)).await;
            beat.heard();
            assert!(!is_lost(&beat).await);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pong_behind_bulk_is_waited_for_but_not_forever() {
        let beat = Heartbeat::new();
        advance(Duration::from_secs(25)).await;
        beat.pinged();
        beat.wrote(1 << 20);
        advance(Duration::from_secs(20)).await;
        assert!(!is_lost(&beat).await);
        beat.pinged();
        advance(Duration::from_secs(15)).await;
        assert!(is_lost(&beat).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_core_that_does_not_read_is_not_the_browsers_fault() {
        let beat = Heartbeat::new();
        beat.set_deaf(true);
        advance(Duration::from_secs(300)).await;
        assert!(!is_lost(&beat).await);
        beat.set_deaf(false);
        assert!(!is_lost(&beat).await);
        advance(Duration::from_secs(60)).await;
        assert!(is_lost(&beat).await);
    }
}
