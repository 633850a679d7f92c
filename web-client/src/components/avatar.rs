//! The picture beside a person's messages.

use yew::prelude::*;

use crate::logic::avatar::{colour, initials};

/// Initials on a colour. Screen readers skip it: the name is next to it.
pub fn avatar(user: &str, name: &str) -> Html {
    html! { <span class={classes!("avatar", colour(user))} aria-hidden="true">{ initials(name) }</span> }
}
