//! The root of the page: finds out who is signed in, then shows the sign-in form or the rooms.

mod crash;
mod notify;
mod run_ends;
mod session;
mod shell;

use wasm_bindgen_futures::spawn_local;

use crate::hooks::Prefs;
use crate::services::{boot_form, browser, first_lines, language};

/// Renders the page into `#page`.
pub fn start() {
    crash::install();
    let lang = Prefs::kept().lang;
    if lang.missing_file().is_none() {
        return render();
    }
    spawn_local(async move {
        language::load(lang).await;
        render();
    });
}

/// Takes over what the first screen has, in the same step in which it replaces it.
fn render() {
    boot_form::capture();
    first_lines::capture();
    if let Some(root) = browser::document().get_element_by_id("page") {
        yew::Renderer::<session::App>::with_root(root).render();
    }
}
