//! The state of the connection to the server, ready to be put into words.

/// What people want to know about the connection. Times are Unix milliseconds of the client's clock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ConnectionState {
    /// Not yet connected for the first time.
    Connecting,
    /// All open rooms are up to date.
    Live,
    /// Connected; missed lines are still arriving.
    CatchingUp {
        /// How many lines are left.
        left: u64,
    },
    /// The connection was lost recently.
    Reconnecting {
        /// The time of the next attempt; in the past while an attempt is in progress.
        at_ms: u64,
        /// Since when.
        since_ms: u64,
    },
    /// The connection has been lost for so long that what is shown may be outdated.
    OutOfDate {
        /// Since when.
        since_ms: u64,
        /// The time of the next attempt.
        at_ms: u64,
    },
    /// Nobody is signed in.
    SignedOut {
        /// Why.
        why: String,
    },
    /// Closed on request.
    Stopped,
}

impl ConnectionState {
    /// True if messages can be sent now.
    pub fn is_up(&self) -> bool {
        matches!(self, ConnectionState::Live | ConnectionState::CatchingUp { .. })
    }
}
