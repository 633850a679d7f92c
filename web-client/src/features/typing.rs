//! Who is typing, above the composer.

use wardroom_client_core::Change;
use wardroom_client_core::protocol::RoomName;
use yew::prelude::*;

use crate::engine::Topic;
use crate::hooks::{use_topic, use_words};
use crate::i18n::fill;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct TypingLineProps {
    pub room: RoomName,
}

/// The line. It keeps its height when nobody types, so that nothing jumps.
#[component]
pub fn TypingLine(props: &TypingLineProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::Typing(props.room.clone())));
    let typing =
        engine.read(|client| client.rooms().get(&props.room).map(|room| room.typing.clone())).unwrap_or_default();
    let names: Vec<String> = typing.iter().map(|user| engine.display_name(user.as_str())).collect();
    let says = match names.as_slice() {
        [] => String::new(),
        [one] => fill(words.typing_one, &[one]),
        [one, two] => fill(words.typing_two, &[one, two]),
        many => fill(words.typing_many, &[&many.len().to_string()]),
    };
    html! { <div class="typing" data-testid={testids::TYPING}>{ says }</div> }
}
