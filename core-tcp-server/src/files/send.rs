//! An upload under way: going on with it, its bytes, and giving it up.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;
use wardroom_protocol::UploadId;
use wardroom_protocol::messages::{FileChunk, FilePutOk};

use super::table::{self, UploadRow};
use super::upload::{Ending, NotTaken, Piece, Upload, tell_refused};
use super::{Face, Files, pump};
use crate::limits::{UPLOAD_PIECE_BYTES_MIN, UPLOAD_WAIT_MS, UPLOAD_WINDOW_BYTES};
use crate::outlet::Outlet;
use crate::policy::Member;
use crate::refusal::Refusal;
use crate::state::State;

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
        member.speaker_there(&upload.room)?;
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

/// Makes this connection the one that sends; gives the offset from which.
pub async fn take_over(
    files: &Files,
    upload: &Arc<Upload>,
    outlet: &Arc<Outlet>,
    face: Face,
) -> Result<FilePutOk, Refusal> {
    upload.hold(outlet, face);
    // What the older connection has sent is written first, so that the offset is what is really there.
    let off = upload.caught_up(UPLOAD_WAIT_MS).await?;
    // After a restart the digest is built again while the sender gets ready.
    pump::start_for_digest(&files.shelves, upload);
    Ok(upload.answer(off))
}

/// The next bytes of an upload, as a program sends them: what is wrong is told, once per gap. Chunks behind a wrong
/// offset are dropped without a word until a right one or a resume comes, as those that were under way would be many.
/// So are those of a sender who may not add to the room any more.
pub async fn chunk(state: &Arc<State>, member: &Member, outlet: &Arc<Outlet>, chunk: FileChunk, body: Bytes) {
    let taken = async {
        let upload = state.files.uploads.find(chunk.upload, member.user.id).map_err(NotTaken::Refused)?;
        member.speaker_there(&upload.room).map_err(|refusal| upload.refuse_sender(outlet, refusal))?;
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
        member.speaker_there(&upload.room)?;
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
    discard(state, &upload, &mut ending).await;
    Ok(())
}

/// Removes an upload: nothing more of it is written, then its file goes, then its row. In this order, since it may be
/// what fills the disk: without its bytes there is room to write that it is gone. A row that stays behind all the same
/// is removed by the next start, or when its nonce is used again.
pub async fn discard(state: &Arc<State>, upload: &Arc<Upload>, ending: &mut Ending) {
    *ending = Ending::Gone;
    {
        let mut staging = upload.staging();
        staging.is_over = true;
        staging.queue.clear();
    }
    upload.tell_moved();
    state.files.uploads.remove(upload.id);
    let (id, shelves) = (upload.id, Arc::clone(&state.files.shelves));
    // It fails only where the runtime ends.
    drop(spawn_blocking(move || shelves.unstage(id)).await);
    if let Err(error) = state.store.write(move |tx| table::delete_upload(tx.conn, id)).await {
        tracing::warn!(upload = %id, %error, "the row of an upload that is gone stays for now");
    }
}
