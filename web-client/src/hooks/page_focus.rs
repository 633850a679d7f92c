//! Whether the user looks at the page.

use yew::prelude::*;

use crate::services::browser;
use crate::services::listener::Listener;

/// True while the page is visible and has the keyboard focus.
#[hook]
pub fn use_page_focus() -> bool {
    let is_focused = use_state_eq(browser::is_focused);
    use_effect_with((), {
        let set = is_focused.setter();
        move |()| {
            let on = |target: &web_sys::EventTarget, name| {
                let set = set.clone();
                Listener::new(target, name, move |_| set.set(browser::is_focused()))
            };
            let window = browser::window();
            let listeners = [on(&browser::document(), "visibilitychange"), on(&window, "focus"), on(&window, "blur")];
            move || drop(listeners)
        }
    });
    *is_focused
}
