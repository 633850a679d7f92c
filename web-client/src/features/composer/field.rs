//! The text field of the composer: its text, caret and height. Other parts of the page find it by its id, to focus or fill it.

use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, HtmlTextAreaElement};
use yew::prelude::{NodeRef, hook, use_effect_with};

use crate::logic::complete::byte_of_unit;
use crate::logic::composer::Composer;
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

/// Writes a text that did not come from the field into the field.
#[hook]
pub(super) fn use_field(area: &NodeRef, state: &Composer) {
    use_effect_with(state.revision, {
        let (area, text, caret) = (area.clone(), state.text.clone(), state.caret);
        move |_| {
            let Some(area) = area.cast::<HtmlTextAreaElement>() else { return };
            if area.value() != text {
                area.set_value(&text);
            }
            let units = text.get(..caret).unwrap_or(&text).encode_utf16().count() as u32;
            let _ = area.set_selection_range(units, units);
            fit(&area);
        }
    });
}

/// The byte offset of the caret.
pub(super) fn caret_of(area: &HtmlTextAreaElement, text: &str) -> usize {
    let units = area.selection_end().ok().flatten().unwrap_or(u32::MAX);
    byte_of_unit(text, units as usize)
}

/// Makes the field as high as its text, up to the limit in the style sheet. It is shrunk for a moment to be measured;
/// its parent is held meanwhile, or the timeline would grow and scroll.
pub(super) fn fit(area: &HtmlTextAreaElement) {
    let style = area.unchecked_ref::<HtmlElement>().style();
    let parent = area.parent_element().and_then(|parent| parent.dyn_into::<HtmlElement>().ok());
    if let Some(parent) = &parent {
        let _ = parent.style().set_property("height", &format!("{}px", parent.offset_height()));
    }
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", area.scroll_height()));
    if let Some(parent) = &parent {
        let _ = parent.style().remove_property("height");
    }
}
