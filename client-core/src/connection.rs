//! The state of the link to the server, ready to be put into words.

/// What a person wants to know about the connection. Times are Unix milliseconds of the client's clock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ConnectionState {
    /// Not yet connected for the first time.
    Connecting,
    /// Everything that is open is up to date.
    Live,
    /// Connected; lines that were missed are on their way.
    CatchingUp {
        /// So many lines.
        left: u64,
    },
    /// The connection is lost, a short while ago.
    Reconnecting {
        /// When the next attempt is (or was) made; in the past while one is under way.
        at_ms: u64,
        /// Since when.
        since_ms: u64,
    },
    /// The connection has been lost for so long that what is shown must be called old.
    OutOfDate {
        /// Since when.
        since_ms: u64,
        /// When the next attempt is (or was) made.
        at_ms: u64,
    },
    /// Nobody is signed in; somebody must.
    SignedOut {
        /// Why.
        why: String,
    },
    /// Closed on demand.
    Stopped,
}

impl ConnectionState {
    /// Frames can be sent, and will be understood.
    pub fn is_up(&self) -> bool {
        matches!(self, ConnectionState::Live | ConnectionState::CatchingUp { .. })
    }
}
