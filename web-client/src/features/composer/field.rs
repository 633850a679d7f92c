//! The text field of the composer, found by its id: for other parts of the page that focus or fill it.

use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, HtmlTextAreaElement};

use crate::services::browser;

pub(super) const COMPOSER_ID: &str = "composer";

/// Moves the focus to the text field.
pub fn focus_composer() {
    let element = browser::document().get_element_by_id(COMPOSER_ID);
    if let Some(Ok(area)) = element.map(|element| element.dyn_into::<HtmlElement>()) {
        let _ = area.focus();
    }
}

/// Writes an example into an empty text field, to be sent or changed. A draft stays.
pub fn fill_composer(text: &str) {
    let Some(element) = browser::document().get_element_by_id(COMPOSER_ID) else { return };
    let Ok(area) = element.dyn_into::<HtmlTextAreaElement>() else { return };
    if area.value().trim().is_empty() {
        area.set_value(text);
        dispatch_input_event(&area);
    }
    let _ = area.focus();
}

/// Tells the composer that the text changed, as the browser does when somebody types.
pub(super) fn dispatch_input_event(area: &HtmlTextAreaElement) {
    let options = web_sys::EventInit::new();
    options.set_bubbles(true);
    if let Ok(event) = Event::new_with_event_init_dict("input", &options) {
        let _ = area.dispatch_event(&event);
    }
}
