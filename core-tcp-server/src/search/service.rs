//! The index as the rest of the core uses it: it is started, stopped, and told what there is to read.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use wardroom_protocol::RunId;

use super::index;
use super::paths::Paths;
use super::signal::Signal;
use super::turns::{Turn, Turns};
use crate::error::Error;
use crate::store::{Published, RoomId, Store, UserId};

/// The index and its searches.
pub struct Search {
    pub(super) paths: Arc<Paths>,
    pub(super) signal: Arc<Signal>,
    pub(super) turns: Arc<Turns>,
    /// Held while the thread is started or stopped.
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Search {
    /// Creates the index of a data folder. [`Search::start`] opens it.
    pub fn new(data: &Path, store: &Path) -> Self {
        let paths = Paths { index: data.join("search.db"), store: store.to_owned(), runs: data.join("runs") };
        Self { paths: Arc::new(paths), signal: Arc::default(), turns: Arc::default(), thread: Mutex::default() }
    }

    /// Waits for a turn to look for something, here or in the output of one run.
    ///
    /// # Errors
    /// See [`Turns::take`].
    pub async fn turn(&self, user: UserId) -> Result<Turn, Error> {
        self.turns.take(user).await
    }

    /// Starts the index's thread.
    ///
    /// # Errors
    /// If no thread can be created.
    pub fn start(&self, store: &Store) -> Result<(), Error> {
        let (paths, signal, store) = (Arc::clone(&self.paths), Arc::clone(&self.signal), store.clone());
        let thread = std::thread::Builder::new().name("search".into());
        let thread = thread.spawn(move || index::run(&paths, &store, &signal)).map_err(Error::internal)?;
        *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(())
    }

    /// Stops the thread after its current transaction.
    pub async fn stop(&self) {
        self.signal.stop();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            drop(tokio::task::spawn_blocking(move || thread.join()).await);
        }
    }

    /// Reports committed events.
    pub fn published(&self, events: &[Published]) {
        self.signal.moved(events.iter().map(|event| event.room));
    }

    /// Reports that `upto` bytes of a run's output are on disk.
    pub fn printed(&self, run: RunId, upto: u64) {
        self.signal.printed(run, upto);
    }

    /// Reports that everything before `first` was removed from a room.
    pub fn trimmed(&self, room: RoomId, first: u64) {
        self.signal.trimmed(room, first);
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        self.signal.stop();
    }
}
