//! The clipboard. The modern API needs a secure context; without TLS the old one is used.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlDocument, HtmlTextAreaElement};

use super::browser;

/// Copies a text; `false` if the browser forbids it.
pub async fn copy(text: &str) -> bool {
    if browser::window().is_secure_context() {
        let written = JsFuture::from(browser::window().navigator().clipboard().write_text(text)).await;
        if written.is_ok() {
            return true;
        }
    }
    copy_by_selection(text).unwrap_or(false)
}

fn copy_by_selection(text: &str) -> Option<bool> {
    let document = browser::document();
    let area: HtmlTextAreaElement = document.create_element("textarea").ok()?.dyn_into().ok()?;
    area.set_value(text);
    area.set_class_name("visually-hidden");
    document.body()?.append_child(&area).ok()?;
    area.select();
    let is_copied = document.dyn_ref::<HtmlDocument>()?.exec_command("copy").ok();
    area.remove();
    is_copied
}
