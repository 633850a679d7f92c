//! `search.db`: made from the store, and made anew where it is missing, damaged, of another store or ahead of it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::limits::{CACHE_KIB, HASH_BYTES};
use crate::limits::STORE_BUSY_MS;
use crate::store::Store;

/// Version of the tables; another one is made anew.
const VERSION: i64 = 3;

/// `at`: how far a room's events are read. `printed`: how far the output of a run is that has not ended, or whose end is not
/// read. `docs`: a row for each text, in the order of time. `at` never goes back, so that a time is found by bisection. The
/// two tables of grams hold no text: it is in the store, or in the output of a run, from `off` on.
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

/// Opens the index for its one writer.
///
/// # Errors
/// Where it can neither be opened nor be made anew.
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

/// Opens it for a reader.
///
/// # Errors
/// Where it is not there yet.
pub fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(Duration::from_millis(STORE_BUSY_MS))?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// Removes it; the next start makes it anew.
pub fn remove(path: &Path) {
    for end in ["db", "db-wal", "db-shm", "db-journal"] {
        // What is not there needs no removing, and what cannot be removed is found when it is opened.
        let _ = std::fs::remove_file(path.with_extension(end));
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(Duration::from_millis(STORE_BUSY_MS))?;
    // NORMAL: after a power cut the last transactions may be missing, and are made again.
    conn.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;")?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    conn.set_prepared_statement_cache_capacity(32);
    Ok(conn)
}

/// True where it was made from this store, and holds nothing that the store does not (one that was put back from an
/// older copy).
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
