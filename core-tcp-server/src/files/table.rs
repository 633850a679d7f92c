//! The rows of uploads and files: written in the store's transactions, read outside of them. Contains no rules.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use wardroom_protocol::messages::IfExists;
use wardroom_protocol::{Nonce, RelPath, UploadId};

use super::beneath::Stamp;
use crate::error::Error;
use crate::store::{RoomId, UserId};

/// An upload's row.
#[derive(Clone, Debug)]
pub struct UploadRow {
    pub id: UploadId,
    pub room: RoomId,
    pub by: UserId,
    pub path: RelPath,
    pub size: u64,
    pub mtime_ms: Option<u64>,
    pub if_exists: IfExists,
    pub nonce: Nonce,
    /// When it was started, in Unix milliseconds.
    pub at: u64,
    /// Its digest, once the rename into room storage has started.
    pub blake3: Option<String>,
    /// The path chosen then.
    pub placed: Option<RelPath>,
    /// The `seq` of its event in the room, once it is over.
    pub seq: Option<u64>,
}

/// SQLite's integers are signed; ours stay below 2^53.
fn as_sql(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn from_sql(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// An inode number may use all 64 bits.
fn ino_as_sql(ino: u64) -> i64 {
    ino.cast_signed()
}

const COLUMNS: &str = "id, room, by, path, size, mtime, if_exists, nonce, at, blake3, placed, seq";

fn if_exists_as_sql(if_exists: IfExists) -> &'static str {
    match if_exists {
        IfExists::Fail => "fail",
        IfExists::Replace => "replace",
        IfExists::Rename => "rename",
    }
}

fn read_row(row: &Row<'_>) -> Result<UploadRow, Error> {
    let text = |at: usize| row.get::<_, String>(at);
    let placed: Option<String> = row.get(10)?;
    Ok(UploadRow {
        id: text(0)?.parse().map_err(Error::internal)?,
        room: RoomId(row.get(1)?),
        by: UserId(row.get(2)?),
        path: RelPath::parse(&text(3)?).map_err(Error::internal)?,
        size: from_sql(row.get(4)?),
        mtime_ms: row.get::<_, Option<i64>>(5)?.map(from_sql),
        if_exists: match text(6)?.as_str() {
            "replace" => IfExists::Replace,
            "rename" => IfExists::Rename,
            _ => IfExists::Fail,
        },
        nonce: Nonce::parse(&text(7)?).map_err(Error::internal)?,
        at: from_sql(row.get(8)?),
        blake3: row.get(9)?,
        placed: placed.map(|path| RelPath::parse(&path)).transpose().map_err(Error::internal)?,
        seq: row.get::<_, Option<i64>>(11)?.map(from_sql),
    })
}

/// Adds an upload.
pub fn insert_upload(conn: &Connection, row: &UploadRow) -> Result<(), Error> {
    conn.prepare_cached(
        "INSERT INTO uploads(id, room, by, path, size, mtime, if_exists, nonce, at) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
    )?
    .execute(params![
        row.id.to_string(),
        row.room.0,
        row.by.0,
        row.path.as_str(),
        as_sql(row.size),
        row.mtime_ms.map(as_sql),
        if_exists_as_sql(row.if_exists),
        row.nonce.as_str(),
        as_sql(row.at),
    ])?;
    Ok(())
}

/// Changes what happens to an existing file.
pub fn set_if_exists(conn: &Connection, id: UploadId, if_exists: IfExists) -> Result<(), Error> {
    conn.prepare_cached("UPDATE uploads SET if_exists = ?2 WHERE id = ?1")?
        .execute(params![id.to_string(), if_exists_as_sql(if_exists)])?;
    Ok(())
}

/// Records the target before the rename, so that it is known after a crash.
pub fn set_placed(conn: &Connection, id: UploadId, placed: Option<(&str, &RelPath)>) -> Result<(), Error> {
    let (blake3, path) = placed.unzip();
    let rows = conn
        .prepare_cached("UPDATE uploads SET blake3 = ?2, placed = ?3 WHERE id = ?1 AND seq IS NULL")?
        .execute(params![id.to_string(), blake3, path.map(RelPath::as_str)])?;
    if rows == 1 { Ok(()) } else { Err(Error::not_found("there is no such upload")) }
}

/// Records that an upload is over, and since when.
pub fn set_over(conn: &Connection, id: UploadId, seq: u64, now_ms: u64) -> Result<(), Error> {
    conn.prepare_cached("UPDATE uploads SET seq = ?2, at = ?3 WHERE id = ?1")?.execute(params![
        id.to_string(),
        as_sql(seq),
        as_sql(now_ms)
    ])?;
    Ok(())
}

/// Removes an upload.
pub fn delete_upload(conn: &Connection, id: UploadId) -> Result<(), Error> {
    conn.prepare_cached("DELETE FROM uploads WHERE id = ?1")?.execute([id.to_string()])?;
    Ok(())
}

/// Removes uploads that ended before a time.
pub fn delete_over(conn: &Connection, before_ms: u64) -> Result<(), Error> {
    conn.prepare_cached("DELETE FROM uploads WHERE seq IS NOT NULL AND at < ?1")?.execute([as_sql(before_ms)])?;
    Ok(())
}

/// Returns the upload that this user started with this nonce.
pub fn upload_by_nonce(conn: &Connection, by: UserId, nonce: &Nonce) -> Result<Option<UploadRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM uploads WHERE by = ?1 AND nonce = ?2");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params![by.0, nonce.as_str()])?;
    rows.next()?.map(read_row).transpose()
}

