//! Database connections for reading. They see committed data, block no writer, and are used on blocking threads. Each
//! read has a time limit, because the write-ahead log cannot restart while it lasts.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::schema::open_reader;
use crate::error::Error;
use crate::limits::{READ_CHECK_STEPS, STORE_READERS_MAX};

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

    /// Runs a read. If it exceeds `limit`, SQLite interrupts the statement, and the result is `busy`.
    pub(super) async fn read<T, F>(&self, limit: Option<Duration>, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(Error::internal)?;
        let idle = Arc::clone(&self.idle);
        let task = tokio::task::spawn_blocking(move || {
            let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            // One connection per permit: there is always one, unless a read panicked with it.
            let conn = taken.ok_or_else(|| Error::internal("a database reader was lost"))?;
            let deadline = limit.map(|limit| Instant::now() + limit);
            conn.progress_handler(READ_CHECK_STEPS, deadline.map(|deadline| move || Instant::now() > deadline));
            let result = read(&conn);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
            drop(permit);
            result
        });
        task.await.map_err(Error::internal)?
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use wardroom_protocol::Code;

    use super::super::schema::open_writer;
    use super::*;

    #[tokio::test]
    async fn a_read_without_an_end_is_ended_and_its_connection_reads_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wardroom.db");
        drop(open_writer(&path).unwrap());
        let readers = Readers::open(&path).unwrap();
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let count = |conn: &Connection| Ok(conn.query_row(endless, [], |row| row.get::<_, i64>(0))?);
        for _ in 0..2 * STORE_READERS_MAX {
            let refused = readers.read(Some(Duration::from_millis(20)), count).await.unwrap_err();
            assert_eq!(refused.code, Code::Busy, "{refused}");
        }
        let rooms =
            |conn: &Connection| Ok(conn.query_row("SELECT count(*) FROM rooms", [], |row| row.get::<_, i64>(0))?);
        assert_eq!(readers.read(Some(Duration::from_secs(60)), rooms).await.unwrap(), 1);
    }
}
