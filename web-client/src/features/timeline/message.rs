//! The text of a message as elements. Text becomes text nodes; nothing is ever set as HTML.

use wardroom_client_core::Change;
use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::protocol::markdown::{self, Align, Block, Inline, Item};
use wardroom_client_core::protocol::mention::HERE;
use wardroom_client_core::protocol::tokens::{room_readings, user_readings};
use wardroom_protocol::ansi::{Span, Style, spans};
use yew::prelude::*;

use crate::components::CopyButton;
use crate::engine::{Engine, Topic};
use crate::hooks::{use_engine, use_topic, use_ui};
use crate::logic::route::Route;
use crate::text::ansi::classes;
use crate::text::code::tokens;
use crate::text::{emoji, sanitize};
use crate::ui::{UiAction, UiHandle};

#[derive(PartialEq, Properties)]
pub struct MessageTextProps {
    pub text: String,
    /// Show it as plain text, not as Markdown.
    #[prop_or_default]
    pub is_plain: bool,
    /// Mentions in it notify nobody.
    #[prop_or_default]
    pub is_silent: bool,
}

#[component]
pub fn MessageText(props: &MessageTextProps) -> Html {
    let engine = use_engine();
    let ui = use_ui();
    let parsed = use_memo((props.text.clone(), props.is_plain), |(text, is_plain)| {
        if *is_plain { markdown::plain(text) } else { markdown::blocks(text) }
    });
    let renderer = Renderer { engine, ui, is_plain: props.is_plain, is_silent: props.is_silent };
    html! { <div class="markdown">{ renderer.blocks(&parsed) }</div> }
}

fn sanitized(text: &str) -> String {
    sanitize::sanitized(text).into_owned()
}

/// What the rendering of a text needs.
struct Renderer {
    engine: Engine,
    ui: UiHandle,
    is_plain: bool,
    is_silent: bool,
}

impl Renderer {
    fn blocks(&self, blocks: &[Block]) -> Html {
        blocks.iter().enumerate().map(|(at, block)| self.block(at, block)).collect()
    }

    fn block(&self, at: usize, block: &Block) -> Html {
        match block {
            Block::Paragraph(inlines) => html! { <span key={at} class="line__text">{ self.inlines(inlines) }</span> },
            // A message is not a chapter of the page: keep its headings out of a screen reader's list of headings.
            Block::Heading(level, inlines) => {
                let class = classes!("line__text", "markdown__head", (*level > 2).then_some("markdown__head--low"));
                html! { <span key={at} {class}>{ self.inlines(inlines) }</span> }
            }
            Block::Coloured(lines) => {
                html! { <pre key={at} class="line__block" tabindex="0">{ for lines.iter().map(|line| coloured(line)) }</pre> }
            }
            Block::Code { lang, text } => html! { <CodeBlock key={at} lang={lang.clone()} text={text.clone()} /> },
            Block::Quote(inner) => {
                html! { <blockquote key={at} class="markdown__quote">{ self.blocks(inner) }</blockquote> }
            }
            Block::List { first, items } => {
                let items = items.iter().enumerate().map(|(at, item)| self.item(at, item));
                match first {
                    Some(first) => {
                        html! { <ol key={at} class="markdown__list markdown__list--numbers" start={first.to_string()}>{ for items }</ol> }
                    }
                    None => html! { <ul key={at} class="markdown__list">{ for items }</ul> },
                }
            }
            Block::Table { align, rows } => self.table(at, align, rows),
            Block::Rule => html! { <hr key={at} class="markdown__rule" /> },
        }
    }

    fn item(&self, at: usize, item: &Item) -> Html {
        let Some(is_done) = item.task else { return html! { <li key={at}>{ self.blocks(&item.blocks) }</li> } };
        html! {
            <li key={at} class="markdown__task">
                <span class="markdown__box">{ if is_done { "☑" } else { "☐" } }</span>
                { self.blocks(&item.blocks) }
            </li>
        }
    }

    fn table(&self, at: usize, align: &[Align], rows: &[Vec<Vec<Inline>>]) -> Html {
        let cell = |(column, cell): (usize, &Vec<Inline>), is_head: bool| {
            let class = match align.get(column) {
                Some(Align::Center) => Some("markdown__cell--center"),
                Some(Align::Right) => Some("markdown__cell--right"),
                _ => None,
            };
            let words = self.inlines(cell);
            if is_head {
                html! { <th key={column} scope="col" {class}>{ words }</th> }
            } else {
                html! { <td key={column} {class}>{ words }</td> }
            }
        };
        let row = |(at, row): (usize, &Vec<Vec<Inline>>)| {
            html! { <tr key={at}>{ for row.iter().enumerate().map(|of| cell(of, at == 0)) }</tr> }
        };
        let mut rows = rows.iter().enumerate().map(row);
        let head = rows.next();
        html! {
            <div key={at} class="markdown__wide" tabindex="0">
                <table class="markdown__table"><thead>{ head }</thead><tbody>{ for rows }</tbody></table>
            </div>
        }
    }

