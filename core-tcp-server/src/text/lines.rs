//! Reads a person's lines from a socket, and raw bytes after a command that announces them. Holds no buffer while
//! nothing is arriving. Does not interpret lines.

use std::io;
use std::sync::Arc;

use bytes::{Buf as _, Bytes, BytesMut};

use super::limits::RAW_BYTES_MAX;
use super::splitter::{Input, Splitter};
use crate::limits::READ_BYTES_MIN;
use crate::sender::ConnectionSender;
use crate::wire::stream::Stream;

/// Why there is no more input.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// The other side has closed its sending half.
    Eof,
    /// We are closing the connection.
    Closing,
    /// More bytes arrived than are allowed.
    TooMuch,
    /// The socket failed.
    Broken,
}

/// The incoming side of a person's connection.
pub struct LineReader {
    stream: Arc<Stream>,
    sender: Arc<ConnectionSender>,
    buf: BytesMut,
    splitter: Splitter,
    is_eof: bool,
    /// Bytes that may still be read; `None` for no limit.
    left: Option<usize>,
}

impl LineReader {
    /// Creates a reader on a socket from which `buf` has already been read; at most `bytes_max` bytes are read.
    pub fn new(stream: Arc<Stream>, sender: Arc<ConnectionSender>, buf: BytesMut, bytes_max: usize) -> Self {
        let left = Some(bytes_max.saturating_sub(buf.len()));
        Self { stream, sender, buf, splitter: Splitter::default(), is_eof: false, left }
    }

    /// Removes the limit on bytes, after sign-in.
    pub fn unbind(&mut self) {
        self.left = None;
    }

    /// Returns the bytes that were read but not taken.
    pub fn into_buf(self) -> BytesMut {
        self.buf
    }

    /// Returns the first byte of the next line that is not empty. Only consumes empty lines.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn peek(&mut self) -> Result<u8, End> {
        loop {
            while let Some(b'\r' | b'\n') = self.buf.first() {
                self.buf.advance(1);
            }
            match self.buf.first() {
                Some(first) => return Ok(*first),
                None => self.fill(READ_BYTES_MIN).await?,
            }
        }
    }

    /// Returns the next line. Cancelling the wait loses nothing.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn next(&mut self) -> Result<Input, End> {
        loop {
            if self.sender.is_closing() {
                return Err(End::Closing);
            }
            if let Some(input) = self.splitter.next(&mut self.buf) {
                return Ok(input);
            }
            match self.fill(READ_BYTES_MIN).await {
                Err(End::Eof) => return self.splitter.rest().ok_or(End::Eof),
                other => other?,
            }
        }
    }

    /// Returns the next raw bytes: at least one, at most `count`, which is not 0.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn raw(&mut self, count: u64) -> Result<Bytes, End> {
        while self.buf.is_empty() {
            if self.sender.is_closing() {
                return Err(End::Closing);
            }
            self.fill(RAW_BYTES_MAX).await?;
        }
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(RAW_BYTES_MAX).min(self.buf.len());
        Ok(self.buf.split_to(count).freeze())
    }

    /// Reads and drops the remaining input until the other side closes: closing a socket with unread bytes resets it,
    /// and our last lines would be lost.
    pub async fn drain(&mut self) {
        self.left = None;
        while !self.is_eof {
            self.buf.clear();
            if self.stream.readable().await.is_err() || matches!(self.read(READ_BYTES_MIN), Err(_) | Ok(false)) {
                return;
            }
        }
    }

    async fn fill(&mut self, count: usize) -> Result<(), End> {
        if self.buf.is_empty() {
            // An idle connection holds no buffer.
            self.buf = BytesMut::new();
        }
        loop {
            if self.is_eof {
                return Err(End::Eof);
            }
            tokio::select! {
                ready = self.stream.readable() => if ready.is_err() { return Err(End::Broken) },
                () = self.sender.closed() => return Err(End::Closing),
            }
            if self.read(count)? {
                return Ok(());
            }
        }
    }

    /// Reads what is available. Returns false if that is nothing.
    fn read(&mut self, count: usize) -> Result<bool, End> {
        let left = self.left.unwrap_or(usize::MAX);
        if left == 0 {
            return Err(End::TooMuch);
        }
        self.buf.reserve(count.min(left));
        match self.stream.try_read(&mut self.buf) {
            Ok(0) => {
                self.is_eof = true;
                Err(End::Eof)
            }
            Ok(count) => {
                self.left = self.left.map(|left| left.saturating_sub(count));
                Ok(true)
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                if self.buf.is_empty() {
                    self.buf = BytesMut::new();
                }
                Ok(false)
            }
            Err(_) => Err(End::Broken),
        }
    }
}
