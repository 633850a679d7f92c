//! The end of an upload: it is checked, made durable, moved to room storage in one step, and announced to the room.
//!
//! The order makes a crash harmless at every step. (1) The staged file is on disk. (2) The row names the digest and the
//! target path. (3) The rename, and the folder's fsync. (4) One transaction: the file's row, the event, the audit, the
//! upload's end. After a crash between (2) and (4), the staged file shows what is left to do: if it is still there, the
//! rename did not happen. `recover` then finishes the commit or undoes it.

use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use tokio::task::spawn_blocking;
use wardroom_protocol::event::{EventBody, FileAdded};
use wardroom_protocol::messages::IfExists;
use wardroom_protocol::{RelPath, UploadId};

use super::beneath::{Kind, Stamp, refuse};
use super::face::Committed;
use super::names::candidates;
use super::pump;
use super::put::{taken, unplaceable};
use super::send::discard;
use super::service::Files;
use super::storage::Overwrite;
use super::table;
use super::upload::{Ending, Upload};
use crate::error::Error;
use crate::limits::{COMMIT_WAIT_MS, UPLOAD_WAIT_MS};
use crate::policy::Member;
use crate::rooms::Room;
use crate::state::State;
use crate::store::{NewEvent, Store, UserId};

/// A digest in 64 hexadecimal digits, checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Digest(String);

