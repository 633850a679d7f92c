//! What a [`crate::Client`] handles: events of the socket, the time, and commands.

use wardroom_protocol::Frame;

use crate::command::Command;

/// An input. `conn` is the number of the [`crate::Effect::Connect`] for which the socket was opened; input of older
/// sockets is ignored.
#[derive(Debug)]
pub enum Input {
    /// Start: connect for the first time.
    Start,
    /// The socket is open.
    Connected {
        /// The socket's number.
        conn: u64,
    },
    /// The socket could not be opened, or was closed.
    Disconnected {
        /// The socket's number.
        conn: u64,
        /// Why.
        reason: Disconnect,
    },
    /// A frame arrived.
    Frame {
        /// The socket's number.
        conn: u64,
        /// The frame.
        frame: Frame,
    },
    /// Time has passed. Extra ticks are harmless.
    Tick,
    /// A user wants something.
    Command(Command),
}

/// Why a socket is gone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Disconnect {
    /// The network or the server failed: the client reconnects. The text is for people.
    Network(String),
    /// The server does not accept the session: reconnecting is useless until somebody signs in.
    SignedOut(String),
}
