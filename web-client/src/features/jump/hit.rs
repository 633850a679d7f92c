//! A search hit: where, who and when, and its text as the timeline shows it, with the matches highlighted.

use wardroom_client_core::protocol::messages::{Hit, HitKind};
use yew::prelude::*;

use crate::hooks::{use_engine, use_words};
use crate::i18n::fill;
use crate::logic::snippet::{Look, Piece, pieces};
use crate::services::browser;
use crate::text::ansi::classes;
use crate::text::sanitize::sanitized;

#[derive(PartialEq, Properties)]
pub struct HitItemProps {
    pub hit: Hit,
    /// The server did not count all matching lines.
    pub is_more: bool,
}

#[component]
pub fn HitItem(props: &HitItemProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let hit = &props.hit;
    let kind = match hit.kind {
        HitKind::Message => words.kind_message,
        HitKind::Run => words.kind_run,
        HitKind::Output => words.kind_output,
        HitKind::File => words.kind_file,
    };
    let run = hit.n.map(|n| format!(" r{n}")).unwrap_or_default();
    let lines = hit.lines_shown(props.is_more);
    let lines = lines.map(|lines| format!(" · {}", fill(words.hit_lines, &[&lines]))).unwrap_or_default();
    let at = format!("{} {}", browser::date_digits(hit.at), browser::local(hit.at).hh_mm());
    let piece = |(nth, piece): (usize, Piece)| {
        let text = sanitized(&piece.text).into_owned();
        let text = if piece.is_match {
            html! { <mark>{ text }</mark> }
        } else {
            html! { text }
        };
        match piece.look {
            Look::Plain => html! { <span key={nth}>{ text }</span> },
            Look::Code => html! { <code key={nth}>{ text }</code> },
            Look::Strong => html! { <strong key={nth}>{ text }</strong> },
            Look::Emphasis => html! { <em key={nth}>{ text }</em> },
            Look::Strike => html! { <del key={nth}>{ text }</del> },
            Look::Coloured(style) => html! { <span key={nth} class={classes(style)}>{ text }</span> },
        }
    };
    let is_message = hit.kind == HitKind::Message;
    let class = classes!("jump__text", (!is_message).then_some("jump__text--mono"));
    html! {
        <>
            <span class="jump__meta">{ format!("{} · {} · {at} · {kind}{run}{lines}", engine.room_label(&hit.room), engine.display_name(hit.by.as_str())) }</span>
            <span {class}>{ for pieces(&hit.text, &hit.marks, is_message && hit.format.is_markdown()).into_iter().enumerate().map(piece) }</span>
        </>
    }
}
