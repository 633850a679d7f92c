//! What the page keeps over a reload: choices, unsent text, the outbox. Storage may be forbidden or full: then nothing
//! is kept, and callers whose data would be lost hear of it.

use web_sys::Storage;

use super::browser;

/// The chosen theme; `static/boot.js` reads it too.
pub const THEME: &str = "wardroom.theme";
/// The invite that this tab was opened with, until it is used: a reload must not lose it. `static/boot.js` looks for it too.
const INVITE: &str = "wardroom.invite";
/// The chosen language.
pub const LANGUAGE: &str = "wardroom.language";

/// Kept for this browser.
fn local() -> Option<Storage> {
    browser::window().local_storage().ok().flatten()
}

/// Kept for this tab.
fn session() -> Option<Storage> {
    browser::window().session_storage().ok().flatten()
}

/// What is kept under a key.
pub fn read(key: &str) -> Option<String> {
    local()?.get_item(key).ok().flatten()
}

/// Keeps a value; none takes it away. `false` where it could not be kept: storage is full or forbidden.
pub fn write(key: &str, value: Option<&str>) -> bool {
    let Some(storage) = local() else { return value.is_none() };
    let written = match value {
        Some(value) => storage.set_item(key, value),
        None => storage.remove_item(key),
    };
    written.is_ok()
}

/// All keys that begin so.
pub fn keys(prefix: &str) -> Vec<String> {
    let Some(storage) = local() else { return Vec::new() };
    let count = storage.length().unwrap_or(0);
    (0..count).filter_map(|at| storage.key(at).ok().flatten()).filter(|key| key.starts_with(prefix)).collect()
}

/// What is kept for this tab. A duplicate of the tab begins with a copy.
pub fn read_tab(key: &str) -> Option<String> {
    session()?.get_item(key).ok().flatten()
}

/// Keeps a value for this tab.
pub fn write_tab(key: &str, value: &str) {
    if let Some(storage) = session() {
        // What cannot be kept lives as long as the page.
        let _ = storage.set_item(key, value);
    }
}

/// The invite of this tab.
pub fn invite() -> Option<String> {
    session()?.get_item(INVITE).ok().flatten()
}

/// Keeps an invite for this tab; none takes it away.
pub fn set_invite(code: Option<&str>) {
    let Some(storage) = session() else { return };
    let _ = match code {
        Some(code) => storage.set_item(INVITE, code),
        None => storage.remove_item(INVITE),
    };
}

/// The key of something that belongs to one user: `wardroom.ann.draft.ops`.
pub fn key_of(user: &str, what: &str) -> String {
    format!("wardroom.{user}.{what}")
}
