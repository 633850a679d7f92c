//! `search.db`: built from the store, and rebuilt if it is missing, damaged, from another store or ahead of it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::limits::{CACHE_KIB, HASH_BYTES};
use crate::limits::STORE_BUSY_MS;
use crate::store::Store;

/// The version of the tables. An index with another version is rebuilt.
const VERSION: i64 = 3;

/// `at`: how far a room's events are read. `printed`: how far a run's output is read, until its end is read. `docs`: a
/// row for each text, in the order of time; `at` never decreases, so that a time is found by bisection. The two tables
/// of grams contain no text: it is in the store, or in the output of a run, from `off` on.
const TABLES: &str = "
    CREATE TABLE meta (epoch TEXT NOT NULL);
    CREATE TABLE at (room INTEGER PRIMARY KEY, seq INTEGER NOT NULL);
    CREATE TABLE printed (run TEXT PRIMARY KEY, room INTEGER NOT NULL, start INTEGER NOT NULL, off INTEGER NOT NULL);
    CREATE TABLE docs (
        id   INTEGER PRIMARY KEY,
        room INTEGER NOT NULL,
        seq  INTEGER NOT NULL,
        at   INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        off  INTEGER,
        len  INTEGER
    );
    CREATE INDEX docs_place ON docs(room, seq);
    CREATE VIRTUAL TABLE trigrams USING fts5(
        body, room, public, who, kind, content='', contentless_delete=1, detail=none, tokenize='trigram');
    CREATE VIRTUAL TABLE bigrams USING fts5(
        body, content='', contentless_delete=1, detail=none, tokenize='ascii');";

/// Opens the index for its only writer.
///
/// # Errors
/// If it can be neither opened nor rebuilt.
pub fn open_writer(path: &Path, store: &Store, heads: &Connection) -> rusqlite::Result<Connection> {
    match open(path).and_then(|conn| if is_of(&conn, store, heads)? { Ok(Some(conn)) } else { Ok(None) }) {
        Ok(Some(conn)) => return Ok(conn),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "the search index is damaged: it is made anew"),
    }
    remove(path);
    let conn = open(path)?;
    conn.execute_batch("BEGIN")?;
    conn.execute_batch(TABLES)?;
    conn.execute("INSERT INTO meta(epoch) VALUES(?1)", [store.epoch.to_string()])?;
    for table in ["trigrams", "bigrams"] {
        conn.execute(&format!("INSERT INTO {table}({table}, rank) VALUES('hashsize', ?1)"), [HASH_BYTES])?;
    }
    conn.pragma_update(None, "user_version", VERSION)?;
    conn.execute_batch("COMMIT")?;
    Ok(conn)
}

/// Opens the index for a reader.
///
/// # Errors
/// If it does not exist yet.
pub fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(Duration::from_millis(STORE_BUSY_MS))?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// Removes the index; the next start rebuilds it.
pub fn remove(path: &Path) {
    for end in ["db", "db-wal", "db-shm", "db-journal"] {
        // A missing file needs no removal, and one that cannot be removed is noticed when it is opened.
        let _ = std::fs::remove_file(path.with_extension(end));
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(Duration::from_millis(STORE_BUSY_MS))?;
    // NORMAL: after a power failure the last transactions may be missing, and are made again.
    conn.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;")?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    conn.set_prepared_statement_cache_capacity(32);
    Ok(conn)
}

/// Returns true if the index was built from this store and contains nothing that the store does not (as after the store
/// was restored from an older copy).
fn is_of(conn: &Connection, store: &Store, heads: &Connection) -> rusqlite::Result<bool> {
    let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version != VERSION {
        return Ok(false);
    }
    let epoch: String = conn.query_row("SELECT epoch FROM meta", [], |row| row.get(0))?;
    let mut rooms = conn.prepare("SELECT room, seq FROM at")?;
    let mut rows = rooms.query([])?;
    let mut head = heads.prepare("SELECT coalesce(max(seq), 0) FROM events WHERE room = ?1")?;
    while let Some(row) = rows.next()? {
        let (room, seq): (i64, i64) = (row.get(0)?, row.get(1)?);
        if head.query_row([room], |row| row.get::<_, i64>(0))? < seq {
            return Ok(false);
        }
    }
    Ok(epoch == store.epoch.to_string())
}
