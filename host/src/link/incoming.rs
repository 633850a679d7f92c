//! Messages from the core as they arrive, and the reasons for which a connection is lost.

use std::io;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use wardroom_protocol::{DecodeError, Decoder, ServerMessage};

use super::dial::ReadHalf;
use crate::limits::READ_BYTES;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The operating system says so.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The core took too long.
    #[error("{0}")]
    TimedOut(&'static str),
    /// The core closed it.
    #[error("the core closed the connection")]
    Closed,
    /// The core refused the host, or sends it away.
    #[error("the core says: {0}")]
    Refused(String),
    /// What came is no frame.
    #[error("the core sent no frame: {0}")]
    Decode(#[from] DecodeError),
    /// What came has no meaning here.
    #[error("the core sent what is not understood: {0}")]
    Unexpected(String),
    /// The host stops.
    #[error("the host stops")]
    Stopping,
}

/// Frames as they come.
pub struct Incoming {
    read: ReadHalf,
    buf: BytesMut,
    decoder: Decoder,
}

impl Incoming {
    /// Of a connection from which nothing has been read.
    pub fn new(read: ReadHalf) -> Incoming {
        Incoming { read, buf: BytesMut::with_capacity(READ_BYTES), decoder: Decoder::default() }
    }

    /// The next message. Nothing is lost if the future is dropped.
    ///
    /// # Errors
    /// Why there will be none.
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
