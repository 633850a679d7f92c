//! An empty room says what to do there: three lines that talk, run and share.

use wardroom_client_core::protocol::RoomName;
use yew::prelude::*;

use crate::components::FileButton;
use crate::features::composer::fill_composer;
use crate::hooks::{use_engine, use_words};
use crate::i18n::fill;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct HowProps {
    pub room: RoomName,
}

/// The three lines.
#[component]
pub fn How(props: &HowProps) -> Html {
    let (words, engine) = (use_words(), use_engine());
    let write = |text: &'static str| Callback::from(move |_: MouseEvent| fill_composer(text));
    html! {
        <div class="how" data-testid={testids::HOW}>
            <h2 class="how__head">{ fill(words.how_head, &[&engine.room_called(&props.room)]) }</h2>
            <p class="how__lead">{ words.how_lead }</p>
            <div class="how__line"><span class="how__sign" aria-hidden="true">{ "“”" }</span><span class="how__words">{ words.how_talk }</span>
                <button class="tool" onclick={write(words.how_talk_example)}>{ words.how_say_it }</button></div>
            <div class="how__line"><span class="how__sign" aria-hidden="true">{ "$" }</span><span class="how__words">{ words.how_run }</span>
                <button class="tool" onclick={write(words.how_run_example)}>{ words.how_try }</button></div>
            <div class="how__line"><span class="how__sign" aria-hidden="true">{ "↥" }</span><span class="how__words">{ words.how_share }</span>
                <FileButton room={props.room.clone()} words={words.how_choose} /></div>
        </div>
    }
}
