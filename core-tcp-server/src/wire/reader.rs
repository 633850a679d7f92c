//! Reads frames off a socket. Holds no buffer while nothing is on its way: thousands of idle members cost little.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::BytesMut;
use wardroom_protocol::{DecodeError, Decoder, Frame};

use super::stream::Stream;
use crate::clock::now_ms;
use crate::limits::{READ_BYTES_MAX, READ_BYTES_MIN};
use crate::outlet::Outlet;

/// The incoming side of a connection.
pub struct FrameReader {
    stream: Arc<Stream>,
    outlet: Arc<Outlet>,
    decoder: Decoder,
    /// What has arrived and is not a whole frame yet.
    pub buf: BytesMut,
    read_bytes: usize,
}

/// Why there is no next frame.
#[derive(Debug)]
pub enum End {
    /// The other side has said all that it had to say.
    Eof,
    /// We are closing.
    Closing,
    /// The bytes are no frame.
    Bad(DecodeError),
    /// The socket broke.
    Broken,
}

impl FrameReader {
    /// Over a socket of which `buf` has been read already.
    pub fn new(stream: Arc<Stream>, outlet: Arc<Outlet>, buf: BytesMut) -> Self {
        Self { stream, outlet, decoder: Decoder::default(), buf, read_bytes: READ_BYTES_MIN }
    }

    /// The next frame.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn next(&mut self) -> Result<Frame, End> {
        loop {
            if self.outlet.is_closing() {
                return Err(End::Closing);
            }
            if !self.buf.is_empty() {
                match self.decoder.next(&mut self.buf) {
                    Ok(Some(frame)) => return Ok(frame),
                    Ok(None) => {}
                    Err(e) => return Err(End::Bad(e)),
                }
            }
            self.fill().await?;
        }
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
                () = self.outlet.closed() => return Err(End::Closing),
            }
            self.buf.reserve(self.decoder.wanted(self.buf.len()).max(self.read_bytes));
            match self.stream.try_read(&mut self.buf) {
                Ok(0) => return Err(End::Eof),
                Ok(count) => {
                    self.outlet.heard_ms.store(now_ms(), Ordering::Relaxed);
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
