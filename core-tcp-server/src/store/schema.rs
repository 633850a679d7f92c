//! The tables, and the migration of older databases. Databases newer than this program are refused.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::clock::now_ms;
use crate::error::is_disk_full;
use crate::limits::{STORE_BUSY_MS, WAL_PAGES_MAX};
use crate::secrets::new_ulid;

/// "WRDM" identifies a database as ours.
const APPLICATION_ID: i64 = 0x5752_444d;

/// One script per version; the database's `user_version` is the number of scripts that have run.
const MIGRATIONS: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
    include_str!("schema_8.sql"),
    include_str!("schema_9.sql"),
    include_str!("schema_10.sql"),
    include_str!("schema_11.sql"),
    include_str!("schema_12.sql"),
    include_str!("schema_13.sql"),
    include_str!("schema_14.sql"),
    include_str!("schema_15.sql"),
];

/// Why a database cannot be used. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It belongs to another program.
    #[error("{0} is a database of another program: choose another data folder with --data")]
    Foreign(String),
    /// A newer Wardroom wrote it.
    #[error(
        "{0} was written by a newer wardroom (schema {1}; this one knows {2}): install that version or a newer one"
    )]
    Newer(String, i64, usize),
    /// The disk is full.
    #[error("the disk is full: {0} cannot be opened: free some space there, or choose another data folder with --data")]
    Full(String),
    /// Another error of SQLite.
    #[error("cannot open {0}: {1}")]
    Sqlite(String, rusqlite::Error),
}

impl OpenError {
    /// Converts an error of SQLite.
    pub(super) fn sqlite(shown: &str, e: rusqlite::Error) -> Self {
        if is_disk_full(&e) { Self::Full(shown.to_owned()) } else { Self::Sqlite(shown.to_owned(), e) }
    }
}

/// Opens the database for the writer, and creates or migrates its tables.
pub fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let shown = path.display().to_string();
    let wrap = |e| OpenError::sqlite(&shown, e);
    let mut conn = Connection::open(path).map_err(wrap)?;
    conn.busy_timeout(Duration::from_millis(STORE_BUSY_MS)).map_err(wrap)?;
    check_owner(&conn, &shown)?;
    // FULL: an acknowledged commit is on disk, even after a power cut. Checkpoints run on a thread of their own.
    // Deleted data is overwritten, not only unlinked.
    conn.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA foreign_keys=ON;
         PRAGMA secure_delete=ON;
         PRAGMA cache_size=-4096; PRAGMA temp_store=MEMORY;",
    )
    .map_err(wrap)?;
    // After a burst the file is truncated when the log restarts, because its length says whether a checkpoint is due.
    conn.pragma_update(None, "journal_size_limit", WAL_PAGES_MAX * 4_096).map_err(wrap)?;
    migrate(&mut conn, &shown)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

/// Opens the database for a reader, which cannot write.
pub fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(Duration::from_millis(STORE_BUSY_MS))?;
    conn.execute_batch("PRAGMA cache_size=-2048; PRAGMA query_only=ON;")?;
    conn.set_prepared_statement_cache_capacity(32);
    Ok(conn)
}

fn check_owner(conn: &Connection, shown: &str) -> Result<(), OpenError> {
    let wrap = |e| OpenError::sqlite(shown, e);
    let id: i64 = conn.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(wrap)?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(wrap)?;
    if id != APPLICATION_ID && (id != 0 || tables != 0) {
        return Err(OpenError::Foreign(shown.to_owned()));
    }
    Ok(())
}

fn migrate(conn: &mut Connection, shown: &str) -> Result<(), OpenError> {
    let wrap = |e| OpenError::sqlite(shown, e);
    let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(wrap)?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    if done > MIGRATIONS.len() {
        return Err(OpenError::Newer(shown.to_owned(), version, MIGRATIONS.len()));
    }
    if done == MIGRATIONS.len() {
        // Write nothing, so that data on a full disk can still be read.
        return Ok(());
    }
    let tx = conn.transaction().map_err(wrap)?;
    for script in MIGRATIONS.iter().skip(done) {
        tx.execute_batch(script).map_err(wrap)?;
    }
    if done == 0 {
        let epoch = new_ulid(now_ms()).to_string();
        tx.execute("INSERT INTO meta(key, value) VALUES('epoch', ?1)", [epoch]).map_err(wrap)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(wrap)?;
    }
    tx.pragma_update(None, "user_version", i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)).map_err(wrap)?;
    tx.commit().map_err(wrap)
}
