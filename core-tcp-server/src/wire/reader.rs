//! Reads frames from a socket. It holds no buffer while nothing arrives, so thousands of idle members cost little.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::BytesMut;
use wardroom_protocol::websocket::{FromClient, MESSAGE_BYTES_MAX, MessageDecoder, MessageError, Opcode, control};
use wardroom_protocol::{Code, Decoder, Frame};

use super::stream::Stream;
use crate::clock::monotonic_ms;
use crate::limits::{READ_BYTES_MAX, READ_BYTES_MIN};
use crate::sender::{ConnectionSender, Item};

/// The incoming side of a connection.
pub struct FrameReader {
    stream: Arc<Stream>,
    sender: Arc<ConnectionSender>,
    framing: Framing,
    /// Bytes that have arrived but are not a whole frame yet.
    pub buf: BytesMut,
    read_bytes: usize,
}

/// How the bytes are divided into frames.
enum Framing {
    /// Lines, one after the other.
    Lines(Decoder),
    /// WebSocket messages, one frame each.
    Messages(Box<MessageDecoder>),
}

/// Why there is no next frame.
#[derive(Debug)]
pub enum End {
    /// The peer has finished sending.
    Eof,
    /// We are closing.
    Closing,
    /// The bytes are not a valid frame, for this reason.
    Bad(String),
    /// The socket broke.
    Broken,
}

impl FrameReader {
    /// Creates a reader of lines. `buf` contains bytes that were already read.
    pub fn new(stream: Arc<Stream>, sender: Arc<ConnectionSender>, buf: BytesMut) -> Self {
        Self { stream, sender, framing: Framing::Lines(Decoder::default()), buf, read_bytes: READ_BYTES_MIN }
    }

    /// Creates a reader of WebSocket messages, after the upgrade.
    pub fn messages(stream: Arc<Stream>, sender: Arc<ConnectionSender>, buf: BytesMut) -> Self {
        Self { framing: Framing::Messages(Box::default()), ..Self::new(stream, sender, buf) }
    }

    /// Limits the bytes of each message. Lines have limits of their own.
    pub fn limit_messages(&mut self, bytes_max: usize) {
        if let Framing::Messages(decoder) = &mut self.framing {
            decoder.set_limit(bytes_max);
        }
    }

    /// Allows messages as long as the protocol does.
    pub fn unlimit_messages(&mut self) {
        self.limit_messages(MESSAGE_BYTES_MAX);
    }

    /// Returns the next frame.
    ///
    /// # Errors
    /// If there is none: the reason.
    pub async fn next(&mut self) -> Result<Frame, End> {
        loop {
            if self.sender.is_closing() {
                return Err(End::Closing);
            }
            if !self.buf.is_empty() {
                match self.decode() {
                    Ok(Some(FromClient::Frame(frame))) => return Ok(frame),
                    Ok(Some(FromClient::Ping(payload))) => {
                        self.sender.push(Item::Control(control(Opcode::Pong, &payload)));
                        // A client that only pings and reads nothing is not read either.
                        self.sender.has_room().await;
                        continue;
                    }
                    Ok(Some(FromClient::Pong)) => continue,
                    Ok(Some(FromClient::Close(code))) => {
                        // Set only once: the first close gets the reply.
                        let _ = self.sender.close_code.set(code);
                        return Err(End::Eof);
                    }
                    Ok(None) => {}
                    Err(error) => return Err(self.bad(&error)),
                }
            }
            self.fill().await?;
        }
    }

    fn decode(&mut self) -> Result<Option<FromClient>, MessageError> {
        match &mut self.framing {
            Framing::Lines(decoder) => Ok(decoder.next(&mut self.buf)?.map(FromClient::Frame)),
            Framing::Messages(decoder) => decoder.next(&mut self.buf),
        }
    }

    fn bad(&self, error: &MessageError) -> End {
        if matches!(error, MessageError::TooLarge(_)) {
            // Set only once, as above.
            let _ = self.sender.close_code.set(Some(Code::TooLarge.close_code()));
        }
        End::Bad(error.to_string())
    }

    /// Reads and drops incoming bytes until the peer ends too: a socket that is closed with unread bytes sends a reset,
    /// and our last bytes would be lost.
    pub async fn drain(&mut self) {
        loop {
            self.buf.clear();
            self.buf.reserve(READ_BYTES_MIN);
            if self.stream.readable().await.is_err() {
                return;
            }
            match self.stream.try_read(&mut self.buf) {
                Ok(0) => return,
                Err(e) if e.kind() != io::ErrorKind::WouldBlock => return,
                _ => {}
            }
        }
    }

    /// Waits for bytes and reads them.
    async fn fill(&mut self) -> Result<(), End> {
        if self.buf.is_empty() {
            // Frames may still hold the old buffer; an idle connection holds none.
            self.buf = BytesMut::new();
        }
        loop {
            tokio::select! {
                ready = self.stream.readable() => if ready.is_err() { return Err(End::Broken) },
                () = self.sender.closed() => return Err(End::Closing),
            }
            let wanted = match &self.framing {
                Framing::Lines(decoder) => decoder.wanted(self.buf.len()),
                Framing::Messages(decoder) => decoder.wanted(),
            };
            self.buf.reserve(wanted.max(self.read_bytes));
            match self.stream.try_read(&mut self.buf) {
                Ok(0) => return Err(End::Eof),
                Ok(count) => {
                    self.sender.heard_ms.store(monotonic_ms(), Ordering::Relaxed);
                    self.adapt(count);
                    return Ok(());
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    if self.buf.is_empty() {
                        self.buf = BytesMut::new();
                    }
                }
                Err(_) => return Err(End::Broken),
            }
        }
    }

    fn adapt(&mut self, count: usize) {
        if count >= self.read_bytes {
            self.read_bytes = (self.read_bytes * 2).min(READ_BYTES_MAX);
        } else if count < self.read_bytes / 8 {
            self.read_bytes = READ_BYTES_MIN;
        }
    }
}
