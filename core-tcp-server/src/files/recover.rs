//! What is done at start and from time to time: uploads that a crash left between two steps are ended or set back, those
//! that go on are known again, and what nobody wants any more is removed.

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

/// What is on disk of an upload.
enum Found {
    /// It goes on from here.
    Staged(Stamp),
    /// It was moved to room storage.
    Placed(RelPath, String, Stamp),
    /// Nothing that could be used.
    Nothing,
}

/// Ends what a crash left half done.
///
/// # Errors
/// Where the disk or the store fails.
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

/// What only tidies up waits for a later start where the disk is full: nobody is kept from reading by that.
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
        // Both names, if it was moved by a link.
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

/// The rename was made, and the room was not told.
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
            // Its sender may ask for the commit again.
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

/// Removes a file of a room that came with a line of the room which goes. One that was put in its place since, also by
/// hand, stays.
///
/// # Errors
/// Where the disk or the store fails.
pub async fn take_down(state: &State, room: &Arc<Room>, path: &RelPath, seq: u64) -> Result<(), Error> {
    // So that nothing is put there between the look and the removal.
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

/// Removes uploads that nobody went on with for a week, and forgets those that have been over for as long.
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
