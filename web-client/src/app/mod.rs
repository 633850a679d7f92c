//! The root of the page: finds out who is signed in, then shows the sign-in form or the rooms.

mod crash;
mod frame;
mod notify;
mod run_ends;
mod session;
mod shell;

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;

use crate::hooks::Prefs;
use crate::services::{boot_form, browser, first_lines, language};

/// Renders the page into `#page`.
pub fn start() {
    crash::install();
    spawn_local(async {
        let lang = Prefs::kept().lang;
        if lang.missing_file().is_some() {
            language::load(lang).await;
        } else {
            // The browser has just compiled the program: let it handle what was typed and touched meanwhile.
            TimeoutFuture::new(0).await;
        }
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
