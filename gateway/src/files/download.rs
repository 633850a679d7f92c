//! The body of a download. A task holds the connection to the core, so that its pings are answered while the browser
//! takes nothing; credit bounds what waits between the two. A body that breaks off is never ended cleanly: the client
//! must see that it has not got all.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::{Notify, mpsc};
use wardroom_protocol::frame::Number;
use wardroom_protocol::messages::{FileAck, Pong};
use wardroom_protocol::{ServerMessage, StreamId};

use crate::app::App;
use crate::core_link::{CoreLink, LinkError, closed, parse};
use crate::limits::{TRANSFER_PIECES_MAX, TRANSFER_WINDOW_BYTES};

/// What the browser has taken, told to the task that gives credit for it.
#[derive(Default)]
struct Taken {
    bytes: AtomicU64,
    more: Notify,
}

/// The bytes `first..first + len` of a download that the core has begun to send.
pub(crate) fn body(app: &Arc<App>, link: CoreLink, stream: StreamId, first: u64, len: u64) -> Body {
    let (pieces, waiting) = mpsc::channel(TRANSFER_PIECES_MAX);
    let taken = Arc::new(Taken::default());
    let pump = Pump { link, stream, off: first, end: first + len, pieces, taken: Arc::clone(&taken) };
    app.tasks.spawn({
        let app = Arc::clone(app);
        async move {
            tokio::select! {
                () = pump.run(first) => {}
                () = app.cut.cancelled() => {}
            }
        }
    });
    Body::from_stream(Pieces { waiting, taken, left: len })
}

struct Pump {
    link: CoreLink,
    stream: StreamId,
    off: u64,
    end: u64,
    pieces: mpsc::Sender<io::Result<Bytes>>,
    taken: Arc<Taken>,
}

impl Pump {
    async fn run(mut self, first: u64) {
        if let Err(error) = self.carry(first).await {
            tracing::warn!(stream = %self.stream, off = self.off, %error, "a download broke off");
            let _ = self.pieces.send(Err(io::Error::other(error))).await;
        }
    }

    async fn carry(&mut self, first: u64) -> Result<(), LinkError> {
        let mut acked = first;
        while self.off < self.end {
            let frame = tokio::select! {
                frame = self.link.reader.next() => frame?.ok_or_else(closed)?,
                () = self.taken.more.notified() => {
                    let taken = first + self.taken.bytes.load(Relaxed);
                    // A quarter of the window at a time: few acks, and the core never waits for one.
                    if taken - acked >= TRANSFER_WINDOW_BYTES / 4 {
                        let ack = FileAck { upload: None, stream: Some(self.stream), off: taken };
                        self.link.writer.send(Number::None, &ack).await?;
                        acked = taken;
                    }
                    continue;
                }
                // The browser has left; the core sees it by the end of this connection.
                () = self.pieces.closed() => return Ok(()),
            };
            match parse(frame)? {
                ServerMessage::FileData(data, bytes) if data.stream == self.stream => {
                    if data.off != self.off || self.end - self.off < bytes.len() as u64 {
                        return Err(LinkError::Unexpected(format!("data at {} instead of {}", data.off, self.off)));
                    }
                    self.off += bytes.len() as u64;
                    if self.pieces.send(Ok(bytes)).await.is_err() {
                        return Ok(());
                    }
                }
                ServerMessage::FileEnd(end) if end.stream == self.stream => {
                    return Err(LinkError::Unexpected("the file ended early".to_owned()));
                }
                ServerMessage::Err(err) if err.stream.is_none_or(|stream| stream == self.stream) => {
                    return Err(LinkError::Refused(Box::new(err)));
                }
                ServerMessage::Ping(ping) => self.link.writer.send(Number::None, &Pong { n: ping.n }).await?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// The body as the HTTP server polls it.
struct Pieces {
    waiting: mpsc::Receiver<io::Result<Bytes>>,
    taken: Arc<Taken>,
    left: u64,
}

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.waiting.poll_recv(cx).map(|piece| match piece {
            Some(Ok(bytes)) => {
                let count = bytes.len() as u64;
                self.left = self.left.saturating_sub(count);
                self.taken.bytes.fetch_add(count, Relaxed);
                self.taken.more.notify_one();
                Some(Ok(bytes))
            }
            None if self.left > 0 => Some(Err(io::ErrorKind::UnexpectedEof.into())),
            other => other,
        })
    }
}
