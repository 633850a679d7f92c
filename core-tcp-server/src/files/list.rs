//! What is in room storage: one folder, a page at a time, or one path. Links, pipes and devices are left out, and so
//! are names that no request could contain.

use std::collections::BinaryHeap;
use std::sync::Arc;

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Dir, FileType};
use rustix::io::Errno;
use tokio::task::spawn_blocking;
use wardroom_protocol::RelPath;
use wardroom_protocol::limits::{LINE_BYTES_MAX, LIST_ENTRIES_MAX};
use wardroom_protocol::messages::{FileInfo, FileKind, FileList, FileListed, FileStat, Place};

use super::beneath::{Kind, Stamp, kind_of, refuse};
use super::table;
use crate::error::Error;
use crate::policy::Member;
use crate::state::State;
use crate::store::RoomId;

/// Bytes reserved for the rest of an answer around its entries.
const ENVELOPE_BYTES: usize = 256;

/// Returns the entries of a folder by name, one page at a time. A room without files is empty.
///
/// # Errors
/// `not_found`; `bad_request` for a file.
pub async fn list(state: &Arc<State>, member: &Member, ask: FileList) -> Result<FileListed, Error> {
    let Place::Room(name) = &ask.place;
    let room = member.readable(&state.rooms, name)?.room;
    let (storage, looked_in) = (Arc::clone(&state.files.storage), Arc::clone(&room));
    let (folder, after) = (ask.path.clone(), ask.after.unwrap_or_default());
    let read = spawn_blocking(move || {
        let opened = match (storage.open_folder(&looked_in.name, folder.as_ref()), &folder) {
            (Err(Errno::NOENT), None) => return Ok((Vec::new(), false)),
            (Err(Errno::NOTDIR), Some(path)) if storage.look(&looked_in.name, path).is_ok() => {
                return Err(Error::bad_request(format!("{path} is a file")));
            }
            (opened, path) => opened.map_err(|e| refuse(e, path.as_ref().map_or("this room", RelPath::as_str)))?,
        };
        page(&opened, after).map_err(|e| refuse(e, "this folder"))
    });
    let (found, more) = read.await.map_err(Error::internal)??;
    let (folder, id) = (ask.path, room.id);
    let listed = state
        .store
        .read(move |conn| {
            let mut listed = FileListed { entries: Vec::with_capacity(found.len()), more };
            let mut bytes_left = LINE_BYTES_MAX - ENVELOPE_BYTES;
            for (name, kind, stamp) in found {
                let path = folder.as_ref().map_or_else(|| name.clone(), |folder| format!("{folder}/{name}"));
                let entry = info(conn, id, &path, name, kind, &stamp)?;
                let bytes = serde_json::to_string(&entry).map_err(Error::internal)?.len() + 1;
                // An answer is one line: what does not fit is on the next page.
                let Some(left) = bytes_left.checked_sub(bytes) else {
                    listed.more = true;
                    break;
                };
                bytes_left = left;
                listed.entries.push(entry);
            }
            Ok(listed)
        })
        .await?;
    member.still_reads(&room)?;
    Ok(listed)
}

/// Returns one file or folder; its name is the path.
///
/// # Errors
/// `not_found`.
pub async fn stat(state: &Arc<State>, member: &Member, ask: FileStat) -> Result<FileInfo, Error> {
    let Place::Room(name) = &ask.place;
    let room = member.readable(&state.rooms, name)?.room;
    let (storage, looked_in, path) = (Arc::clone(&state.files.storage), Arc::clone(&room), ask.path.clone());
    let looked = spawn_blocking(move || storage.look(&looked_in.name, &path).map_err(|e| refuse(e, path.as_str())));
    let (kind, stamp) = looked.await.map_err(Error::internal)??;
    let (path, id) = (ask.path.to_string(), room.id);
    let info = state.store.read(move |conn| info(conn, id, &path, path.clone(), kind, &stamp)).await?;
    member.still_reads(&room)?;
    Ok(info)
}

fn info(
    conn: &rusqlite::Connection,
    room: RoomId,
    path: &str,
    name: String,
    kind: Kind,
    stamp: &Stamp,
) -> Result<FileInfo, Error> {
    let mtime = stamp.mtime_ms();
    Ok(match kind {
        Kind::File => {
            let blake3 = table::digest(conn, room, path, stamp)?;
            FileInfo { name, kind: FileKind::File, size: stamp.size, mtime, blake3 }
        }
        Kind::Folder => FileInfo { name, kind: FileKind::Folder, size: 0, mtime, blake3: None },
    })
}

type Entry = (String, Kind, Stamp);

/// Returns the first entries after a name, in order, and whether there are more.
fn page(folder: &OwnedFd, mut after: String) -> Result<(Vec<Entry>, bool), Errno> {
    let mut entries = Vec::new();
    loop {
        let (names, is_cut) = first_names(folder, &after)?;
        let Some(last) = names.last().cloned() else { return Ok((entries, false)) };
        for name in names {
            if entries.len() == LIST_ENTRIES_MAX {
                return Ok((entries, true));
            }
            // It may be gone by now, or the folder did not say what it is.
            let Ok(stat) = rustix::fs::statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if let Some(kind) = kind_of(&stat) {
                entries.push((name, kind, Stamp::of(&stat)));
            }
        }
        if !is_cut {
            return Ok((entries, false));
        }
        // All names of this part may be of kinds that are not shown.
        after = last;
    }
}

/// Returns the first names after `after`, and whether there are more. It keeps one more than a page, so that a folder
/// with a million names takes no more memory than one with three hundred.
fn first_names(folder: &OwnedFd, after: &str) -> Result<(Vec<String>, bool), Errno> {
    let mut first = BinaryHeap::with_capacity(LIST_ENTRIES_MAX + 2);
    let mut is_cut = false;
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let is_shown = matches!(entry.file_type(), FileType::RegularFile | FileType::Directory | FileType::Unknown);
        let Ok(name) = entry.file_name().to_str() else { continue };
        if !is_shown || name <= after || RelPath::parse(name).is_err() {
            continue;
        }
        if first.len() > LIST_ENTRIES_MAX {
            is_cut = true;
            if first.peek().is_some_and(|last: &String| last.as_str() <= name) {
                continue;
            }
            first.pop();
        }
        first.push(name.to_owned());
    }
    Ok((first.into_sorted_vec(), is_cut))
}
