//! Whether somebody looks at the page.

use yew::prelude::*;

use crate::services::browser;
use crate::services::listen::Listener;

/// True while the page is in sight.
#[hook]
pub fn use_page_visible() -> bool {
    let is_visible = use_state_eq(browser::is_visible);
    use_effect_with((), {
        let set = is_visible.setter();
        move |()| {
            let listener =
                Listener::new(&browser::document(), "visibilitychange", move |_| set.set(browser::is_visible()));
            move || drop(listener)
        }
    });
    *is_visible
}
