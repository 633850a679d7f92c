//! A search hit: where, who and when, with the matches highlighted.

use wardroom_client_core::protocol::messages::{Hit, HitKind};
use yew::prelude::*;

use crate::hooks::{use_engine, use_words};
use crate::i18n::fill;
use crate::logic::highlight::highlighted;
use crate::services::browser;
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
    let piece = |(nth, (text, is_mark)): (usize, (&str, bool))| {
        let text = sanitized(text).into_owned();
        if is_mark {
            html! { <mark key={nth}>{ text }</mark> }
        } else {
            html! { <span key={nth}>{ text }</span> }
        }
    };
    let class = classes!("jump__text", (hit.kind != HitKind::Message).then_some("jump__text--mono"));
    html! {
        <>
            <span class="jump__meta">{ format!("{} · {} · {at} · {kind}{run}{lines}", engine.room_label(&hit.room), engine.display_name(hit.by.as_str())) }</span>
            <span {class}>{ for highlighted(&hit.text, &hit.marks).into_iter().enumerate().map(piece) }</span>
        </>
    }
}
