//! What is sent over a connection and reported by it, whatever the transport.

use bytes::Bytes;
use tokio::sync::mpsc;
use wardroom_client_core::Disconnect;
use wardroom_protocol::Frame;

/// A frame to send: its line with LF, and the raw bytes after it.
#[derive(Debug)]
pub(crate) struct OutFrame {
    pub(crate) line: Bytes,
    pub(crate) body: Bytes,
}

/// An event of a connection.
#[derive(Debug)]
pub(crate) enum Event {
    /// It is open.
    Connected,
    /// Frames arrived.
    Frames(Vec<Frame>),
    /// It is over.
    Lost(Disconnect),
}

/// Receives the events of connections, each with its number.
pub(crate) type Events = mpsc::Sender<(u64, Event)>;