    fn inlines(&self, inlines: &[Inline]) -> Html {
        inlines.iter().enumerate().map(|(at, inline)| self.inline(at, inline)).collect()
    }

    fn inline(&self, at: usize, inline: &Inline) -> Html {
        match inline {
            Inline::Text(text) if self.is_plain => html! { <span key={at}>{ sanitized(text) }</span> },
            Inline::Text(text) => html! { <span key={at}>{ sanitized(&emoji::replaced(text)) }</span> },
            Inline::Code(code) => html! { <code key={at}>{ sanitized(code) }</code> },
            Inline::Strong(inner) => html! { <strong key={at}>{ self.inlines(inner) }</strong> },
            Inline::Emphasis(inner) => html! { <em key={at}>{ self.inlines(inner) }</em> },
            Inline::Strike(inner) => html! { <s key={at}>{ self.inlines(inner) }</s> },
            Inline::Link(url, words) => {
                let is_itself = matches!(words.as_slice(), [Inline::Text(text)] if text == url);
                html! {
                    <a key={at} class="link" href={url.clone()} target="_blank" rel="noopener noreferrer nofollow" title={(!is_itself).then(|| url.clone())}>
                        { self.inlines(words) }
                    </a>
                }
            }
            Inline::Mention(mention) if self.is_silent => html! { <span key={at}>{ sanitized(mention) }</span> },
            Inline::Mention(mention) => html! { <Mention key={at} mention={mention.clone()} /> },
            Inline::Room(name) => self.room(at, name),
        }
    }

    /// A link if the room exists; otherwise text, as for an issue number.
    fn room(&self, at: usize, text: &str) -> Html {
        let room = room_readings(text).find_map(|name| {
            let room = RoomName::parse(&name.to_lowercase()).ok()?;
            self.engine.read(|client| client.rooms().contains_key(&room)).then_some((room, name.len()))
        });
        let Some((room, len)) = room else { return html! { <span key={at}>{ sanitized(text) }</span> } };
        let (name, rest) = text.split_at(len + 1);
        let href = Route::Room(room.clone(), None).path();
        let onclick = {
            let ui = self.ui.clone();
            Callback::from(move |event: MouseEvent| {
                if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                    event.prevent_default();
                    ui.dispatch(UiAction::OpenRoom(room.clone()));
                }
            })
        };
        html! { <span key={at}><a class="link" {href} {onclick}>{ name.to_owned() }</a>{ sanitized(rest) }</span> }
    }
}

#[derive(PartialEq, Properties)]
struct MentionProps {
    mention: AttrValue,
}

/// `@name`, highlighted if there is such a user.
#[component]
fn Mention(props: &MentionProps) -> Html {
    let engine = use_topic(Topic::Model(Change::People(Engine::company_room())));
    let is_somebody = |name: &&str| name.eq_ignore_ascii_case(HERE) || engine.is_user(&name.to_ascii_lowercase());
    let Some(name) = user_readings(&props.mention).find(is_somebody) else {
        return html! { { sanitized(&props.mention) } };
    };
    let is_me = name.eq_ignore_ascii_case(HERE) || name.eq_ignore_ascii_case(engine.user());
    let rest = props.mention.get(name.len() + 1..).unwrap_or_default().to_owned();
    html! { <><span class={classes!("mention", is_me.then_some("mention--self"))}>{ format!("@{name}") }</span>{ rest }</> }
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

/// A code block with syntax colours and a copy button.
#[component]
pub fn CodeBlock(props: &CodeBlockProps) -> Html {
    let copied = props.text.clone();
    let lines: Html = if props.text.contains('\x1b') {
        let mut style = Style::default();
        props.text.split('\n').map(|line| coloured(&spans(line, &mut style))).collect()
    } else {
        let line = |tokens: Vec<(crate::text::code::TokenKind, &str)>| {
            let token = |(kind, text): (crate::text::code::TokenKind, &str)| html! { <span class={kind.class()}>{ sanitized(text) }</span> };
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
