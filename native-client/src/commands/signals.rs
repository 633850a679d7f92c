//! The signals of a command: one that has taken the terminal, and one that has not.

use rustix::process::Signal;
use tokio::signal::unix::{Signal as SignalStream, SignalKind, signal};

use crate::exit::Failure;

/// What a signal means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Signalled {
    /// The terminal has another size.
    Resized,
    /// The process continues after a stop.
    Continued,
    /// The process should end.
    Ended,
}

/// The signals of a command that has taken the terminal.
pub(super) struct TerminalSignals {
    size: SignalStream,
    go_on: SignalStream,
    term: SignalStream,
    interrupt: SignalStream,
    hangup: SignalStream,
}

impl TerminalSignals {
    pub(super) fn new() -> std::io::Result<TerminalSignals> {
        Ok(TerminalSignals {
            size: signal(SignalKind::window_change())?,
            go_on: signal(SignalKind::from_raw(Signal::CONT.as_raw()))?,
            term: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one. Cancel-safe.
    pub(super) async fn next(&mut self) -> Signalled {
        tokio::select! {
            _ = self.size.recv() => Signalled::Resized,
            _ = self.go_on.recv() => Signalled::Continued,
            _ = self.term.recv() => Signalled::Ended,
            _ = self.interrupt.recv() => Signalled::Ended,
            _ = self.hangup.recv() => Signalled::Ended,
        }
    }
}

/// The signals that may end this process.
pub(super) struct EndSignals {
    interrupt: SignalStream,
    terminate: SignalStream,
    hangup: SignalStream,
}

impl EndSignals {
    pub(super) fn new() -> Result<EndSignals, Failure> {
        let stream = |kind| signal(kind).map_err(|e| Failure::failed(format!("cannot watch signals: {e}")));
        Ok(EndSignals {
            interrupt: stream(SignalKind::interrupt())?,
            terminate: stream(SignalKind::terminate())?,
            hangup: stream(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one. Cancel-safe.
    pub(super) async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.hangup.recv() => SignalKind::hangup(),
        }
    }
}
