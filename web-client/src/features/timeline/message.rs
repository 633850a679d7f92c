//! A message's text as elements.

use yew::prelude::*;

use crate::components::CopyButton;
use crate::hooks::use_engine;
use crate::text::markup::{Block, Piece, blocks};

#[derive(PartialEq, Properties)]
pub struct MessageTextProps {
    pub text: String,
}

/// The text.
#[component]
pub fn MessageText(props: &MessageTextProps) -> Html {
    let engine = use_engine();
    let parsed = use_memo(props.text.clone(), |text| blocks(text));
    let me = engine.user();
    let block = |(at, block): (usize, &Block)| match block {
        Block::Text(pieces) => html! {
            <span key={at} class="line__text">{ for pieces.iter().enumerate().map(|(at, p)| piece(at, p, me)) }</span>
        },
        Block::Code(code) => {
            let copied = code.clone();
            html! {
                <div key={at} class="line__code">
                    <pre class="line__block" tabindex="0">{ code }</pre>
                    <CopyButton text={Callback::from(move |()| copied.clone())} />
                </div>
            }
        }
    };
    html! { <span>{ for parsed.iter().enumerate().map(block) }</span> }
}

fn piece(at: usize, piece: &Piece, me: &str) -> Html {
    match piece {
        Piece::Plain(text) => html! { <span key={at}>{ shown(text) }</span> },
        Piece::Code(code) => html! { <code key={at}>{ shown(code) }</code> },
        Piece::Bold(text) => html! { <b key={at}>{ shown(text) }</b> },
        Piece::Link(url) => html! {
            <a key={at} class="link" href={url.clone()} target="_blank" rel="noopener noreferrer nofollow">{ shown(url) }</a>
        },
        Piece::Mention(name) => html! {
            <span key={at} class={classes!("mention", (name == me).then_some("mention--me"))}>{ format!("@{name}") }</span>
        },
    }
}

/// Characters that would turn the reading order or hide are shown; line ends stay.
fn shown(text: &str) -> String {
    text.split('\n').map(wardroom_protocol::visible::visible).collect::<Vec<_>>().join("\n")
}
