//! What the composer answers or says otherwise, above it.

use wardroom_client_core::protocol::RoomName;
use yew::prelude::*;

use crate::app::{UiHandle, Writing};
use crate::hooks::{use_engine, use_words};
use crate::i18n::fill;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct BannerProps {
    /// Where.
    pub room: RoomName,
    /// It is not to be.
    pub on_drop: Callback<()>,
}

/// What is answered, or said otherwise.
#[component]
pub fn Banner(props: &BannerProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let ui = use_context::<UiHandle>().expect("inside House");
    let (says, quote) = match ui.writing {
        Writing::New => return Html::default(),
        Writing::Edit(_) => (words.editing.to_owned(), String::new()),
        Writing::Again(seq) => match engine.run_at(&props.room, seq) {
            Some(run) => (fill(words.running_again, &[&run.n.to_string(), &run.host]), String::new()),
            None => (words.run_again.to_owned(), String::new()),
        },
        Writing::Reply(seq) => match engine.text_of(&props.room, seq) {
            Some((by, text)) => {
                (fill(words.replying, &[&by]), text.lines().next().unwrap_or_default().chars().take(200).collect())
            }
            None => (fill(words.replying, &[&format!("{seq}")]), String::new()),
        },
    };
    html! {
        <div class="compose__banner" data-testid={testids::BANNER}>
            <span class="compose__banner-says">{ says }</span>
            <span class="compose__banner-quote">{ crate::text::shown::shown(&quote).into_owned() }</span>
            <button class="act" onclick={props.on_drop.reform(|_| ())}>{ words.cancel }{ " " }<span class="kbd" aria-hidden="true">{ "Esc" }</span></button>
        </div>
    }
}
