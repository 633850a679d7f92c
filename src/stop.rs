//! Signals that stop a server, and what becomes of the commands that run then: they go on, unless they are to be stopped
//! too.

use std::io::IsTerminal;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use wardroom_native_client::Failure;

use crate::console::say;

/// Exit code after the last signal: 128 + SIGINT.
const EXIT_AT_ONCE: i32 = 130;
/// How long somebody at a terminal has to press Ctrl-C once more.
const SECOND_THOUGHT: Duration = Duration::from_secs(5);

/// SIGINT and SIGTERM.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

/// A signal that asks a server to stop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Asked {
    /// SIGINT, as by Ctrl-C.
    Interrupt,
    /// SIGTERM, as by a service manager.
    Terminate,
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
    pub async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Interrupt,
            _ = self.terminate.recv() => Asked::Terminate,
        }
    }

    /// Waits until the server is to stop. Returns true if its runs are to be stopped too: after a second Ctrl-C at a
    /// terminal. `running` counts the runs.
    pub async fn stop(&mut self, running: impl Fn() -> usize) -> bool {
        let asked = self.next().await;
        let count = running();
        if asked == Asked::Terminate || count == 0 || !std::io::stderr().is_terminal() {
            return false;
        }
        let (commands, go) = if count == 1 { ("1 command", "goes") } else { (&*format!("{count} commands"), "go") };
        say(&format!(
            "{commands} {go} on without the server; the next start takes over. Press Ctrl-C again within {} s to stop them too",
            SECOND_THOUGHT.as_secs()
        ));
        tokio::time::timeout(SECOND_THOUGHT, self.next()).await == Ok(Asked::Interrupt)
    }

    /// Exits at the next signal: used during a graceful stop.
    pub fn leave_at_the_next(mut self) {
        tokio::spawn(async move {
            self.next().await;
            tracing::warn!("stopped at once, as asked again");
            std::process::exit(EXIT_AT_ONCE);
        });
    }
}
