//! What goes over a connection and what is said of it, whatever it runs over.

use bytes::Bytes;
use tokio::sync::mpsc;
use wardroom_client_core::Disconnect;
use wardroom_protocol::Frame;

/// A frame to send: its line with LF, and the raw bytes behind it.
#[derive(Debug)]
pub(crate) struct OutFrame {
    pub(crate) line: Bytes,
    pub(crate) body: Bytes,
}

/// What a connection has to say.
#[derive(Debug)]
pub(crate) enum Event {
    /// It is open.
    Connected,
    /// Frames came.
    Frames(Vec<Frame>),
    /// It is over.
    Lost(Disconnect),
}

/// Where connections say it, each with its number.
pub(crate) type Events = mpsc::Sender<(u64, Event)>;
