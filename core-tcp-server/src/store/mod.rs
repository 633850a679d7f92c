//! The store: one SQLite file, one writer that commits all queued work as one transaction, and readers beside it.
//!
//! Services send closures over [`Tx`] to the writer. The events they append are encoded once and published to the tails
//! after the commit, in commit order, before the requests are answered. The store knows no service.

mod amend;
mod checkpoint;
mod effect;
mod events;
mod ids;
mod numbering;
mod read_events;
mod readers;
mod schema;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use amend::{Amendment, check_fits};
pub use effect::{Amended, Effect, Mentions, Replaced};
pub use events::{NewEvent, Published};
pub use ids::{RoomId, UserId};
pub(crate) use ids::{as_sql, from_sql};
pub use numbering::Numbered;
pub use read_events::{Range, ReadEvent};
use readers::Readers;
pub use schema::{OpenError, open_reader};
use tokio::sync::{mpsc, oneshot};
use wardroom_protocol::Epoch;
pub use writer::{Batch, Tx};

use crate::error::Error;
use crate::limits::{PUBLISH_QUEUE_MAX, READ_MS_MAX, WRITE_QUEUE_MAX};

/// A handle to the store; clones share it. [`Store::close`] ends the writer after it has committed everything.
#[derive(Clone)]
pub struct Store {
    work: mpsc::Sender<writer::Message>,
    readers: Arc<Readers>,
    /// The identity of this database.
    pub epoch: Epoch,
}

/// The result of [`open`].
pub struct Opened {
    /// The handle.
    pub store: Store,
    /// Committed batches, in order.
    pub batches: mpsc::Receiver<Batch>,
    /// Ends after [`Store::close`], once all work is committed.
    pub writer: std::thread::JoinHandle<()>,
}

/// Opens or creates the database and starts its writer.
///
/// # Errors
/// If the database cannot be used. The [`OpenError`] says what to do.
pub fn open(path: &Path) -> Result<Opened, OpenError> {
    let wrap = |e| OpenError::sqlite(&path.display().to_string(), e);
    let conn = schema::open_writer(path)?;
    let epoch: String =
        conn.query_row("SELECT value FROM meta WHERE key = 'epoch'", [], |row| row.get(0)).map_err(wrap)?;
    let epoch: Epoch = epoch.parse().map_err(|_| OpenError::Foreign(path.display().to_string()))?;
    let readers = Arc::new(Readers::open(path).map_err(wrap)?);
    let (work, jobs) = mpsc::channel(WRITE_QUEUE_MAX);
    let (batches_in, batches) = mpsc::channel(PUBLISH_QUEUE_MAX);
    let checkpointer = checkpoint::spawn(path)?;
    let writer = writer::spawn(conn, jobs, batches_in, checkpointer);
    Ok(Opened { store: Store { work, readers, epoch }, batches, writer })
}

impl Store {
    /// Runs `work` in the next transaction, and returns its result once that is on disk. An error of `work` undoes what
    /// it wrote, and nothing else in the batch.
    ///
    /// # Errors
    /// If `work` fails, or the store cannot commit.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let job = writer::Job::atomic(work, move |result| drop(tell.send(result)));
        self.work.send(writer::Message::Job(job)).await.map_err(|_| stopping())?;
        told.await.unwrap_or_else(|_| Err(stopping()))
    }

    /// As [`Store::write`]; `apply` then applies the result to the state in memory. It runs after the commit, in commit
    /// order, even if the caller was cancelled while it waited, so that disk and memory never diverge.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_and_apply<T, U, F, A>(&self, work: F, apply: A) -> Result<U, Error>
    where
        T: Send + 'static,
        U: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
        A: FnOnce(T) -> U + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let done = move |result: Result<T, Error>| drop(tell.send(result.map(apply)));
        self.append_all(work, done).await?;
        told.await.unwrap_or_else(|_| Err(stopping()))
    }

    /// As [`Store::write`], for work of a single statement. The publisher passes the result to `done`: this is the path
    /// of chat messages, which costs no task. Waits only while the writer's queue is full.
    ///
    /// # Errors
    /// If the store is stopping; `done` is then dropped.
    pub async fn append<T, F, D>(&self, work: F, done: D) -> Result<(), Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
        D: FnOnce(Result<T, Error>) + Send + 'static,
    {
        let job = writer::Message::Job(writer::Job::single(work, done));
        self.work.send(job).await.map_err(|_| stopping())
    }

    /// As [`Store::append`], for work of several statements, which is undone as a whole if it fails.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn append_all<T, F, D>(&self, work: F, done: D) -> Result<(), Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
        D: FnOnce(Result<T, Error>) + Send + 'static,
    {
        let job = writer::Message::Job(writer::Job::atomic(work, done));
        self.work.send(job).await.map_err(|_| stopping())
    }

    /// Ends the writer after all queued work. Later work is refused.
    pub async fn close(&self) {
        // It may already have ended.
        let _ = self.work.send(writer::Message::Close).await;
    }

    /// Reads from a snapshot of the committed data, on a blocking thread, for at most [`READ_MS_MAX`].
    ///
    /// # Errors
    /// If `read` fails; `busy` if it takes too long.
    pub async fn read<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection) -> Result<T, Error> + Send + 'static,
    {
        self.readers.read(Some(Duration::from_millis(READ_MS_MAX)), read).await
    }

    /// As [`Store::read`], without a time limit. Used at start, before anybody waits.
    ///
    /// # Errors
    /// If `read` fails.
    pub async fn load<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection) -> Result<T, Error> + Send + 'static,
    {
        self.readers.read(None, read).await
    }
}

fn stopping() -> Error {
    Error::busy("the server is stopping", 2_000)
}
