//! The two halves of a connection over any transport; and byte streams (TCP, unix, TLS) as frames.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use wardroom_client_core::Disconnect;
use wardroom_dial::{DialError, Link, Server, WebEnd, WebReader, WebWriter, io_words};
use wardroom_protocol::{Decoder, Frame};

use super::event::{Event, Events, OutFrame};
use crate::limits::READ_BYTES;

/// The reading half.
pub(super) enum ReadHalf {
    /// A stream of bytes.
    Bytes(wardroom_dial::ReadHalf),
    /// WebSocket messages.
    Web(WebReader),
}

/// The writing half.
pub(super) enum WriteHalf {
    /// A stream of bytes.
    Bytes(wardroom_dial::WriteHalf),
    /// WebSocket messages.
    Web(WebWriter),
}

/// Opens a connection.
pub(super) async fn open(server: &Server) -> Result<(ReadHalf, WriteHalf), Disconnect> {
    match wardroom_dial::dial(server).await {
        Ok(Link::Bytes(reader, writer)) => Ok((ReadHalf::Bytes(reader), WriteHalf::Bytes(writer))),
        Ok(Link::Web(reader, writer)) => Ok((ReadHalf::Web(reader), WriteHalf::Web(writer))),
        Err(error @ DialError::SignedOut) => Err(Disconnect::SignedOut(error.to_string())),
        Err(error) => Err(Disconnect::Network(error.to_string())),
    }
}

impl ReadHalf {
    /// Reads until the connection ends, and returns why.
    pub(super) async fn read_all(self, conn: u64, events: &Events) -> Disconnect {
        match self {
            ReadHalf::Bytes(reader) => read_bytes(reader, conn, events).await,
            ReadHalf::Web(reader) => read_messages(reader, conn, events).await,
        }
    }
}

impl WriteHalf {
    /// Writes batches until there are no more, then closes. Ends if the socket takes no more: the reader reports why.
    pub(super) async fn write_all(self, batches: mpsc::Receiver<Vec<OutFrame>>) {
        match self {
            WriteHalf::Bytes(writer) => write_bytes(writer, batches).await,
            WriteHalf::Web(writer) => write_messages(writer, batches).await,
        }
    }
}

async fn read_bytes(mut reader: Box<dyn AsyncRead + Send + Unpin>, conn: u64, events: &Events) -> Disconnect {
    let mut decoder = Decoder::default();
    let mut buf = BytesMut::with_capacity(READ_BYTES);
    let mut is_first = true;
    loop {
        let mut frames: Vec<Frame> = Vec::new();
        loop {
            match decoder.next(&mut buf) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(e) => return Disconnect::Network(format!("the server sent an invalid frame: {e}")),
            }
        }
        if !frames.is_empty() && events.send((conn, Event::Frames(frames))).await.is_err() {
            return Disconnect::Network("the command is over".to_owned());
        }
        if buf.capacity().saturating_sub(buf.len()) < READ_BYTES / 4 {
            buf.reserve(READ_BYTES);
        }
        match reader.read_buf(&mut buf).await {
            Ok(0) => return Disconnect::Network("the server closed the connection".to_owned()),
            Ok(_) if is_first && buf.starts_with(b"HTTP/") => {
                return Disconnect::Network("a web server answers there; name it by http:// or https://".to_owned());
            }
            Ok(_) => is_first = false,
            Err(e) => return Disconnect::Network(format!("the connection broke: {}", io_words(&e))),
        }
    }
}

async fn read_messages(mut reader: WebReader, conn: u64, events: &Events) -> Disconnect {
    loop {
        let frame = match reader.next().await {
            Ok(frame) => frame,
            Err(WebEnd::SignedOut(why)) => return Disconnect::SignedOut(why),
            Err(WebEnd::Lost(why)) => return Disconnect::Network(why),
        };
        if events.send((conn, Event::Frames(vec![frame]))).await.is_err() {
            return Disconnect::Network("the command is over".to_owned());
        }
    }
}

async fn write_messages(mut writer: WebWriter, mut batches: mpsc::Receiver<Vec<OutFrame>>) {
    while let Some(batch) = batches.recv().await {
        for OutFrame { line, body } in batch {
            if writer.feed(line, body).await.is_err() {
                return;
            }
        }
        if writer.flush().await.is_err() {
            return;
        }
    }
    writer.close().await;
}

async fn write_bytes(mut writer: Box<dyn AsyncWrite + Send + Unpin>, mut batches: mpsc::Receiver<Vec<OutFrame>>) {
    while let Some(batch) = batches.recv().await {
        let parts = batch.into_iter().flat_map(|frame| [frame.line, frame.body]).filter(|part| !part.is_empty());
        if write_parts(&mut writer, parts.collect()).await.is_err() {
            return;
        }
    }
    writer.shutdown().await.ok();
}

/// Writes many parts with as few calls as the system allows.
async fn write_parts(writer: &mut (dyn AsyncWrite + Send + Unpin), mut parts: VecDeque<Bytes>) -> io::Result<()> {
    const PARTS_PER_CALL: usize = 64;
    while !parts.is_empty() {
        let slices: Vec<IoSlice<'_>> = parts.iter().take(PARTS_PER_CALL).map(|part| IoSlice::new(part)).collect();
        let mut written = writer.write_vectored(&slices).await?;
        if written == 0 {
            return Err(io::Error::from(io::ErrorKind::WriteZero));
        }
        while let Some(part) = parts.front_mut() {
            if written < part.len() {
                part.advance(written);
                break;
            }
            written = written.saturating_sub(part.len());
            parts.pop_front();
        }
    }
    writer.flush().await
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn parts_arrive_whole_through_a_narrow_pipe() {
        let (mut near, mut far) = tokio::io::duplex(7);
        let parts: VecDeque<Bytes> = (0..200u8).map(|n| Bytes::from(vec![n; usize::from(n) % 5 + 1])).collect();
        let expected: Vec<u8> = parts.iter().flat_map(|part| part.to_vec()).collect();
        let writing = tokio::spawn(async move {
            write_parts(&mut near, parts).await.unwrap();
        });
        let mut got = Vec::new();
        far.read_to_end(&mut got).await.unwrap();
        writing.await.unwrap();
        assert_eq!(got, expected);
    }
}
