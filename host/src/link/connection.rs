//! One connection, from the dial to its loss: hello, welcome, then a reader and a writer until either ends.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{HostHello, HostWelcome};
use wardroom_protocol::{DecodeError, Decoder, ServerMessage, VERSION};

use super::cursors::Cursors;
use super::dial::{ReadHalf, dial};
use super::{Identity, reader, writer};
use crate::limits::{CONNECT_TIMEOUT_MS, READ_BYTES};
use crate::runs::Runs;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The operating system says so.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The core took too long.
    #[error("{0}")]
    TimedOut(&'static str),
    /// The core closed it.
    #[error("the core closed the connection")]
    Closed,
    /// The core refused the host, or sends it away.
    #[error("the core says: {0}")]
    Refused(String),
    /// What came is no frame.
    #[error("the core sent no frame: {0}")]
    Decode(#[from] DecodeError),
    /// What came has no meaning here.
    #[error("the core sent what is not understood: {0}")]
    Unexpected(String),
    /// The host stops.
    #[error("the host stops")]
    Stopping,
}

/// Frames as they come.
pub struct Incoming {
    read: ReadHalf,
    buf: BytesMut,
    decoder: Decoder,
}

impl Incoming {
    /// Of a connection from which nothing has been read.
    pub fn new(read: ReadHalf) -> Incoming {
        Incoming { read, buf: BytesMut::with_capacity(READ_BYTES), decoder: Decoder::default() }
    }

    /// The next message. Nothing is lost if the future is dropped.
    ///
    /// # Errors
    /// Why there will be none.
    pub async fn next(&mut self) -> Result<ServerMessage, Lost> {
        loop {
            if let Some(frame) = self.decoder.next(&mut self.buf)? {
                return ServerMessage::parse(frame).map_err(|bad| Lost::Unexpected(bad.msg));
            }
            self.buf.reserve(READ_BYTES);
            if self.read.read_buf(&mut self.buf).await? == 0 {
                return Err(Lost::Closed);
            }
        }
    }
}

/// Serves one connection, and says why it was lost.
pub async fn serve(
    identity: &Identity,
    runs: &Arc<Runs>,
    welcomed: &mut Option<oneshot::Sender<()>>,
    stop: &CancellationToken,
) -> Lost {
    let bound = Duration::from_millis(CONNECT_TIMEOUT_MS);
    let (read, mut write) = match timeout(bound, dial(&identity.core)).await {
        Ok(Ok(halves)) => halves,
        Ok(Err(error)) => return error.into(),
        Err(_) => return Lost::TimedOut("the core does not answer"),
    };
    let mut incoming = Incoming::new(read);
    let hello = HostHello { v: VERSION, key: identity.key.clone(), host: identity.name.clone(), runs: runs.list() };
    let hello = encode(Number::None, &hello);
    let opening = async {
        write.write_all(&hello).await?;
        welcome(&mut incoming).await
    };
    let welcome = match timeout(bound, opening).await {
        Ok(Ok(welcome)) => welcome,
        Ok(Err(lost)) => return lost,
        Err(_) => return Lost::TimedOut("the core does not welcome this host"),
    };
    tracing::info!(core = %identity.core, host = identity.name, runs = welcome.runs.len(), "welcomed by the core");
    if let Some(welcomed) = welcomed.take() {
        // Nobody need be waiting for it.
        let _ = welcomed.send(());
    }
    let cursors = Arc::new(Cursors::new(&welcome));
    forget_unknown(runs, &welcome);
    runs.changed().notify_one();
    // Whichever ends first takes the other with it: both are dropped with this scope.
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(reader::read(incoming, Arc::clone(runs), Arc::clone(&cursors)));
    tasks.spawn(writer::write(write, Arc::clone(runs), cursors));
    tokio::select! {
        () = stop.cancelled() => Lost::Stopping,
        ended = tasks.join_next() => match ended {
            Some(Ok(lost)) => lost,
            _ => Lost::Stopping,
        }
    }
}

async fn welcome(incoming: &mut Incoming) -> Result<HostWelcome, Lost> {
    loop {
        match incoming.next().await? {
            ServerMessage::HostWelcome(welcome) => return Ok(welcome),
            ServerMessage::Err(refusal) => return Err(Lost::Refused(refusal.msg)),
            ServerMessage::Goaway(goaway) => return Err(Lost::Refused(goaway.reason)),
            _ => {}
        }
    }
}

/// What the core does not name, it does not want.
fn forget_unknown(runs: &Arc<Runs>, welcome: &HostWelcome) {
    for run in runs.all() {
        if !welcome.runs.iter().any(|wanted| wanted.run == run.id) {
            tracing::warn!(run = %run.id, "the core does not know a run of this host");
            runs.forget(run.id);
        }
    }
}
