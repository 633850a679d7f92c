//! The first screen, which index.html shows before the program starts: what the gateway wrote into it, and what was
//! typed into its form.

use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::browser::document;

/// The state of that form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BootForm {
    pub user: String,
    pub password: String,
    /// The password field has the focus.
    pub is_at_password: bool,
    /// The form was submitted.
    pub is_submitted: bool,
}

thread_local!(static BOOT_FORM: std::cell::RefCell<Option<BootForm>> = const { std::cell::RefCell::new(None) });

/// True if the browser may have a session: the gateway writes into the page whether a cookie was sent.
pub fn may_have_session() -> bool {
    attribute("data-session").as_deref() != Some("out")
}

/// Reads the form before the program replaces it.
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

/// Returns what was read, once.
pub fn take() -> BootForm {
    BOOT_FORM.with_borrow_mut(Option::take).unwrap_or_default()
}

fn attribute(name: &str) -> Option<String> {
    document().document_element()?.get_attribute(name)
}
