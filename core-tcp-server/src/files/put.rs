//! Starting an upload: everything that can be refused before the first byte is refused here.

use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use tokio::task::spawn_blocking;
use wardroom_protocol::messages::{FilePut, FilePutOk, IfExists, Place};
use wardroom_protocol::{RelPath, UploadId};

use super::beneath::{Kind, refuse};
use super::face::Face;
use super::send::{discard, take_over};
use super::storage::RoomStorage;
use super::table::{self, UploadRow};
use super::upload::{Ending, Upload};
use crate::clock::{monotonic_ms, now_ms};
use crate::error::Error;
use crate::limits::{
    FREE_BYTES_MIN, UPLOAD_IDLE_MS, UPLOAD_WAIT_MS, UPLOAD_WINDOW_BYTES, UPLOADS_MAX, UPLOADS_PER_USER_MAX,
};
use crate::policy::Member;
use crate::rooms::Room;
use crate::secrets::new_ulid;
use crate::sender::ConnectionSender;
use crate::state::State;
use crate::store::UserId;

/// Starts an upload, or finds the one that this user started with this nonce. This connection then holds it. If the
/// upload is already over, the offset in the answer is the size: nothing is left to send, and a commit answers as
/// before. A retry may name another `if_exists`: if the name turns out to be taken, the bytes need not be sent again.
///
/// # Errors
/// `forbidden`, `not_found`, `conflict`, `too_large`, `busy`.
pub async fn put(
    state: &Arc<State>,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    put: FilePut,
    face: Face,
) -> Result<FilePutOk, Error> {
    let Place::Room(name) = &put.place;
    let room = member.speaker_in(&state.rooms, name)?.room;
    if put.size > wardroom_protocol::limits::FILE_BYTES_MAX {
        return Err(Error::too_large("a file has at most 64 GiB"));
    }
    let files = &state.files;
    let wait = Duration::from_millis(UPLOAD_WAIT_MS);
    // One at a time: of two retries with one nonce, the second finds what the first started.
    let turn = tokio::time::timeout(wait, Arc::clone(&files.opening).lock_owned()).await;
    let turn = turn.map_err(|_| Error::busy("many uploads are being begun: try again", 5_000))?;
    let (by, nonce) = (member.user.id, put.nonce.clone());
    let found = state.store.read(move |conn| table::upload_by_nonce(conn, by, &nonce)).await?;
    let leftover = match found {
        // It was aborted, and its row could not be removed then.
        Some(UploadRow { id, seq: None, .. }) if !files.uploads.has(id) => Some(id),
        Some(row) => {
            drop(turn);
            return go_on(state, member, sender, &put, &room, row, face).await;
        }
        None => None,
    };
    let beginning = Arc::clone(state);
    // The task runs to its end even if the caller is gone: a row unknown to memory would keep its nonce.
    let begun = tokio::spawn(async move {
        let upload = begin(&beginning, by, put, room, leftover).await?;
        beginning.files.uploads.insert(Arc::clone(&upload));
        drop(turn);
        Ok::<_, Error>(upload)
    });
    let upload = begun.await.map_err(Error::internal)??;
    upload.hold(sender, face);
    Ok(upload.answer(0))
}

/// Continues the upload that a nonce found.
async fn go_on(
    state: &Arc<State>,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    put: &FilePut,
    room: &Arc<Room>,
    row: UploadRow,
    face: Face,
) -> Result<FilePutOk, Error> {
    if (row.room, &row.path, row.size) != (room.id, &put.path, put.size) {
        return Err(Error::conflict("this nonce was used for another upload: make a new one for each file"));
    }
    if row.seq.is_some() {
        return Ok(FilePutOk { upload: row.id, off: row.size, window: UPLOAD_WINDOW_BYTES });
    }
    let upload = state.files.uploads.find(row.id, member.user.id)?;
    if row.if_exists != put.if_exists {
        let (id, if_exists) = (row.id, put.if_exists);
        state.store.write(move |tx| table::set_if_exists(tx.conn, id, if_exists)).await?;
        upload.staging().if_exists = if_exists;
    }
    take_over(&state.files, &upload, sender, face).await
}

/// Discards this user's upload that has been idle for longest, so that unfinished uploads never lock anybody out.
/// Returns false if all of them are active.
async fn give_way(state: &Arc<State>, by: UserId) -> bool {
    for upload in state.files.uploads.idle_of(by, monotonic_ms().saturating_sub(UPLOAD_IDLE_MS)) {
        let Ok(mut ending) = upload.ending.try_lock() else { continue };
        if matches!(*ending, Ending::Open) {
            tracing::info!(upload = %upload.id, "an upload that was left gives way to another of its user's");
            discard(state, &upload, &mut ending).await;
            return true;
        }
    }
    false
}

