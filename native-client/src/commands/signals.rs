//! The signals of a command that has taken the terminal.

use rustix::process::Signal;
use tokio::signal::unix::{Signal as SignalStream, SignalKind, signal};

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

/// The signals.
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
