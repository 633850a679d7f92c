//! What the page keeps over a reload: preferences, drafts, the outbox. Storage may be forbidden or full: then nothing
//! is kept, and callers that would lose data are told.

use web_sys::Storage;

use super::browser;

/// The theme; `static/boot.js` reads it too.
pub const THEME: &str = "wardroom.theme";
/// The invite with which this tab was opened, until it is used: a reload must not lose it. `static/boot.js` reads it
/// too.
const INVITE: &str = "wardroom.invite";
/// The language; `static/boot.js` reads it too.
pub const LANGUAGE: &str = "wardroom.language";

/// The storage of this browser.
fn local() -> Option<Storage> {
    browser::window().local_storage().ok().flatten()
}

/// The storage of this tab.
fn session() -> Option<Storage> {
    browser::window().session_storage().ok().flatten()
}

/// The value of a key.
pub fn read(key: &str) -> Option<String> {
    local()?.get_item(key).ok().flatten()
}

/// Stores a value; `None` removes it. Returns `false` if the storage is full or forbidden.
pub fn write(key: &str, value: Option<&str>) -> bool {
    let Some(storage) = local() else { return value.is_none() };
    let written = match value {
        Some(value) => storage.set_item(key, value),
        None => storage.remove_item(key),
    };
    written.is_ok()
}

/// All keys with this prefix.
pub fn keys(prefix: &str) -> Vec<String> {
    let Some(storage) = local() else { return Vec::new() };
    let count = storage.length().unwrap_or(0);
    (0..count).filter_map(|at| storage.key(at).ok().flatten()).filter(|key| key.starts_with(prefix)).collect()
}

/// The value of a key in this tab. A duplicated tab starts with a copy.
pub fn read_tab(key: &str) -> Option<String> {
    session()?.get_item(key).ok().flatten()
}

/// Stores a value for this tab.
pub fn write_tab(key: &str, value: &str) {
    if let Some(storage) = session() {
        // If it cannot be stored, it lives as long as the page.
        let _ = storage.set_item(key, value);
    }
}

/// The invite of this tab.
pub fn invite() -> Option<String> {
    session()?.get_item(INVITE).ok().flatten()
}

/// Stores the invite of this tab; `None` removes it.
pub fn set_invite(code: Option<&str>) {
    let Some(storage) = session() else { return };
    let _ = match code {
        Some(code) => storage.set_item(INVITE, code),
        None => storage.remove_item(INVITE),
    };
}

/// The key of a user's value: `wardroom.ann.draft.ops`.
pub fn key_of(user: &str, what: &str) -> String {
    format!("wardroom.{user}.{what}")
}
