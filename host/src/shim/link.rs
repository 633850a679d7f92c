//! The connection to the host, of which there is one at a time: the last one counts.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::{Decoder, Message};

use super::wire::Request;
use crate::limits::{READ_BYTES, SHIM_BACKLOG_BYTES_MAX};

/// A connection to the host.
#[derive(Debug)]
pub struct Link {
    /// The socket; non-blocking.
    pub stream: UnixStream,
    buf: BytesMut,
    decoder: Decoder,
    out: BytesMut,
}

impl Link {
    /// Uses a socket from which nothing but the order has been read.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn new(stream: UnixStream) -> io::Result<Link> {
        stream.set_nonblocking(true)?;
        Ok(Link { stream, buf: BytesMut::new(), decoder: Decoder::default(), out: BytesMut::new() })
    }

    /// Returns true if something waits to be written.
    pub fn has_backlog(&self) -> bool {
        !self.out.is_empty()
    }

    /// Queues a notice.
    pub fn push<M: Message>(&mut self, notice: &M) {
        self.out.extend_from_slice(&encode(Number::None, notice));
    }

    /// Writes what the socket takes now. Returns false if the connection is lost.
    pub fn flush(&mut self) -> bool {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(count) => self.out.advance(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        // A host that reads nothing: it connects again when it is alive, and is told everything then.
        self.out.len() <= SHIM_BACKLOG_BYTES_MAX
    }

    /// Reads what is there. Returns the requests, and false if the connection is lost.
    pub fn receive(&mut self) -> (Vec<Request>, bool) {
        let mut requests = Vec::new();
        let mut chunk = [0; READ_BYTES / 4];
        let is_open = match self.stream.read(&mut chunk) {
            Ok(0) => false,
            Ok(count) => {
                self.buf.extend_from_slice(chunk.get(..count).unwrap_or_default());
                true
            }
            Err(error) => matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
        };
        loop {
            match self.decoder.next(&mut self.buf) {
                Ok(Some(frame)) => match Request::parse(frame) {
                    Ok(request) => requests.push(request),
                    Err(_) => return (requests, false),
                },
                Ok(None) => return (requests, is_open),
                Err(_) => return (requests, false),
            }
        }
    }

    /// Writes what is queued, and waits a moment for a host that is slow to read it.
    pub fn finish(mut self) {
        let _ = self.stream.set_nonblocking(false);
        let _ = self.stream.set_write_timeout(Some(Duration::from_secs(1)));
        // What a host misses is in the spool.
        let _ = self.stream.write_all(&self.out);
        self.out.clear();
    }
}
