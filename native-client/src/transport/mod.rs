//! Sockets: each connection has a task that reads frames in batches and one that writes them, over TCP, a unix socket
//! or WebSocket. The frames are not interpreted here.

mod event;
mod stream;

use tokio::sync::mpsc;

pub(crate) use self::event::{Event, Events, OutFrame};

use crate::limits::{FLUSH_TIMEOUT, WRITE_BATCHES};
use wardroom_dial::Server;

/// An open (or opening) connection. On drop it sends what is queued, for a short while, and closes.
#[derive(Debug)]
pub(crate) struct Connection {
    out: Option<mpsc::Sender<Vec<OutFrame>>>,
    reader: tokio::task::JoinHandle<()>,
    writer: tokio::task::JoinHandle<()>,
}

impl Connection {
    /// Opens a connection in the background; its events are sent to `events`.
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
            // The receiver is gone only when the whole command has ended.
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

    /// Returns the sender for batches of frames.
    pub(crate) fn out(&self) -> Option<&mpsc::Sender<Vec<OutFrame>>> {
        self.out.as_ref()
    }

    /// Sends the rest, and closes once the other end has read it: a socket that is closed with unread bytes is reset,
    /// and what was sent last may be lost. The caller must keep reading events meanwhile.
    pub(crate) async fn finish(mut self, rest: Vec<OutFrame>) {
        if let Some(out) = self.out.take() {
            let flushed = async {
                if out.send(rest).await.is_ok() {
                    drop(out);
                    (&mut self.writer).await.ok();
                    (&mut self.reader).await.ok();
                }
            };
            // After the deadline the frames are dropped with the connection.
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
