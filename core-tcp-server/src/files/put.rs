//! Beginning an upload, going on with one, sending its bytes, and giving it up.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustix::io::Errno;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;
use wardroom_protocol::messages::{FileChunk, FilePut, FilePutOk, IfExists, Place};
use wardroom_protocol::{RelPath, UploadId};

use super::shelf::{Kind, Shelves, refuse};
use super::table::{self, UploadRow};
use super::upload::{Ending, NotTaken, Piece, Upload, tell_refused};
use super::{Face, Files, pump};
use crate::clock::now_ms;
use crate::limits::{
    FILE_BYTES_MAX, FREE_BYTES_MIN, UPLOAD_PIECE_BYTES_MIN, UPLOAD_WAIT_MS, UPLOAD_WINDOW_BYTES, UPLOADS_MAX,
    UPLOADS_PER_USER_MAX,
};
use crate::outlet::Outlet;
use crate::policy::Member;
use crate::refusal::Refusal;
use crate::rooms::Room;
use crate::secrets::new_ulid;
use crate::state::State;

/// Begins an upload, or finds the one that this user began under this nonce. This connection then holds it. One that
/// is over already is answered with its size as the offset: nothing is left to be sent, and a commit answers as before.
/// A retry may name another `if_exists`: whoever finds the name taken at the end need not send the bytes again.
///
/// # Errors
/// `forbidden`, `not_found`, `conflict`, `too_large`, `busy`.
pub async fn put(
    state: &Arc<State>,
    member: &Member,
    outlet: &Arc<Outlet>,
    put: FilePut,
    face: Face,
) -> Result<FilePutOk, Refusal> {
    member.speaker()?;
    let Place::Room(name) = &put.place;
    let room = member.joined(&state.rooms, name)?.room;
    if put.size > FILE_BYTES_MAX {
        return Err(Refusal::too_large("a file has at most 64 GiB"));
    }
    let files = &state.files;
    let wait = Duration::from_millis(UPLOAD_WAIT_MS);
    // One at a time: of two retries with one nonce, the second finds what the first began.
    let turn = tokio::time::timeout(wait, files.opening.lock()).await;
    let turn = turn.map_err(|_| Refusal::busy("many uploads are being begun: try again", 5_000))?;
    let (by, nonce) = (member.user.id, put.nonce.clone());
    let found = state.store.read(move |conn| table::upload_by_nonce(conn, by, &nonce)).await?;
    if let Some(row) = found {
        drop(turn);
        return go_on(state, member, outlet, &put, &room, row, face).await;
    }
    let upload = begin(state, member, &put, room).await?;
    upload.hold(outlet, face, now_ms());
    files.uploads.insert(Arc::clone(&upload));
    Ok(upload.answer(0))
}

