//! The root of the page: finds out who is signed in, then shows the sign-in form or the rooms.

mod crash;
mod notify;
mod session;
mod shell;

use crate::services::{boot_form, browser, first_lines};

/// Renders the page into `#page`.
pub fn start() {
    crash::install();
    boot_form::capture();
    first_lines::capture();
    if let Some(root) = browser::document().get_element_by_id("page") {
        yew::Renderer::<session::App>::with_root(root).render();
    }
}
