//! A message and a reload button when the page panics, instead of a page that silently stops. Drawn without Yew, which
//! may be what failed.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::i18n::{Lang, Words};
use crate::services::listener::Listener;
use crate::services::{browser, storage};

/// Shows the message on a panic.
pub fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let what = panic.to_string();
        let tag = storage::read(storage::LANGUAGE).unwrap_or_else(browser::language);
        // If even this fails, there is nothing left to try.
        let _ = paint(&what, Lang::of_tag(&tag).words());
    }));
}

fn paint(what: &str, words: &Words) -> Option<()> {
    let document = browser::document();
    let make = |tag: &str, class: &str, text: &str| -> Option<Element> {
        let element = document.create_element(tag).ok()?;
        element.set_class_name(class);
        element.set_text_content(Some(text));
        Some(element)
    };
    let whole = make("div", "crash", "")?;
    whole.set_attribute("role", "alert").ok()?;
    whole.append_child(&make("h1", "crash__head", words.crashed_head)?.into()).ok()?;
    whole.append_child(&make("p", "", words.crashed_lead)?.into()).ok()?;
    whole.append_child(&make("pre", "crash__detail", what)?.into()).ok()?;
    let button: HtmlElement = make("button", "button button--primary", words.reload)?.dyn_into().ok()?;
    whole.append_child(&button).ok()?;
    // The listener lives as long as the page.
    std::mem::forget(Listener::new(&button, "click", |_| {
        let _ = browser::window().location().reload();
    }));
    let body = document.body()?;
    body.set_text_content(None);
    body.append_child(&whole).ok()?;
    button.focus().ok()
}