/// Checks what can be checked before the first byte, then creates the staged file and the row. A crash between the two
/// leaves a file without a row, which the next start removes. `leftover` is the row of a discarded upload with the same
/// nonce.
async fn begin(
    state: &Arc<State>,
    by: UserId,
    put: FilePut,
    room: Arc<Room>,
    leftover: Option<UploadId>,
) -> Result<Arc<Upload>, Error> {
    let files = &state.files;
    if files.uploads.load(by).0 >= UPLOADS_PER_USER_MAX && !give_way(state, by).await {
        let why = format!("you have {UPLOADS_PER_USER_MAX} uploads under way: wait for one to end, or cancel one");
        return Err(Error::too_large(why));
    }
    let (_, all, expected_bytes) = files.uploads.load(by);
    if all >= UPLOADS_MAX {
        return Err(Error::busy("the server has as many uploads under way as it takes", 60_000));
    }
    let now = now_ms();
    let row = UploadRow {
        id: UploadId(new_ulid(now)),
        room: room.id,
        by,
        path: put.path,
        size: put.size,
        mtime_ms: put.mtime,
        if_exists: put.if_exists,
        nonce: put.nonce,
        at: now,
        blake3: None,
        placed: None,
        seq: None,
    };
    let id = row.id;
    let (storage, checked, looked_in) = (Arc::clone(&files.storage), row.clone(), Arc::clone(&room));
    let staged = spawn_blocking(move || {
        check_place(&storage, &looked_in, &checked)?;
        check_space(&storage, checked.size, expected_bytes)?;
        storage.stage(id).map_err(|e| refuse(e, "staged file"))
    });
    staged.await.map_err(Error::internal)??;
    let upload = Arc::new(Upload::new(&row, room, 0, 0));
    let noted = state.store.write(move |tx| {
        leftover.map_or(Ok(()), |gone| table::delete_upload(tx.conn, gone))?;
        table::insert_upload(tx.conn, &row)
    });
    if let Err(error) = noted.await {
        let storage = Arc::clone(&files.storage);
        // Failure does not matter here: the next start removes files without a row.
        drop(spawn_blocking(move || storage.unstage(id)).await);
        return Err(error);
    }
    Ok(upload)
}

/// Refuses at once what could not be placed in the end.
fn check_place(storage: &RoomStorage, room: &Room, row: &UploadRow) -> Result<(), Error> {
    match storage.look(&room.name, &row.path) {
        Ok((Kind::File, _)) if row.if_exists == IfExists::Fail => Err(taken(&row.path)),
        Ok((Kind::Folder, _)) if row.if_exists != IfExists::Rename => {
            Err(Error::conflict(format!("{} is a folder: choose another name", row.path)))
        }
        Ok(_) | Err(Errno::NOENT) => Ok(()),
        Err(e) => Err(unplaceable(e, &row.path)),
    }
}

/// The error if a file already has this path.
pub fn taken(path: &RelPath) -> Error {
    Error::conflict(format!("there is a file {path} already: replace it, or choose another name"))
}

/// Returns why a file cannot be put at a path.
pub fn unplaceable(e: Errno, path: &RelPath) -> Error {
    match e {
        Errno::NOTDIR | Errno::LOOP | Errno::XDEV | Errno::ISDIR | Errno::NOTEMPTY => {
            Error::conflict(format!("{path} cannot be there: part of it is a file, a folder or a link already"))
        }
        e => refuse(e, path.as_str()),
    }
}

fn check_space(storage: &RoomStorage, size: u64, expected_bytes: u64) -> Result<(), Error> {
    let free_bytes = storage.free_bytes().map_err(|e| refuse(e, "the room's files"))?;
    let usable_bytes = free_bytes.saturating_sub(FREE_BYTES_MIN).saturating_sub(expected_bytes);
    if size <= usable_bytes {
        return Ok(());
    }
    let (size_mb, usable_mb) = (size.div_ceil(1_000_000), usable_bytes / 1_000_000);
    let why = format!("the server has room for {usable_mb} MB, and this file has {size_mb} MB: free some space there");
    Err(Error::busy(why, 60_000))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use wardroom_protocol::Code;

    use super::*;

    #[test]
    fn some_of_the_disk_stays_free() {
        let data = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(data.path().join("files/.staging")).unwrap();
        let storage = RoomStorage::open(data.path()).unwrap();
        let free_bytes = storage.free_bytes().unwrap();
        assert!(check_space(&storage, 0, 0).is_ok());
        let error = check_space(&storage, free_bytes, 0).unwrap_err();
        assert_eq!(error.code, Code::Busy);
        // Space promised to other uploads counts as taken.
        assert!(check_space(&storage, 1, free_bytes).is_err());
    }
}
