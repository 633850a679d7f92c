//! Drafts per room: kept for this tab, so that tabs do not disturb each other, and for the browser, so that a closed
//! tab loses nothing.

use super::storage;
use crate::limits::DRAFT_BYTES_MAX;

/// The storage key of a room's draft.
pub fn key(user: &str, room: &str) -> String {
    storage::key_of(user, &format!("draft.{room}"))
}

/// The draft: this tab's own, or else the last one of another tab.
pub fn read(key: &str) -> String {
    storage::read_tab(key).or_else(|| storage::read(key)).unwrap_or_default()
}

/// Saves a draft. When it is sent, the browser's copy is removed too, unless another tab has changed it.
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
