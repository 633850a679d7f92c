//! What stands for a person beside what they said.

use yew::prelude::*;

use crate::logic::avatar::{colour, initials};

/// Initials on a colour. The name beside it says the same to screen readers.
pub fn avatar(user: &str, name: &str) -> Html {
    html! { <span class={classes!("avatar", colour(user))} aria-hidden="true">{ initials(name) }</span> }
}