impl Digest {
    /// Parses the text; capitals become lowercase.
    ///
    /// # Errors
    /// `bad_request`
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(Error::bad_request("blake3 is 64 hexadecimal digits"))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Stores the complete file in the room, if the digest is correct. Without a digest, the bytes are accepted as they
/// are. Repeating the call returns the same answer.
///
/// # Errors
/// `conflict` if bytes are missing (with `off`), if the digest differs (the upload is then gone), or if the name is
/// taken (the upload is kept); `not_found`, `forbidden`, `bad_request`, `busy`.
pub async fn commit(
    state: &Arc<State>,
    member: &Member,
    id: UploadId,
    blake3: Option<String>,
) -> Result<Committed, Error> {
    let wanted = blake3.as_deref().map(Digest::parse).transpose()?;
    let (state, member) = (Arc::clone(state), member.clone());
    // The task runs to its end even if the caller is gone: only the next start would find a half-done commit.
    let task = tokio::spawn(async move { commit_to_end(&state, &member, id, wanted).await });
    task.await.map_err(Error::internal)?
}

async fn commit_to_end(
    state: &Arc<State>,
    member: &Member,
    id: UploadId,
    wanted: Option<Digest>,
) -> Result<Committed, Error> {
    let Ok(upload) = state.files.uploads.find(id, member.user.id) else {
        return committed_before(state, member, id, wanted.as_ref()).await;
    };
    member.speaker_there(&upload.room)?;
    let wait = Duration::from_millis(COMMIT_WAIT_MS);
    let ending = tokio::time::timeout(wait, upload.ending.lock()).await;
    let mut ending = ending.map_err(|_| Error::busy("another commit of this upload is under way", 5_000))?;
    let sealed = match *ending {
        Ending::Open => Some(seal(state, &upload, wanted.as_ref(), &mut ending).await?),
        _ => None,
    };
    // Held from the rename to the event: of two uploads that replace one file, the later one's digest is also the later
    // row.
    let lane =
        tokio::time::timeout(Duration::from_millis(UPLOAD_WAIT_MS), state.files.lane(upload.room.id).lock()).await;
    let lane = lane.map_err(|_| Error::busy("many files are being added to this room: try again", 5_000))?;
    if let Some((blake3, stamp)) = sealed {
        // Checked again, because all of that took a while.
        member.speaker_there(&upload.room)?;
        place(state, &upload, blake3, stamp, &mut ending).await?;
    }
    match &*ending {
        Ending::Placed { path, blake3, stamp } => {
            check_same(wanted.as_ref(), blake3)?;
            let by = Author { id: member.user.id, name: member.user.name.to_string(), address: member.address.clone() };
            let placed = StoredFile { id, path: path.clone(), blake3: blake3.clone(), stamp: *stamp };
            let committed = tell_room(&state.store, &upload.room, by, placed).await?;
            *ending = Ending::Over(committed.clone());
            upload.staging().is_over = true;
            state.files.uploads.remove(id);
            drop(lane);
            Ok(committed)
        }
        Ending::Over(committed) => check_same(wanted.as_ref(), &committed.blake3).map(|()| committed.clone()),
        Ending::Open | Ending::Gone => Err(super::uploads::unknown()),
    }
}

fn check_same(wanted: Option<&Digest>, blake3: &str) -> Result<(), Error> {
    match wanted {
        Some(wanted) if wanted.as_str() != blake3 => {
            Err(Error::conflict("this upload was committed already, with another digest"))
        }
        _ => Ok(()),
    }
}

/// Returns the answer to a repeated commit that was already done.
async fn committed_before(
    state: &State,
    member: &Member,
    id: UploadId,
    wanted: Option<&Digest>,
) -> Result<Committed, Error> {
    let by = member.user.id;
    let row = state.store.read(move |conn| table::upload_by_id(conn, by, id)).await?;
    let committed = row.and_then(|row| Some(Committed { path: row.placed?, seq: row.seq?, blake3: row.blake3? }));
    let committed = committed.ok_or_else(super::uploads::unknown)?;
    check_same(wanted, &committed.blake3)?;
    Ok(committed)
}

/// Waits until everything is staged, compares the digests, and makes the staged file durable. A file that is not what
/// its sender meant is removed.
async fn seal(
    state: &Arc<State>,
    upload: &Arc<Upload>,
    wanted: Option<&Digest>,
    ending: &mut Ending,
) -> Result<(String, Stamp), Error> {
    pump::start_for_digest(&state.files.storage, upload);
    let staged = upload.settled(COMMIT_WAIT_MS).await?;
    let (digest, failed, is_lost) = {
        let staging = upload.staging();
        let digest = staging.hasher.as_ref().map(|hasher| hasher.finalize().to_hex().to_string());
        (digest, staging.failed.clone(), staging.is_lost)
    };
    if is_lost {
        discard(state, upload, ending).await;
        return Err(Error::internal("the disk lost staged bytes: the file has to be sent again"));
    }
    if staged < upload.size {
        let why = format!("{} bytes of the file are missing: go on from {staged}", upload.size - staged);
        return Err(failed.unwrap_or(Error { off: Some(staged), ..Error::conflict(why) }));
    }
    let digest = digest.ok_or_else(|| Error::busy("the staged file cannot be read: try again", 5_000))?;
    if wanted.is_some_and(|wanted| wanted.as_str() != digest) {
        discard(state, upload, ending).await;
        let why = format!("the digest of what came is {digest}: the file changed on its way, send it again");
        return Err(Error::conflict(why));
    }
    let (storage, id, mtime_ms) = (Arc::clone(&state.files.storage), upload.id, upload.mtime_ms);
    let sealed = spawn_blocking(move || storage.seal(id, mtime_ms).map_err(|e| refuse(e, "staged file")));
    let stamp = sealed.await.map_err(Error::internal)??;
    if stamp.size != upload.size {
        discard(state, upload, ending).await;
        return Err(Error::internal("the staged file has another size than what was staged"));
    }
    Ok((digest, stamp))
}

/// Moves the file to room storage. From then on the upload is [`Ending::Placed`].
async fn place(
    state: &Arc<State>,
    upload: &Arc<Upload>,
    blake3: String,
    stamp: Stamp,
    ending: &mut Ending,
) -> Result<(), Error> {
    let if_exists = upload.staging().if_exists;
    let (way, names) = match if_exists {
        IfExists::Fail => (Overwrite::Keep, 1),
        IfExists::Replace => (Overwrite::Replace, 1),
        IfExists::Rename => (Overwrite::Keep, usize::MAX),
    };
    for path in candidates(&upload.path).take(names) {
        if way == Overwrite::Keep && is_taken(&state.files, &upload.room, &path).await? {
            continue;
        }
        let (id, noted, digest) = (upload.id, path.clone(), blake3.clone());
        state.store.write(move |tx| table::set_placed(tx.conn, id, Some((&digest, &noted)))).await?;
        let (storage, room, target) = (Arc::clone(&state.files.storage), Arc::clone(&upload.room), path.clone());
        let renamed = spawn_blocking(move || {
            let renamed = storage.place(id, &room.name, &target, way);
            // If it failed after the rename, the file is gone from staging: a repeated commit continues from there.
            let is_moved = matches!(storage.staged(id), Ok(None));
            (renamed, is_moved)
        });
        let (renamed, is_moved) = renamed.await.map_err(Error::internal)?;
        if is_moved {
            *ending = Ending::Placed { path: path.clone(), blake3: blake3.clone(), stamp };
        }
        match renamed {
            Ok(()) => return Ok(()),
            Err(Errno::EXIST) => {}
            Err(e) => return Err(unplaceable(e, &path)),
        }
    }
    Err(taken(&upload.path))
}

/// Returns true if something visible is at the path; the rename finds anything else.
async fn is_taken(files: &Files, room: &Arc<Room>, path: &RelPath) -> Result<bool, Error> {
    let (storage, room, looked_at) = (Arc::clone(&files.storage), Arc::clone(room), path.clone());
    let looked = spawn_blocking(move || storage.look(&room.name, &looked_at));
    match looked.await.map_err(Error::internal)? {
        Ok((Kind::File | Kind::Folder, _)) => Ok(true),
        Err(Errno::NOENT | Errno::LOOP) => Ok(false),
        Err(e) => Err(unplaceable(e, path)),
    }
}

/// The user who adds a file.
pub struct Author {
    pub id: UserId,
    pub name: String,
    /// The address that the audit shows.
    pub address: String,
}

/// A file that is stored but not yet announced to the room.
pub struct StoredFile {
    pub id: UploadId,
    pub path: RelPath,
    pub blake3: String,
    pub stamp: Stamp,
}

/// Announces the file to the room and ends the upload, in one transaction.
pub async fn tell_room(store: &Store, room: &Arc<Room>, by: Author, placed: StoredFile) -> Result<Committed, Error> {
    let room = Arc::clone(room);
    store
        .write(move |tx| {
            let StoredFile { id, path, blake3, stamp } = placed;
            let body = EventBody::FileAdded(FileAdded {
                path: path.clone(),
                size: stamp.size,
                blake3: blake3.clone(),
                amended: None,
                reactions: Vec::new(),
            });
            let event = NewEvent {
                room: room.id,
                room_name: room.name.as_str(),
                by: by.id,
                by_name: &by.name,
                kind: body.kind(),
                fields: &body.fields(),
                nonce: None,
            };
            let seq = tx.append(&event)?.seq;
            table::put_file(tx.conn, (room.id, &path), &stamp, &blake3, (by.id, seq))?;
            table::set_over(tx.conn, id, seq, tx.now_ms)?;
            let subject = format!("room:{}/{path}", room.name);
            tx.audit(&by.name, &by.address, "file.add", &subject, &blake3)?;
            Ok(Committed { path, seq, blake3 })
        })
        .await
}
