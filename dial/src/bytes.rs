//! Any connection as bytes: for WebSocket, two tasks turn messages into frames as on TCP, and back. They end with the
//! halves that they were made for.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf};
use tokio_util::task::AbortOnDropHandle;
use wardroom_protocol::Decoder;

use crate::error::DialError;
use crate::limits::PIPE_BYTES;
use crate::open::{Link, ReadHalf, WriteHalf, dial};
use crate::server::Server;
use crate::web::{WebReader, WebWriter};

/// Connects, and returns bytes whatever the transport; the caller sets the timeout.
///
/// # Errors
/// [`DialError`]
pub async fn dial_bytes(server: &Server) -> Result<(ReadHalf, WriteHalf), DialError> {
    Ok(match dial(server).await? {
        Link::Bytes(reader, writer) => (reader, writer),
        Link::Web(reader, writer) => {
            let (near_in, far_in) = tokio::io::duplex(PIPE_BYTES);
            let (near_out, far_out) = tokio::io::duplex(PIPE_BYTES);
            let receiving = AbortOnDropHandle::new(tokio::spawn(receive(reader, far_in)));
            let sending = AbortOnDropHandle::new(tokio::spawn(send(far_out, writer)));
            (Box::new(Half { pipe: near_in, _task: receiving }), Box::new(Half { pipe: near_out, _task: sending }))
        }
    })
}

/// A pipe, and the task at its other end.
struct Half {
    pipe: DuplexStream,
    _task: AbortOnDropHandle<()>,
}

async fn receive(mut reader: WebReader, mut pipe: DuplexStream) {
    while let Ok(frame) = reader.next().await {
        let mut bytes = BytesMut::with_capacity(frame.line.len().saturating_add(frame.body.len()).saturating_add(1));
        bytes.extend_from_slice(&frame.line);
        bytes.extend_from_slice(b"\n");
        bytes.extend_from_slice(&frame.body);
        if pipe.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

async fn send(mut pipe: DuplexStream, mut writer: WebWriter) {
    let (mut decoder, mut buf) = (Decoder::default(), BytesMut::new());
    loop {
        match decoder.next(&mut buf) {
            Ok(Some(frame)) => {
                if writer.feed(frame.line, frame.body).await.is_err() {
                    return;
                }
            }
            // What was fed is sent before the wait for more.
            Ok(None) => {
                if writer.flush().await.is_err() || pipe.read_buf(&mut buf).await.is_ok_and(|count| count == 0) {
                    break;
                }
            }
            // The caller wrote what is no frame.
            Err(_) => break,
        }
    }
    writer.close().await;
}

impl AsyncRead for Half {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().pipe).poll_read(cx, buf)
    }
}

impl AsyncWrite for Half {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().pipe).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().pipe).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().pipe).poll_shutdown(cx)
    }
}
