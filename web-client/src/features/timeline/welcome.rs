//! The introduction in an empty room: how to write, run commands and share files.

use wardroom_client_core::protocol::RoomName;
use yew::prelude::*;

use crate::components::FileButton;
use crate::features::composer::fill_composer;
use crate::hooks::{use_engine, use_words};
use crate::i18n::fill;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct WelcomeProps {
    pub room: RoomName,
}

#[component]
pub fn Welcome(props: &WelcomeProps) -> Html {
    let (words, engine) = (use_words(), use_engine());
    let write = |text: &'static str| Callback::from(move |_: MouseEvent| fill_composer(text));
    html! {
        <div class="welcome" data-testid={testids::WELCOME}>
            <h2 class="welcome__head">{ fill(words.welcome_head, &[&engine.room_label(&props.room)]) }</h2>
            <p class="welcome__lead">{ words.welcome_lead }</p>
            <div class="welcome__line"><span class="welcome__symbol" aria-hidden="true">{ "“”" }</span><span class="welcome__text">{ words.welcome_talk }</span>
                <button class="button" onclick={write(words.welcome_talk_example)}>{ words.welcome_write }</button></div>
            <div class="welcome__line"><span class="welcome__symbol" aria-hidden="true">{ "$" }</span><span class="welcome__text">{ words.welcome_run }</span>
                <button class="button" onclick={write(words.welcome_run_example)}>{ words.welcome_try }</button></div>
            <div class="welcome__line"><span class="welcome__symbol" aria-hidden="true">{ "↥" }</span><span class="welcome__text">{ words.welcome_share }</span>
                <FileButton room={props.room.clone()} words={words.welcome_choose} /></div>
        </div>
    }
}
