//! Moves the write-ahead log into the database, on a thread of its own, so that no post waits for it.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::schema::{OpenError, open_writer};
use crate::limits::{CHECKPOINT_EVERY_MS, WAL_PAGES_MAX};

/// The thread; dropped, it makes a last checkpoint and ends.
pub(super) struct Checkpointer {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

pub(super) fn spawn(path: &Path) -> Result<Checkpointer, OpenError> {
    let conn = open_writer(path)?;
    let wal = path.with_extension("db-wal");
    let (stop, stopped) = sync_channel::<()>(1);
    let thread = std::thread::Builder::new().name("checkpoint".into()).spawn(move || {
        while stopped.recv_timeout(Duration::from_millis(CHECKPOINT_EVERY_MS)) == Err(RecvTimeoutError::Timeout) {
            let pages = std::fs::metadata(&wal).map_or(0, |m| i64::try_from(m.len() / 4_096).unwrap_or(0));
            if pages > WAL_PAGES_MAX {
                // Most of it beside the writer; then what came meanwhile, which the writer waits for, so that it begins
                // the file anew instead of letting it grow.
                checkpoint(&conn, "PASSIVE");
                checkpoint(&conn, "RESTART");
            }
        }
        checkpoint(&conn, "TRUNCATE");
    });
    let thread = thread.map_err(|e| {
        OpenError::Sqlite(path.display().to_string(), rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
    })?;
    Ok(Checkpointer { stop: Some(stop), thread: Some(thread) })
}

fn checkpoint(conn: &rusqlite::Connection, mode: &str) {
    // A checkpoint that a reader holds up is made the next time.
    if let Err(error) = conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())) {
        tracing::warn!(%error, "checkpoint put off");
    }
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
