//! Connections for reading. They see what is committed, block no writer, and are used on threads that may block.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::schema::open_reader;
use crate::limits::STORE_READERS_MAX;
use crate::refusal::Refusal;

pub(super) struct Readers {
    /// Held only while a connection is taken or put back.
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let idle = (0..STORE_READERS_MAX).map(|_| open_reader(path)).collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(Self { idle: Arc::new(Mutex::new(idle)), permits: Arc::new(Semaphore::new(STORE_READERS_MAX)) })
    }

    pub(super) async fn read<T, F>(&self, read: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Refusal> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(Refusal::internal)?;
        let idle = Arc::clone(&self.idle);
        let task = tokio::task::spawn_blocking(move || {
            let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            // One connection per permit: there is always one, unless a read panicked with it.
            let conn = taken.ok_or_else(|| Refusal::internal("a database reader was lost"))?;
            let result = read(&conn);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
            drop(permit);
            result
        });
        task.await.map_err(Refusal::internal)?
    }
}
