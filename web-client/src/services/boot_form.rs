//! The first screen, which stands in index.html before the program does: what the gateway wrote into it, and what was typed
//! into its form.

use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::browser::document;

/// What was done with the form before the program took it over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BootForm {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
    /// The password has the focus, and not the name.
    pub is_at_password: bool,
    /// It was sent.
    pub is_submitted: bool,
}

thread_local!(static BOOT_FORM: std::cell::RefCell<Option<BootForm>> = const { std::cell::RefCell::new(None) });

/// The browser sent a cookie with its request for the page. Where no gateway wrote the page, there may be one.
pub fn may_have_session() -> bool {
    attribute("data-session").as_deref() != Some("out")
}

/// Reads the form, before the program draws its own in its place.
pub fn capture() {
    let value = |id: &str| {
        let field = document().get_element_by_id(id)?.dyn_into::<HtmlInputElement>().ok()?;
        Some(field.value())
    };
    let form = BootForm {
        user: value("boot-user").unwrap_or_default(),
        password: value("boot-password").unwrap_or_default(),
        is_at_password: document().active_element().is_some_and(|element| element.id() == "boot-password"),
        is_submitted: attribute("data-submitted").is_some(),
    };
    BOOT_FORM.with_borrow_mut(|kept| *kept = Some(form));
}

/// What was kept, once.
pub fn take() -> BootForm {
    BOOT_FORM.with_borrow_mut(Option::take).unwrap_or_default()
}

fn attribute(name: &str) -> Option<String> {
    document().document_element()?.get_attribute(name)
}
