//! Signals that stop a server: the first one in order, the second one at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

use wardroom_native_client::Failure;

/// With what a server exits that was told twice: 128 + SIGINT.
const EXIT_AT_ONCE: i32 = 130;

/// SIGINT and SIGTERM.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Begins to watch for them.
    ///
    /// # Errors
    /// The system does not allow it.
    pub fn watch() -> Result<Signals, Failure> {
        let stream = |kind| signal(kind).map_err(|e| Failure::failed(format!("cannot watch signals: {e}")));
        Ok(Signals { interrupt: stream(SignalKind::interrupt())?, terminate: stream(SignalKind::terminate())? })
    }

    /// The next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Leaves at once when there is one more: for the time of a stop in order.
    pub fn leave_at_the_next(mut self) {
        tokio::spawn(async move {
            self.next().await;
            tracing::warn!("stopped at once, as asked twice");
            std::process::exit(EXIT_AT_ONCE);
        });
    }
}
