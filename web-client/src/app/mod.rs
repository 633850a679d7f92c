//! The page as a whole: it starts here, finds out who is signed in, and then shows the room.

mod actions;
mod commands;
mod crash;
mod effects;
mod engine;
mod names;
mod notify;
mod outbox;
mod requests;
mod session;
mod shell;
mod topics;
mod ui;
mod upload_nonces;

pub use effects::FILE_GONE;
pub use engine::{Engine, Notice, NoticeKind};
pub use topics::Topic;
pub use ui::{ComposeMode, Dialog, Drawer, PanelTab, UiAction, UiHandle};

use crate::services::{boot_form, browser};

/// Paints the page into `#page`.
pub fn start() {
    crash::install();
    boot_form::capture();
    if let Some(root) = browser::document().get_element_by_id("page") {
        yew::Renderer::<session::App>::with_root(root).render();
    }
}
