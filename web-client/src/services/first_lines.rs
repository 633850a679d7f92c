//! The last lines of a room, which `static/boot.js` shows while the program loads. They stay until the program has drawn
//! the room itself.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;
use yew::Html;

use super::browser::{document, window};

thread_local!(static FIRST_LINES: std::cell::RefCell<Option<Element>> = const { std::cell::RefCell::new(None) });

/// Keeps the lines when the program replaces the first screen.
pub fn capture() {
    FIRST_LINES.set(document().query_selector(".first-lines").ok().flatten());
}

/// The room that they are of.
pub fn room() -> Option<String> {
    FIRST_LINES.with_borrow(|kept| kept.as_ref()?.get_attribute("data-room"))
}

/// A copy of the lines.
pub fn view() -> Option<Html> {
    let copy = FIRST_LINES.with_borrow(|kept| kept.as_ref()?.clone_node_with_deep(true).ok())?;
    Some(Html::VRef(copy))
}

/// They are not needed any more.
pub fn forget() {
    FIRST_LINES.set(None);
}

/// The answer to `api/session` that boot.js has asked for, once. `None` if it did not ask, or got no answer.
pub async fn session_answer() -> Option<String> {
    let name = JsValue::from_str("wardroomSession");
    let asked: js_sys::Promise = js_sys::Reflect::get(&window(), &name).ok()?.dyn_into().ok()?;
    js_sys::Reflect::delete_property(&window(), &name).ok()?;
    JsFuture::from(asked).await.ok()?.as_string()
}
