//! What the page keeps over a reload: choices, unsent text, the outbox. Storage may be forbidden or full: then nothing
//! is kept, and nothing fails.

use web_sys::Storage;

use super::browser;

/// The chosen theme; `static/boot.js` reads it too.
pub const THEME: &str = "wardroom.theme";
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

/// Keeps a value; none takes it away.
pub fn write(key: &str, value: Option<&str>) {
    let Some(storage) = local() else { return };
    let _ = match value {
        Some(value) => storage.set_item(key, value),
        None => storage.remove_item(key),
    };
}

/// All keys that begin so.
pub fn keys(prefix: &str) -> Vec<String> {
    let Some(storage) = local() else { return Vec::new() };
    let count = storage.length().unwrap_or(0);
    (0..count).filter_map(|at| storage.key(at).ok().flatten()).filter(|key| key.starts_with(prefix)).collect()
}

/// A mark of this tab, the same after a reload.
pub fn tab() -> String {
    const KEY: &str = "wardroom.tab";
    let kept = session().and_then(|s| s.get_item(KEY).ok().flatten());
    kept.unwrap_or_else(|| {
        let mark = format!("{:08x}", browser::random() as u32);
        if let Some(storage) = session() {
            let _ = storage.set_item(KEY, &mark);
        }
        mark
    })
}

/// The key of something that belongs to one user: `wardroom.ann.draft.ops`.
pub fn key_of(user: &str, what: &str) -> String {
    format!("wardroom.{user}.{what}")
}
