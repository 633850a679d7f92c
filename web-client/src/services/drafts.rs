//! Unsent text per room: kept for this tab, so that tabs do not disturb each other, and for the browser, so that a tab that is
//! closed loses nothing.

use super::storage;
use crate::limits::DRAFT_BYTES_MAX;

/// The key of a room's draft.
pub fn key(user: &str, room: &str) -> String {
    storage::key_of(user, &format!("draft.{room}"))
}

/// What is unsent: this tab's own, or in a tab that has written nothing there what another left.
pub fn read(key: &str) -> String {
    storage::read_tab(key).or_else(|| storage::read(key)).unwrap_or_default()
}

/// Keeps it. Once it is sent, the browser's copy goes too, unless another tab has written its own since.
pub fn keep(key: &str, text: &str) {
    if text.len() > DRAFT_BYTES_MAX {
        return;
    }
    let before = storage::read_tab(key);
    if before.as_deref() == Some(text) {
        return;
    }
    storage::write_tab(key, text);
    if !text.is_empty() {
        storage::write(key, Some(text));
    } else if before.is_some() && storage::read(key) == before {
        storage::write(key, None);
    }
}
