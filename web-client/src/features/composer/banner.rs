//! The banner above the composer: what is being replied to, edited or run again.

use wardroom_client_core::protocol::RoomName;
use yew::prelude::*;

use crate::hooks::{use_engine, use_ui, use_words};
use crate::i18n::fill;
use crate::testids;
use crate::ui::ComposeMode;

#[derive(PartialEq, Properties)]
pub struct BannerProps {
    pub room: RoomName,
    pub on_cancel: Callback<()>,
}

#[component]
pub fn Banner(props: &BannerProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let ui = use_ui();
    let (says, quote) = match ui.compose_mode {
        ComposeMode::New => return Html::default(),
        ComposeMode::Edit(_) => (words.editing.to_owned(), String::new()),
        ComposeMode::Rerun(seq) => match engine.run_started_at(&props.room, seq) {
            Some(run) => (fill(words.running_again, &[&run.n.to_string(), &run.host]), String::new()),
            None => (words.run_again.to_owned(), String::new()),
        },
        ComposeMode::Reply(seq) => match engine.message_text(&props.room, seq) {
            Some((by, text)) => {
                (fill(words.replying, &[&by]), text.lines().next().unwrap_or_default().chars().take(200).collect())
            }
            None => (fill(words.replying, &[&format!("{seq}")]), String::new()),
        },
    };
    html! {
        <div class="composer__banner" data-testid={testids::BANNER}>
            <span class="composer__banner-text">{ says }</span>
            <span class="composer__banner-quote">{ crate::text::sanitize::sanitized(&quote).into_owned() }</span>
            <button class="text-button" onclick={props.on_cancel.reform(|_| ())}>{ words.cancel }{ " " }<span class="kbd" aria-hidden="true">{ "Esc" }</span></button>
        </div>
    }
}
