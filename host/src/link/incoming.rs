//! Messages from the core, and the reasons why a connection is lost.

use std::io;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use wardroom_protocol::{DecodeError, Decoder, ServerMessage};

use crate::limits::READ_BYTES;
use wardroom_dial::{DialError, ReadHalf};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The operating system reported an error.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// There is no connection.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The core took too long.
    #[error("{0}")]
    TimedOut(&'static str),
    /// The core closed it.
    #[error("the core closed the connection")]
    Closed,
    /// The core refused the host, or disconnected it.
    #[error("the core says: {0}")]
    Refused(String),
    /// The core sent something that is not a frame.
    #[error("the core sent no frame: {0}")]
    Decode(#[from] DecodeError),
    /// The core sent a message that is not valid here.
    #[error("the core sent what is not understood: {0}")]
    Unexpected(String),
    /// Input for a shim may have been lost with the connection to it.
    #[error("the connection to a shim was lost, and input is asked for again")]
    Input,
    /// The host is stopping.
    #[error("the host stops")]
    Stopping,
}

/// Frames as they arrive.
pub struct Incoming {
    read: ReadHalf,
    buf: BytesMut,
    decoder: Decoder,
}

impl Incoming {
    /// Starts on a connection from which nothing has been read.
    pub fn new(read: ReadHalf) -> Incoming {
        Incoming { read, buf: BytesMut::with_capacity(READ_BYTES), decoder: Decoder::default() }
    }

    /// Returns the next message. Cancel-safe.
    ///
    /// # Errors
    /// If the connection is lost.
    pub async fn next(&mut self) -> Result<ServerMessage, Lost> {
        loop {
            if let Some(frame) = self.decoder.next(&mut self.buf)? {
                return ServerMessage::parse(frame).map_err(|bad| Lost::Unexpected(bad.msg));
            }
            self.buf.reserve(READ_BYTES);
            if self.read.read_buf(&mut self.buf).await? == 0 {
                return Err(Lost::Closed);
            }
        }
    }
}
