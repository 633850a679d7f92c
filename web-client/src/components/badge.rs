//! The unread count of a room, with an `@` for mentions.

use wardroom_client_core::protocol::limits::UNREAD_MAX;
use yew::prelude::*;

use crate::hooks::use_words;
use crate::i18n::fill;

#[derive(PartialEq, Properties)]
pub struct BadgeProps {
    /// The unread lines, and how many of them are mentions.
    pub unread: (u64, u64),
}

/// The badge; nothing if everything is read.
#[component]
pub fn Badge(props: &BadgeProps) -> Html {
    let words = use_words();
    let (unread, mentions) = props.unread;
    let (class, shown, said) = match (unread, mentions) {
        (0, _) => return Html::default(),
        (_, 1) => ("badge badge--mention", "@1".to_owned(), words.mention_one.to_owned()),
        (_, n @ 2..) => ("badge badge--mention", format!("@{n}"), fill(words.mentions, &[&n.to_string()])),
        (n, _) => {
            let shown = if n >= UNREAD_MAX { format!("{UNREAD_MAX}+") } else { n.to_string() };
            ("badge", shown, fill(words.unread, &[&n.to_string()]))
        }
    };
    html! { <span {class}><span aria-hidden="true">{ shown }</span><span class="visually-hidden">{ said }</span></span> }
}