/// Returns this user's upload with this id.
pub fn upload_by_id(conn: &Connection, by: UserId, id: UploadId) -> Result<Option<UploadRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM uploads WHERE by = ?1 AND id = ?2");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params![by.0, id.to_string()])?;
    rows.next()?.map(read_row).transpose()
}

/// Returns all uploads that are not over.
pub fn open_uploads(conn: &Connection) -> Result<Vec<UploadRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM uploads WHERE seq IS NULL");
    let mut statement = conn.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read_row(row)?);
    }
    Ok(all)
}

/// Records a file and its digest.
pub fn put_file(
    conn: &Connection,
    (room, path): (RoomId, &RelPath),
    stamp: &Stamp,
    blake3: &str,
    (by, seq): (UserId, u64),
) -> Result<(), Error> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO files(room, path, size, mtime, ino, blake3, by, seq) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
    )?
    .execute(params![
        room.0,
        path.as_str(),
        as_sql(stamp.size),
        stamp.mtime_ns,
        ino_as_sql(stamp.ino),
        blake3,
        by.0,
        as_sql(seq),
    ])?;
    Ok(())
}

/// Returns true if the file with this stamp was added by this event of the room.
pub fn is_placed(conn: &Connection, room: RoomId, path: &str, stamp: &Stamp, seq: u64) -> Result<bool, Error> {
    let sql =
        "SELECT 1 FROM files WHERE room = ?1 AND path = ?2 AND seq = ?3 AND size = ?4 AND mtime = ?5 AND ino = ?6";
    let row = params![room.0, path, as_sql(seq), as_sql(stamp.size), stamp.mtime_ns, ino_as_sql(stamp.ino)];
    Ok(conn.prepare_cached(sql)?.exists(row)?)
}

/// Returns the digest of the file with this stamp.
pub fn digest(conn: &Connection, room: RoomId, path: &str, stamp: &Stamp) -> Result<Option<String>, Error> {
    let sql = "SELECT blake3 FROM files WHERE room = ?1 AND path = ?2 AND size = ?3 AND mtime = ?4 AND ino = ?5";
    let found = conn
        .prepare_cached(sql)?
        .query_row(params![room.0, path, as_sql(stamp.size), stamp.mtime_ns, ino_as_sql(stamp.ino)], |row| row.get(0))
        .optional()?;
    Ok(found)
}
