//! The body of a download. A task holds the connection to the core, so that pings are answered while the browser takes
//! nothing; credit bounds what is buffered between the two. A body that breaks off never ends cleanly, so that the
//! client sees that it is incomplete. Its buffered data is dropped: the core may have cut the download because the
//! reader has lost the right to it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::{Notify, mpsc};
use wardroom_protocol::frame::Number;
use wardroom_protocol::messages::{FileAck, Pong, RunAck};
use wardroom_protocol::{RunId, ServerMessage, StreamId};

use crate::app::App;
use crate::core_link::{CoreLink, LinkError, closed, parse};
use crate::limits::{TRANSFER_PIECES_MAX, TRANSFER_WINDOW_BYTES};

/// What the core sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// A file.
    File(StreamId),
    /// The output of a run.
    Run(RunId),
}

/// How much the browser has taken, for the task that grants credit.
#[derive(Default)]
struct Taken {
    bytes: AtomicU64,
    more: Notify,
    /// The download broke off: nothing more is handed out.
    is_broken: AtomicBool,
}

/// Returns the bytes `first..first + len` of a download that the core has begun to send.
pub(crate) fn body(app: &Arc<App>, link: CoreLink, source: Source, first: u64, len: u64) -> Body {
    let (pieces, waiting) = mpsc::channel(TRANSFER_PIECES_MAX);
    let taken = Arc::new(Taken::default());
    let pump = Pump { link, source, off: first, end: first + len, pieces, taken: Arc::clone(&taken) };
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
    source: Source,
    off: u64,
    end: u64,
    pieces: mpsc::Sender<io::Result<Bytes>>,
    taken: Arc<Taken>,
}

impl Pump {
    async fn run(mut self, first: u64) {
        if let Err(error) = self.carry(first).await {
            tracing::warn!(source = ?self.source, off = self.off, %error, "a download broke off");
            self.taken.is_broken.store(true, Relaxed);
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
                        self.acknowledge(taken).await?;
                        acked = taken;
                    }
                    continue;
                }
                // The browser has left; the end of this connection tells the core.
                () = self.pieces.closed() => return Ok(()),
            };
            let (off, mut bytes) = match (parse(frame)?, self.source) {
                (ServerMessage::FileData(data, bytes), Source::File(stream)) if data.stream == stream => {
                    (data.off, bytes)
                }
                (ServerMessage::RunOutput(output, bytes), Source::Run(run)) if output.run == run => (output.off, bytes),
                (ServerMessage::FileEnd(_), Source::File(_)) | (ServerMessage::RunEnd(_), Source::Run(_)) => {
                    return Err(LinkError::Unexpected("the data ended early".to_owned()));
                }
                (ServerMessage::Err(err), source) if is_about(err.stream, source) => {
                    return Err(LinkError::Refused(Box::new(err)));
                }
                (ServerMessage::Ping(ping), _) => {
                    self.link.writer.send(Number::None, &Pong { n: ping.n }).await?;
                    continue;
                }
                _ => continue,
            };
            if off != self.off {
                return Err(LinkError::Unexpected(format!("data at {off} instead of {}", self.off)));
            }
            // A run that is still running sends more than was asked for.
            bytes.truncate(usize::try_from(self.end - self.off).unwrap_or(usize::MAX));
            self.off += bytes.len() as u64;
            if self.pieces.send(Ok(bytes)).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn acknowledge(&mut self, off: u64) -> Result<(), LinkError> {
        match self.source {
            Source::File(stream) => {
                let ack = FileAck { upload: None, stream: Some(stream), off };
                self.link.writer.send(Number::None, &ack).await
            }
            Source::Run(run) => self.link.writer.send(Number::None, &RunAck { run, off }).await,
        }
    }
}

/// Returns true if an error is about this download. One without a stream is: the connection serves nothing else.
fn is_about(stream: Option<StreamId>, source: Source) -> bool {
    match source {
        Source::File(file) => stream.is_none_or(|stream| stream == file),
        Source::Run(_) => stream.is_none(),
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
            Some(Ok(_)) if self.taken.is_broken.load(Relaxed) => Some(Err(io::ErrorKind::ConnectionAborted.into())),
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
