//! The page as a whole: it starts here, finds out who is signed in, and then shows the house.

mod acts;
mod asks;
mod commands;
mod crash;
mod engine;
mod gate;
mod house;
mod marks;
mod names;
mod notify;
mod outbox;
mod perform;
mod topics;
mod ui;

pub use engine::{Engine, Notice, NoticeWhat};
pub use perform::FILE_GONE;
pub use topics::Topic;
pub use ui::{Dialog, Drawer, Tab, UiAct, UiHandle, Writing};

use crate::services::{browser, first};

/// Paints the page into `#page`.
pub fn start() {
    crash::install();
    first::keep();
    if let Some(root) = browser::document().get_element_by_id("page") {
        yew::Renderer::<gate::App>::with_root(root).render();
    }
}
