//! A message's text as elements. Text becomes text nodes only; nothing is ever set as HTML.

use wardroom_client_core::protocol::RoomName;
use yew::prelude::*;

use crate::app::{Engine, UiAct, UiHandle};
use crate::components::CopyButton;
use crate::hooks::use_engine;
use crate::logic::route::Route;
use crate::text::ansi::{Span, Style, classes, spans};
use crate::text::code::tokens;
use crate::text::markup::{Block, Piece, blocks};
use crate::text::shown;

#[derive(PartialEq, Properties)]
pub struct MessageTextProps {
    pub text: String,
}

/// The text.
#[component]
pub fn MessageText(props: &MessageTextProps) -> Html {
    let engine = use_engine();
    let ui = use_context::<UiHandle>().expect("inside House");
    let parsed = use_memo(props.text.clone(), |text| blocks(text));
    let hand = Hand { engine, ui };
    html! { <div class="said">{ for parsed.iter().enumerate().map(|(at, block)| hand.block(at, block)) }</div> }
}

fn shown(text: &str) -> String {
    shown::shown(text).into_owned()
}

/// What the drawing of a text needs to know.
struct Hand {
    engine: Engine,
    ui: UiHandle,
}

impl Hand {
    fn block(&self, at: usize, block: &Block) -> Html {
        match block {
            Block::Text(pieces) => html! { <span key={at} class="line__text">{ self.pieces(pieces) }</span> },
            Block::Coloured(lines) => {
                html! { <pre key={at} class="line__block" tabindex="0">{ for lines.iter().map(|line| coloured(line)) }</pre> }
            }
            Block::Code(lang, text) => html! { <CodeBlock key={at} lang={lang.clone()} text={text.clone()} /> },
            Block::Quote(inner) => html! {
                <blockquote key={at} class="said__quote">{ for inner.iter().enumerate().map(|(at, block)| self.block(at, block)) }</blockquote>
            },
            Block::List(first, items) => {
                let item = |(at, item): (usize, &Vec<Block>)| {
                    html! { <li key={at}>{ for item.iter().enumerate().map(|(at, block)| self.block(at, block)) }</li> }
                };
                let items = items.iter().enumerate().map(item);
                match first {
                    Some(first) => {
                        html! { <ol key={at} class="said__list said__list--numbers" start={first.to_string()}>{ for items }</ol> }
                    }
                    None => html! { <ul key={at} class="said__list">{ for items }</ul> },
                }
            }
        }
    }

    fn pieces(&self, pieces: &[Piece]) -> Html {
        pieces.iter().enumerate().map(|(at, piece)| self.piece(at, piece)).collect()
    }

    fn piece(&self, at: usize, piece: &Piece) -> Html {
        match piece {
            Piece::Plain(text) => html! { <span key={at}>{ shown(text) }</span> },
            Piece::Code(code) => html! { <code key={at}>{ shown(code) }</code> },
            Piece::Bold(inner) => html! { <strong key={at}>{ self.pieces(inner) }</strong> },
            Piece::Italic(inner) => html! { <em key={at}>{ self.pieces(inner) }</em> },
            Piece::Strike(inner) => html! { <s key={at}>{ self.pieces(inner) }</s> },
            Piece::Link(url, words) => html! {
                <a key={at} class="link" href={url.clone()} target="_blank" rel="noopener noreferrer nofollow" title={words.as_ref().map(|_| url.clone())}>
                    { shown(words.as_ref().unwrap_or(url)) }
                </a>
            },
            Piece::Mention(name) => {
                let is_me = name == self.engine.user() || name == "here";
                html! { <span key={at} class={classes!("mention", is_me.then_some("mention--me"))}>{ format!("@{name}") }</span> }
            }
            Piece::Room(name) => self.room(at, name),
        }
    }

    /// A link where there is such a room; a ticket's number stays text.
    fn room(&self, at: usize, name: &str) -> Html {
        let room =
            RoomName::parse(name).ok().filter(|room| self.engine.read(|client| client.rooms().contains_key(room)));
        let Some(room) = room else { return html! { <span key={at}>{ shown(&format!("#{name}")) }</span> } };
        let href = Route::Room(room.clone(), None).path();
        let onclick = {
            let ui = self.ui.clone();
            Callback::from(move |event: MouseEvent| {
                if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                    event.prevent_default();
                    ui.dispatch(UiAct::Go(room.clone()));
                }
            })
        };
        html! { <a key={at} class="link link--room" {href} {onclick}>{ format!("#{name}") }</a> }
    }
}

fn coloured(line: &[Span]) -> Html {
    let pieces = line.iter().map(|span| {
        let class = classes(span.style);
        html! { <span class={(!class.is_empty()).then_some(class)}>{ &span.text }</span> }
    });
    html! { <>{ for pieces }{ "\n" }</> }
}

#[derive(PartialEq, Properties)]
pub struct CodeBlockProps {
    pub lang: String,
    pub text: String,
}

/// Code between fences, with colours and a button that copies it.
#[component]
pub fn CodeBlock(props: &CodeBlockProps) -> Html {
    let copied = props.text.clone();
    let lines: Html = if props.text.contains('\x1b') {
        let mut style = Style::default();
        props.text.split('\n').map(|line| coloured(&spans(line, &mut style))).collect()
    } else {
        let line = |tokens: Vec<(crate::text::code::Look, &str)>| {
            let token = |(look, text): (crate::text::code::Look, &str)| html! { <span class={look.class()}>{ shown(text) }</span> };
            html! { <>{ for tokens.into_iter().map(token) }{ "\n" }</> }
        };
        tokens(&props.lang, &props.text).into_iter().map(line).collect()
    };
    html! {
        <div class="line__code">
            <pre class="line__block" tabindex="0">{ lines }</pre>
            <CopyButton text={Callback::from(move |()| copied.clone())} />
        </div>
    }
}
