//! Signals that stop a server: the first one gracefully, the second one at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

use wardroom_native_client::Failure;

/// Exit code after the second signal: 128 + SIGINT.
const EXIT_AT_ONCE: i32 = 130;

/// SIGINT and SIGTERM.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Starts to watch for them.
    ///
    /// # Errors
    /// If the system does not allow it.
    pub fn watch() -> Result<Signals, Failure> {
        let stream = |kind| signal(kind).map_err(|e| Failure::failed(format!("cannot watch signals: {e}")));
        Ok(Signals { interrupt: stream(SignalKind::interrupt())?, terminate: stream(SignalKind::terminate())? })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Exits at the next signal: used during a graceful stop.
    pub fn leave_at_the_next(mut self) {
        tokio::spawn(async move {
            self.next().await;
            tracing::warn!("stopped at once, as asked twice");
            std::process::exit(EXIT_AT_ONCE);
        });
    }
}
