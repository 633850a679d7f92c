//! An upload under way: resuming it, its bytes, and aborting it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;
use wardroom_protocol::UploadId;
use wardroom_protocol::messages::{FileChunk, FilePutOk};

use super::face::Face;
use super::pump;
use super::service::Files;
use super::table::{self, UploadRow};
use super::upload::{ChunkError, Ending, Piece, Upload, tell_refused};
use crate::error::Error;
use crate::limits::{UPLOAD_PIECE_BYTES_MIN, UPLOAD_WAIT_MS, UPLOAD_WINDOW_BYTES};
use crate::policy::Member;
use crate::sender::ConnectionSender;
use crate::state::State;

/// Resumes an upload on this connection. An older connection loses its hold on it.
///
/// # Errors
/// `not_found`, also for uploads of others; `forbidden`; `busy`.
pub async fn resume(
    state: &Arc<State>,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    id: UploadId,
) -> Result<FilePutOk, Error> {
    member.speaker()?;
    if let Ok(upload) = state.files.uploads.find(id, member.user.id) {
        member.speaker_there(&upload.room)?;
        return take_over(&state.files, &upload, sender, Face::Program).await;
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

/// Makes this connection the sender, and returns the offset from which to send.
pub async fn take_over(
    files: &Files,
    upload: &Arc<Upload>,
    sender: &Arc<ConnectionSender>,
    face: Face,
) -> Result<FilePutOk, Error> {
    upload.hold(sender, face);
    // The bytes of the older connection are written first, so that the offset is what is really there.
    let off = upload.caught_up(UPLOAD_WAIT_MS).await?;
    // After a restart the digest is recomputed while the sender gets ready.
    pump::start_for_digest(&files.storage, upload);
    Ok(upload.answer(off))
}

/// Accepts the next bytes of an upload from a program. An error is reported once per gap: chunks after a wrong offset
/// are dropped silently until a right one or a resume arrives, because many may be under way. The same holds for a
/// sender who may no longer add to the room.
pub async fn chunk(state: &Arc<State>, member: &Member, sender: &Arc<ConnectionSender>, chunk: FileChunk, body: Bytes) {
    let taken = async {
        let upload = state.files.uploads.find(chunk.upload, member.user.id).map_err(ChunkError::Refused)?;
        member.speaker_there(&upload.room).map_err(|error| upload.refuse_sender(sender, error))?;
        let piece = piece(&state.files, body).await.map_err(ChunkError::Refused)?;
        if upload.offer(sender, chunk.off, piece)? {
            pump::start(&state.files.storage, &upload);
        }
        Ok(())
    };
    if let Err(ChunkError::Refused(error)) = taken.await {
        tell_refused(sender, chunk.upload, &error);
    }
}

/// Accepts the next bytes of an upload, which start at `off`. Waits until there is space for them.
///
/// # Errors
/// `conflict` with `off`, `too_large`, `not_found`, `busy`.
pub async fn write(
    state: &Arc<State>,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    id: UploadId,
    off: u64,
    bytes: Bytes,
) -> Result<(), Error> {
    let upload = state.files.uploads.find(id, member.user.id)?;
    loop {
        upload.has_room(bytes.len() as u64, UPLOAD_WAIT_MS).await?;
        let piece = piece(&state.files, bytes.clone()).await?;
        member.speaker_there(&upload.room)?;
        match upload.offer(sender, off, piece) {
            Ok(is_first) => {
                if is_first {
                    pump::start(&state.files.storage, &upload);
                }
                return Ok(());
            }
            Err(ChunkError::Full) => {}
            Err(ChunkError::Refused(error)) => return Err(error),
            Err(ChunkError::Silently) => return Err(Error::conflict("this is not the next byte of the upload")),
        }
    }
}

/// Takes the bytes' share of the memory for all uploads. If it is used up, the connection waits, and so does its
/// sender.
async fn piece(files: &Files, bytes: Bytes) -> Result<Piece, Error> {
    let share = u32::try_from(bytes.len().max(UPLOAD_PIECE_BYTES_MIN)).unwrap_or(u32::MAX);
    let queue = Arc::clone(&files.queue);
    let wait = Duration::from_millis(UPLOAD_WAIT_MS);
    let room: OwnedSemaphorePermit = tokio::time::timeout(wait, queue.acquire_many_owned(share))
        .await
        .map_err(|_| Error::busy("the server's disk is slow: go on in a while", 5_000))?
        .map_err(Error::internal)?;
    Ok(Piece { bytes, _room: room })
}

/// Aborts an upload and removes its staged bytes.
///
/// # Errors
/// `not_found`; `conflict` if it is already finished, or being committed.
pub async fn abort(state: &Arc<State>, member: &Member, id: UploadId) -> Result<(), Error> {
    let upload = state.files.uploads.find(id, member.user.id)?;
    let Ok(mut ending) = upload.ending.try_lock() else {
        return Err(Error::conflict("this upload is being committed"));
    };
    match &*ending {
        Ending::Open => {}
        Ending::Gone => return Err(super::uploads::unknown()),
        Ending::Placed { .. } | Ending::Over(_) => {
            return Err(Error::conflict("this upload is finished already"));
        }
    }
    discard(state, &upload, &mut ending).await;
    Ok(())
}

/// Removes an upload: it stops writing, then removes the file, then the row. The order matters, because this upload may
/// be what fills the disk: without its bytes there is space to record its removal. If the row remains all the same, the
/// next start removes it, or the next use of its nonce.
pub async fn discard(state: &Arc<State>, upload: &Arc<Upload>, ending: &mut Ending) {
    *ending = Ending::Gone;
    {
        let mut staging = upload.staging();
        staging.is_over = true;
        staging.queue.clear();
    }
    upload.tell_moved();
    state.files.uploads.remove(upload.id);
    let (id, storage) = (upload.id, Arc::clone(&state.files.storage));
    // This fails only when the runtime shuts down.
    drop(spawn_blocking(move || storage.unstage(id)).await);
    if let Err(error) = state.store.write(move |tx| table::delete_upload(tx.conn, id)).await {
        tracing::warn!(upload = %id, %error, "the row of an upload that is gone stays for now");
    }
}
