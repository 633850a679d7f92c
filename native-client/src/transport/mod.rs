//! Sockets: one connection as a task that reads frames in batches and one that writes them, over TCP, a unix socket or
//! WebSocket. What the frames mean is not known here.

mod dial;
mod event;
mod stream;
mod tls;
mod web;

use tokio::sync::mpsc;

pub(crate) use self::event::{Event, Events, OutFrame};

use crate::limits::{FLUSH_TIMEOUT, WRITE_BATCHES};
use crate::server::Server;

/// An open (or opening) connection. Dropped, it sends what it was given, for a short while, and closes.
#[derive(Debug)]
pub(crate) struct Connection {
    out: Option<mpsc::Sender<Vec<OutFrame>>>,
    reader: tokio::task::JoinHandle<()>,
    writer: tokio::task::JoinHandle<()>,
}

impl Connection {
    /// Opens a connection in the background; what becomes of it is said to `events`.
    pub(crate) fn open(server: Server, conn: u64, events: Events) -> Connection {
        let (out, batches) = mpsc::channel(WRITE_BATCHES);
        let (write_half_there, write_half) = tokio::sync::oneshot::channel();
        let reader = tokio::spawn(async move {
            let lost = match stream::open(&server).await {
                Ok((reader, writer)) => {
                    if write_half_there.send(writer).is_err() || events.send((conn, Event::Connected)).await.is_err() {
                        return;
                    }
                    reader.read_all(conn, &events).await
                }
                Err(why) => why,
            };
            // The other end of the channel is gone only when the whole command is.
            events.send((conn, Event::Lost(lost))).await.ok();
        });
        let writer = tokio::spawn(async move {
            if let Ok(half) = write_half.await {
                let half: stream::WriteHalf = half;
                half.write_all(batches).await;
            }
        });
        Connection { out: Some(out), reader, writer }
    }

    /// Where batches of frames go.
    pub(crate) fn out(&self) -> Option<&mpsc::Sender<Vec<OutFrame>>> {
        self.out.as_ref()
    }

    /// Sends the rest, and closes once the other end has read it: a socket that is closed with bytes unread is reset,
    /// and what was sent on it last may be lost with it. Whoever calls this goes on taking events meanwhile.
    pub(crate) async fn finish(mut self, rest: Vec<OutFrame>) {
        if let Some(out) = self.out.take() {
            let flushed = async {
                if out.send(rest).await.is_ok() {
                    drop(out);
                    (&mut self.writer).await.ok();
                    (&mut self.reader).await.ok();
                }
            };
            // Beyond the deadline the frames are given up with the connection.
            tokio::time::timeout(FLUSH_TIMEOUT, flushed).await.ok();
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reader.abort();
        self.writer.abort();
    }
}
