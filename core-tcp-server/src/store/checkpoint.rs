//! Moves the write-ahead log into the database, on a thread of its own, so that no post waits for it.
//!
//! While the core runs, all checkpoints are passive: they copy what no reader's snapshot holds back, and wait for
//! nobody. SQLite restarts the log at the first write that finds all of it copied and no reader in it. On a busy server
//! that moment never comes by itself, since posts are appended while the thread copies. So once the thread has copied
//! nearly everything, the writer copies the rest between two batches.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::schema::{OpenError, open_writer};
use crate::limits::{CHECKPOINT_EVERY_MS, WAL_PAGES_MAX, WAL_REST_PAGES_MAX};

/// The checkpoint thread. When dropped, it makes a last checkpoint and ends.
pub(super) struct Checkpointer {
    rest: Rest,
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Set if the writer must copy the rest of the log.
#[derive(Clone, Default)]
struct Rest(Arc<AtomicBool>);

pub(super) fn spawn(path: &Path) -> Result<Checkpointer, OpenError> {
    let conn = open_writer(path)?;
    let wal = path.with_extension("db-wal");
    let rest = Rest::default();
    let due = rest.clone();
    let (stop, stopped) = sync_channel::<()>(1);
    let thread = std::thread::Builder::new().name("checkpoint".into()).spawn(move || {
        while stopped.recv_timeout(Duration::from_millis(CHECKPOINT_EVERY_MS)) == Err(RecvTimeoutError::Timeout) {
            if pages_of(&wal) > WAL_PAGES_MAX && copy(&conn) <= WAL_REST_PAGES_MAX {
                due.0.store(true, Ordering::Release);
            }
        }
        // Nobody writes any more. If somebody still reads (a backup, say), the next start finds the log, and nothing is
        // lost.
        if let Err(error) = conn.busy_timeout(Duration::ZERO).and_then(|()| checkpoint(&conn, "TRUNCATE")) {
            tracing::debug!(%error, "the write-ahead log stays");
        }
    });
    let thread = thread.map_err(|e| {
        OpenError::Sqlite(path.display().to_string(), rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
    })?;
    Ok(Checkpointer { rest, stop: Some(stop), thread: Some(thread) })
}

impl Checkpointer {
    /// Copies the rest of the log, if requested. Called by the writer between two batches.
    pub(super) fn copy_rest(&self, conn: &Connection) {
        if self.rest.0.swap(false, Ordering::AcqRel) {
            copy(conn);
        }
    }
}

fn pages_of(wal: &Path) -> i64 {
    std::fs::metadata(wal).map_or(0, |m| i64::try_from(m.len() / 4_096).unwrap_or(0))
}

/// Copies as much as possible without waiting. Returns the number of pages left.
fn copy(conn: &Connection) -> i64 {
    checkpoint(conn, "PASSIVE").unwrap_or_else(|error| {
        // The next checkpoint tries again.
        tracing::warn!(%error, "checkpoint put off");
        i64::MAX
    })
}

/// Returns the number of pages in the log that are not copied yet.
fn checkpoint(conn: &Connection, mode: &str) -> rusqlite::Result<i64> {
    conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        let (log, copied): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(log - copied)
    })
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the checkpoint thread panicked");
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::schema::open_reader;
    use super::*;

    fn write(conn: &Connection, count: i64) {
        conn.execute_batch("BEGIN IMMEDIATE").unwrap();
        for n in 0..count {
            let text = "x".repeat(3_000);
            conn.execute(
                "INSERT INTO audit(at, by, address, action, subject, detail) VALUES(?1,'','','','',?2)",
                (n, text),
            )
            .unwrap();
        }
        conn.execute_batch("COMMIT").unwrap();
    }

    #[test]
    fn a_slow_reader_holds_up_no_writer_and_the_log_stays_small_without_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wardroom.db");
        let wal = path.with_extension("db-wal");
        let (writer, thread) = (open_writer(&path).unwrap(), open_writer(&path).unwrap());
        // SQLite would call this if it had to wait for somebody.
        let refuse: fn(i32) -> bool = |_| panic!("a checkpoint waits, and so do all who post");
        writer.busy_handler(Some(refuse)).unwrap();
        thread.busy_handler(Some(refuse)).unwrap();
        let reader = open_reader(&path).unwrap();
        let snapshot = reader.unchecked_transaction().unwrap();
        let seen =
            |conn: &Connection| conn.query_row("SELECT count(*) FROM audit", [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(seen(&snapshot), 0);
        for _ in 0..4 {
            write(&writer, WAL_PAGES_MAX);
            assert!(copy(&thread) > WAL_REST_PAGES_MAX, "the snapshot is kept");
            assert_eq!(seen(&snapshot), 0);
        }
        assert!(pages_of(&wal) > 3 * WAL_PAGES_MAX);
        drop(snapshot);
        // As on a busy server: there is always something new behind what the thread copied.
        for _ in 0..4 {
            let left = copy(&thread);
            assert_eq!(left, 0);
            write(&writer, 10);
            copy(&writer);
            write(&writer, WAL_PAGES_MAX / 2);
        }
        assert!(pages_of(&wal) <= WAL_PAGES_MAX, "{} pages", pages_of(&wal));
        assert_eq!(seen(&writer), 4 * WAL_PAGES_MAX + 4 * (WAL_PAGES_MAX / 2 + 10));
    }
}
