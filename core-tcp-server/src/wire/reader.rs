//! Reads frames off a socket. Holds no buffer while nothing is on its way: thousands of idle members cost little.

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
    /// What has arrived and is not a whole frame yet.
    pub buf: BytesMut,
    read_bytes: usize,
}

/// How frames stand in the bytes.
enum Framing {
    /// One behind the other.
    Lines(Decoder),
    /// One in each message of a WebSocket.
    Messages(Box<MessageDecoder>),
}

/// Why there is no next frame.
#[derive(Debug)]
pub enum End {
    /// The other side has said all that it had to say.
    Eof,
    /// We are closing.
    Closing,
    /// The bytes are no frame; why.
    Bad(String),
    /// The socket broke.
    Broken,
}

impl FrameReader {
    /// Over a socket of which `buf` has been read already.
    pub fn new(stream: Arc<Stream>, sender: Arc<ConnectionSender>, buf: BytesMut) -> Self {
        Self { stream, sender, framing: Framing::Lines(Decoder::default()), buf, read_bytes: READ_BYTES_MIN }
    }

    /// The same over a WebSocket, after its upgrade.
    pub fn messages(stream: Arc<Stream>, sender: Arc<ConnectionSender>, buf: BytesMut) -> Self {
        Self { framing: Framing::Messages(Box::default()), ..Self::new(stream, sender, buf) }
    }

    /// The most bytes that a message may have from now on. Lines have limits of their own.
    pub fn limit_messages(&mut self, bytes_max: usize) {
        if let Framing::Messages(decoder) = &mut self.framing {
            decoder.set_limit(bytes_max);
        }
    }

    /// Messages may be as long as the protocol allows.
    pub fn unlimit_messages(&mut self) {
        self.limit_messages(MESSAGE_BYTES_MAX);
    }

    /// The next frame.
    ///
    /// # Errors
    /// Why there is none.
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
                        // Whoever only pings and reads nothing is not read either.
                        self.sender.has_room().await;
                        continue;
                    }
                    Ok(Some(FromClient::Pong)) => continue,
                    Ok(Some(FromClient::Close(code))) => {
                        // Set once: the first close is the one that is answered.
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
            // As above.
            let _ = self.sender.close_code.set(Some(Code::TooLarge.close_code()));
        }
        End::Bad(error.to_string())
    }

    /// Reads and drops what still comes, until the other side ends too: a socket that is closed over unread bytes
    /// resets, and what we wrote last would be lost.
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

    /// Waits for bytes and takes them.
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