/// Goes on with the upload that a nonce found.
async fn go_on(
    state: &Arc<State>,
    member: &Member,
    outlet: &Arc<Outlet>,
    put: &FilePut,
    room: &Arc<Room>,
    row: UploadRow,
    face: Face,
) -> Result<FilePutOk, Refusal> {
    if (row.room, &row.path, row.size) != (room.id, &put.path, put.size) {
        return Err(Refusal::conflict("this nonce was used for another upload: make a new one for each file"));
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
    take_over(&state.files, &upload, outlet, face).await
}

/// Checks what can be checked before the first byte, and makes the staged file, then the row: a crash between the two
/// leaves a file that no row knows, which the next start removes.
async fn begin(state: &Arc<State>, member: &Member, put: &FilePut, room: Arc<Room>) -> Result<Arc<Upload>, Refusal> {
    let files = &state.files;
    let (mine, all, expected_bytes) = files.uploads.load(member.user.id);
    if mine >= UPLOADS_PER_USER_MAX {
        let why = format!("you have {UPLOADS_PER_USER_MAX} uploads under way: end some, or give them up");
        return Err(Refusal::too_large(why));
    }
    if all >= UPLOADS_MAX {
        return Err(Refusal::busy("the server has as many uploads under way as it takes", 60_000));
    }
    let now = now_ms();
    let row = UploadRow {
        id: UploadId(new_ulid(now)),
        room: room.id,
        by: member.user.id,
        path: put.path.clone(),
        size: put.size,
        mtime_ms: put.mtime,
        if_exists: put.if_exists,
        nonce: put.nonce.clone(),
        at: now,
        blake3: None,
        placed: None,
        seq: None,
    };
    let id = row.id;
    let (shelves, checked, looked_in) = (Arc::clone(&files.shelves), row.clone(), Arc::clone(&room));
    let staged = spawn_blocking(move || {
        check_place(&shelves, &looked_in, &checked)?;
        check_space(&shelves, checked.size, expected_bytes)?;
        shelves.stage(id).map_err(|e| refuse(e, "the staged file"))
    });
    staged.await.map_err(Refusal::internal)??;
    let upload = Arc::new(Upload::new(&row, room, 0, now));
    if let Err(refusal) = state.store.write(move |tx| table::insert_upload(tx.conn, &row)).await {
        let shelves = Arc::clone(&files.shelves);
        // Whether or not it worked: the next start removes what no row knows.
        drop(spawn_blocking(move || shelves.unstage(id)).await);
        return Err(refusal);
    }
    Ok(upload)
}

/// Refuses at once what could not be placed in the end.
fn check_place(shelves: &Shelves, room: &Room, row: &UploadRow) -> Result<(), Refusal> {
    match shelves.look(&room.name, &row.path) {
        Ok((Kind::File, _)) if row.if_exists == IfExists::Fail => Err(taken(&row.path)),
        Ok((Kind::Folder, _)) if row.if_exists != IfExists::Rename => {
            Err(Refusal::conflict(format!("{} is a folder: choose another name", row.path)))
        }
        Ok(_) | Err(Errno::NOENT) => Ok(()),
        Err(e) => Err(unplaceable(e, &row.path)),
    }
}

/// A file stands there.
pub fn taken(path: &RelPath) -> Refusal {
    Refusal::conflict(format!("there is a file {path} already: replace it, or choose another name"))
}

/// Why a file cannot be put at a path.
pub fn unplaceable(e: Errno, path: &RelPath) -> Refusal {
    match e {
        Errno::NOTDIR | Errno::LOOP | Errno::XDEV | Errno::ISDIR | Errno::NOTEMPTY => {
            Refusal::conflict(format!("{path} cannot be there: part of it is a file, a folder or a link already"))
        }
        e => refuse(e, path.as_str()),
    }
}

fn check_space(shelves: &Shelves, size: u64, expected_bytes: u64) -> Result<(), Refusal> {
    let free_bytes = shelves.free_bytes().map_err(|e| refuse(e, "the shelf"))?;
    let usable_bytes = free_bytes.saturating_sub(FREE_BYTES_MIN).saturating_sub(expected_bytes);
    if size <= usable_bytes {
        return Ok(());
    }
    let (size_mb, usable_mb) = (size.div_ceil(1_000_000), usable_bytes / 1_000_000);
    let why = format!("the server has room for {usable_mb} MB, and this file has {size_mb} MB: free some space there");
    Err(Refusal::busy(why, 60_000))
}

/// Goes on with an upload from this connection; ends the hold that an older one has on it.
///
/// # Errors
/// `not_found`, also for uploads of others; `forbidden`; `busy`.
pub async fn resume(
    state: &Arc<State>,
    member: &Member,
    outlet: &Arc<Outlet>,
    id: UploadId,
) -> Result<FilePutOk, Refusal> {
    member.speaker()?;
    if let Ok(upload) = state.files.uploads.find(id, member.user.id) {
        return take_over(&state.files, &upload, outlet, Face::Program).await;
    }
    let by = member.user.id;
    let row = state.store.read(move |conn| table::upload_by_id(conn, by, id)).await?;
    match row {
        Some(UploadRow { size, seq: Some(_), .. }) => {
            Ok(FilePutOk { upload: id, off: size, window: UPLOAD_WINDOW_BYTES })
        }
        _ => Err(super::uploads::unknown()),
    }
}

async fn take_over(
    files: &Files,
    upload: &Arc<Upload>,
    outlet: &Arc<Outlet>,
    face: Face,
) -> Result<FilePutOk, Refusal> {
    upload.hold(outlet, face, now_ms());
    // What the older connection has sent is written first, so that the offset is what is really there.
    let off = upload.settled(UPLOAD_WAIT_MS).await?;
    // After a restart the digest is built again while the sender gets ready.
    pump::start_for_digest(&files.shelves, upload);
    Ok(upload.answer(off))
}

/// The next bytes of an upload, as a program sends them: what is wrong is told, once per gap. Chunks behind a wrong
/// offset are dropped without a word until a right one or a resume comes, as those that were under way would be many.
pub async fn chunk(state: &Arc<State>, member: &Member, outlet: &Arc<Outlet>, chunk: FileChunk, body: Bytes) {
    let taken = async {
        let upload = state.files.uploads.find(chunk.upload, member.user.id).map_err(NotTaken::Refused)?;
        let piece = piece(&state.files, body).await.map_err(NotTaken::Refused)?;
        if upload.offer(outlet, chunk.off, piece)? {
            pump::start(&state.files.shelves, &upload);
        }
        Ok(())
    };
    if let Err(NotTaken::Refused(refusal)) = taken.await {
        tell_refused(outlet, chunk.upload, &refusal);
    }
}

/// The next bytes of an upload, `off` being their place. Waits until there is room for them.
///
/// # Errors
/// `conflict` with `off`, `too_large`, `not_found`, `busy`.
pub async fn write(
    state: &Arc<State>,
    member: &Member,
    outlet: &Arc<Outlet>,
    id: UploadId,
    off: u64,
    bytes: Bytes,
) -> Result<(), Refusal> {
    let upload = state.files.uploads.find(id, member.user.id)?;
    loop {
        upload.has_room(bytes.len() as u64, UPLOAD_WAIT_MS).await?;
        let piece = piece(&state.files, bytes.clone()).await?;
        match upload.offer(outlet, off, piece) {
            Ok(is_first) => {
                if is_first {
                    pump::start(&state.files.shelves, &upload);
                }
                return Ok(());
            }
            Err(NotTaken::Full) => {}
            Err(NotTaken::Refused(refusal)) => return Err(refusal),
            Err(NotTaken::Silently) => return Err(Refusal::conflict("this is not the next byte of the upload")),
        }
    }
}

/// Bytes with their share of the memory for all uploads. Where that is used up, the connection waits, and so does its
/// sender.
async fn piece(files: &Files, bytes: Bytes) -> Result<Piece, Refusal> {
    let share = u32::try_from(bytes.len().max(UPLOAD_PIECE_BYTES_MIN)).unwrap_or(u32::MAX);
    let queue = Arc::clone(&files.queue);
    let wait = Duration::from_millis(UPLOAD_WAIT_MS);
    let room: OwnedSemaphorePermit = tokio::time::timeout(wait, queue.acquire_many_owned(share))
        .await
        .map_err(|_| Refusal::busy("the server's disk is slow: go on in a while", 5_000))?
        .map_err(Refusal::internal)?;
    Ok(Piece { bytes, _room: room })
}

/// Gives an upload up; what was staged is removed.
///
/// # Errors
/// `not_found`; `conflict` where it is on the shelf already, or just being put there.
pub async fn abort(state: &Arc<State>, member: &Member, id: UploadId) -> Result<(), Refusal> {
    let upload = state.files.uploads.find(id, member.user.id)?;
    let Ok(mut ending) = upload.ending.try_lock() else {
        return Err(Refusal::conflict("this upload is being committed"));
    };
    match &*ending {
        Ending::Open => {}
        Ending::Gone => return Err(super::uploads::unknown()),
        Ending::Placed { .. } | Ending::Over(_) => {
            return Err(Refusal::conflict("this upload is on the shelf already"));
        }
    }
    discard(state, &upload, &mut ending).await
}

/// Removes an upload: nothing more of it is written, then its row goes, then its file.
///
/// # Errors
/// Where the store fails; it is then removed when it has expired.
pub async fn discard(state: &Arc<State>, upload: &Arc<Upload>, ending: &mut Ending) -> Result<(), Refusal> {
    *ending = Ending::Gone;
    {
        let mut staging = upload.staging();
        staging.is_over = true;
        staging.queue.clear();
    }
    upload.tell_moved();
    state.files.uploads.remove(upload.id);
    let id = upload.id;
    state.store.write(move |tx| table::delete_upload(tx.conn, id)).await?;
    let shelves = Arc::clone(&state.files.shelves);
    spawn_blocking(move || shelves.unstage(id)).await.map_err(Refusal::internal)
}
