//! Cleaning up, at the start and from time to time: finishes or resets uploads that a crash interrupted, loads those
//! that continue, and removes those that were abandoned.

use std::sync::Arc;

use tokio::task::spawn_blocking;
use wardroom_protocol::{Code, RelPath};

use super::beneath::{Kind, Stamp, refuse};
use super::commit::{Author, StoredFile, tell_room};
use super::send::discard;
use super::storage::RoomStorage;
use super::table::{self, UploadRow};
use super::upload::{Ending, Upload};
use crate::clock::{monotonic_ms, now_ms};
use crate::error::Error;
use crate::limits::UPLOAD_KEEP_MS;
use crate::rooms::Room;
use crate::state::State;

/// What an upload has on disk.
enum Found {
    /// A staged file: the upload continues from here.
    Staged(Stamp),
    /// The file was moved to room storage.
    Placed(RelPath, String, Stamp),
    /// Nothing usable.
    Nothing,
}

/// Finishes what a crash interrupted.
///
/// # Errors
/// If the disk or the store fails.
pub async fn recover(state: &Arc<State>) -> Result<(), Error> {
    let now = now_ms();
    for row in state.store.load(table::open_uploads).await? {
        let Some(room) = state.rooms.by_id(row.room) else {
            later(forget(state, &row).await)?;
            continue;
        };
        let (storage, looked_in, looked_for) = (Arc::clone(&state.files.storage), Arc::clone(&room), row.clone());
        let found = spawn_blocking(move || find(&storage, &looked_in, &looked_for));
        match found.await.map_err(Error::internal)?? {
            Found::Staged(stamp) => {
                let idle_ms = now.saturating_sub(row.at.max(stamp.mtime_ms().min(now)));
                if idle_ms > UPLOAD_KEEP_MS {
                    later(forget(state, &row).await)?;
                    continue;
                }
                if row.placed.is_some() {
                    let id = row.id;
                    later(state.store.write(move |tx| table::set_placed(tx.conn, id, None)).await)?;
                }
                state.files.uploads.insert(Arc::new(Upload::new(&row, room, stamp.size, idle_ms)));
            }
            Found::Placed(path, blake3, stamp) => later(finish(state, &row, room, path, blake3, stamp).await)?,
            Found::Nothing => {
                tracing::warn!(upload = %row.id, "an upload's staged file is gone");
                later(forget(state, &row).await)?;
            }
        }
    }
    let sweeping = Arc::clone(state);
    let swept = spawn_blocking(move || {
        let files = &sweeping.files;
        files.storage.sweep_staging(|id| files.uploads.has(id)).map_err(|e| refuse(e, ".staging"))
    });
    swept.await.map_err(Error::internal)??;
    later(state.store.write(move |tx| table::delete_over(tx.conn, now.saturating_sub(UPLOAD_KEEP_MS))).await)
}

/// Postpones mere tidying to a later start if the disk is full, so that people can still read.
fn later(tidied: Result<(), Error>) -> Result<(), Error> {
    match tidied {
        Err(error) if error.code == Code::Busy => {
            tracing::warn!(%error, "uploads are tidied up by a later start");
            Ok(())
        }
        tidied => tidied,
    }
}

fn find(storage: &RoomStorage, room: &Room, row: &UploadRow) -> Result<Found, Error> {
    let staged = storage.staged(row.id).map_err(|e| refuse(e, "staged file"))?;
    if let (Some(path), Some(blake3)) = (&row.placed, &row.blake3)
        && let Ok((Kind::File, stamp)) = storage.look(&room.name, path)
        && stamp.size == row.size
        // The file has both names if it was moved by means of a link.
        && staged.is_none_or(|staged| staged.ino == stamp.ino)
    {
        storage.unstage(row.id);
        storage.settle(&room.name, path).map_err(|e| refuse(e, path.as_str()))?;
        return Ok(Found::Placed(path.clone(), blake3.clone(), stamp));
    }
    match staged {
        Some(stamp) if stamp.size <= row.size => Ok(Found::Staged(stamp)),
        _ => Ok(Found::Nothing),
    }
}

/// Finishes an upload that was renamed but not announced to the room.
async fn finish(
    state: &Arc<State>,
    row: &UploadRow,
    room: Arc<Room>,
    path: RelPath,
    blake3: String,
    stamp: Stamp,
) -> Result<(), Error> {
    let Some(user) = state.accounts.by_id(row.by) else { return forget(state, row).await };
    let by = Author { id: user.id, name: user.name.to_string(), address: "after a crash".to_owned() };
    let placed = StoredFile { id: row.id, path: path.clone(), blake3: blake3.clone(), stamp };
    match tell_room(&state.store, &room, by, placed).await {
        Ok(committed) => tracing::info!(upload = %row.id, %path, seq = committed.seq, "ended a commit"),
        Err(error) => {
            // Its sender may repeat the commit.
            tracing::warn!(upload = %row.id, %path, %error, "cannot end a commit");
            let mut upload = Upload::new(row, room, stamp.size, 0);
            *upload.ending.get_mut() = Ending::Placed { path, blake3, stamp };
            state.files.uploads.insert(Arc::new(upload));
        }
    }
    Ok(())
}

async fn forget(state: &Arc<State>, row: &UploadRow) -> Result<(), Error> {
    let id = row.id;
    state.store.write(move |tx| table::delete_upload(tx.conn, id)).await
}

/// Removes a room's file whose event is being removed. A file that has replaced it since, also by hand, is kept.
///
/// # Errors
/// If the disk or the store fails.
pub async fn take_down(state: &State, room: &Arc<Room>, path: &RelPath, seq: u64) -> Result<(), Error> {
    // So that nothing is put there between the check and the removal.
    let _lane = state.files.lane(room.id).lock().await;
    let (storage, name, looked_at) = (Arc::clone(&state.files.storage), room.name.clone(), path.clone());
    let look = spawn_blocking(move || storage.look(&name, &looked_at));
    let Ok((Kind::File, stamp)) = look.await.map_err(Error::internal)? else { return Ok(()) };
    let (id, asked) = (room.id, path.clone());
    if !state.store.read(move |conn| table::is_placed(conn, id, asked.as_str(), &stamp, seq)).await? {
        return Ok(());
    }
    let (storage, name, gone) = (Arc::clone(&state.files.storage), room.name.clone(), path.clone());
    let removed = spawn_blocking(move || storage.remove(&name, &gone));
    removed.await.map_err(Error::internal)?.map_err(|e| refuse(e, path.as_str()))
}

/// Removes uploads that were idle for a week, and forgets those that have been over for as long.
pub async fn expire(state: &Arc<State>) {
    if let Err(error) = expire_untouched(state).await {
        tracing::warn!(%error, "cannot remove expired uploads");
    }
}

async fn expire_untouched(state: &Arc<State>) -> Result<(), Error> {
    for upload in state.files.uploads.untouched_since(monotonic_ms().saturating_sub(UPLOAD_KEEP_MS)) {
        let Ok(mut ending) = upload.ending.try_lock() else { continue };
        if matches!(*ending, Ending::Open) {
            discard(state, &upload, &mut ending).await;
        }
    }
    let before_ms = now_ms().saturating_sub(UPLOAD_KEEP_MS);
    state.store.write(move |tx| table::delete_over(tx.conn, before_ms)).await
}
