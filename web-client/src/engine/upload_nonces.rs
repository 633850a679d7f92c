//! The nonces of unfinished uploads, kept over a reload: when the same file is chosen again, its upload continues where
//! it stopped.

use std::collections::BTreeMap;

use wardroom_client_core::protocol::messages::{IfExists, Place};
use wardroom_client_core::protocol::{Nonce, RelPath, RoomName};
use wardroom_client_core::{Command, NewUpload};
use web_sys::File;

use super::{Engine, NoticeKind};
use crate::limits::UPLOAD_NONCES_MAX;
use crate::services::storage;

/// Starts the upload of a file under this path.
pub(super) fn begin(engine: &Engine, room: &RoomName, name: String, file: File) {
    let path = match RelPath::parse(&name) {
        Ok(path) => path,
        Err(why) => return engine.show_notice(NoticeKind::BadName(name, why.to_string())),
    };
    let (size, mtime) = (file.size() as u64, file.last_modified() as u64);
    let what = format!("{room}/{name}/{size}/{mtime}");
    let nonce = recall(engine.user(), &what).filter(|nonce| engine.read(|client| client.upload(nonce).is_none()));
    let nonce = nonce.unwrap_or_else(|| engine.nonce());
    remember(engine.user(), what, &nonce);
    engine.0.files.borrow_mut().insert(nonce.clone(), file);
    engine.command(Command::Upload(NewUpload {
        place: Place::Room(room.clone()),
        path,
        size,
        mtime: Some(mtime),
        if_exists: IfExists::Rename,
        nonce,
    }));
}

/// The upload is over: its nonce is no longer needed.
pub(super) fn forget(user: &str, nonce: &Nonce) {
    let mut nonces = read(user);
    nonces.retain(|_, kept| kept != nonce.as_str());
    write(user, &nonces);
}

fn recall(user: &str, what: &str) -> Option<Nonce> {
    Nonce::parse(read(user).get(what)?).ok()
}

fn remember(user: &str, what: String, nonce: &Nonce) {
    let mut nonces = read(user);
    while nonces.len() >= UPLOAD_NONCES_MAX {
        nonces.pop_first();
    }
    nonces.insert(what, nonce.to_string());
    write(user, &nonces);
}

fn read(user: &str) -> BTreeMap<String, String> {
    let text = storage::read(&storage::key_of(user, "uploads")).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn write(user: &str, nonces: &BTreeMap<String, String>) {
    let text = serde_json::to_string(nonces).unwrap_or_default();
    storage::write(&storage::key_of(user, "uploads"), Some(text.as_str()).filter(|_| !nonces.is_empty()));
}
