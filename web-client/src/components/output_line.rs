//! A line of output with its number, stream and colours.

use wardroom_protocol::ansi::Span;
use yew::prelude::*;

use crate::logic::output_find::next_link;
use crate::text::ansi::classes;

#[derive(PartialEq, Properties)]
pub struct OutputLineProps {
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// Its number, if known.
    pub number: Option<u64>,
    pub spans: Vec<Span>,
}

#[component]
pub fn OutputLine(props: &OutputLineProps) -> Html {
    html! {
        <span class={classes!("output__line", (props.fd == 2).then_some("output__line--err"))} data-fd={props.fd.to_string()}>
            if let Some(number) = props.number {
                <span class="output__number" aria-hidden="true">{ number }</span>
            }
            <span>{ text_of(&props.spans) }</span>
        </span>
    }
}

/// The text of a line: its colours, and what can be clicked.
pub fn text_of(spans: &[Span]) -> Html {
    // Spans of a line never move, so their index is a good key.
    let pieces = spans.iter().enumerate().map(|(at, span)| {
        let class = classes(span.style);
        html! { <span key={at} class={(!class.is_empty()).then_some(class)}>{ linked(&span.text) }</span> }
    });
    pieces.collect()
}

fn linked(mut text: &str) -> Html {
    let mut pieces: Vec<Html> = Vec::new();
    while let Some(range) = next_link(text) {
        let (before, address) =
            (text.get(..range.start).unwrap_or_default(), text.get(range.clone()).unwrap_or_default());
        pieces.push(before.into());
        pieces.push(html! { <a class="output__link" href={address.to_owned()} target="_blank" rel="noopener noreferrer nofollow">{ address }</a> });
        text = text.get(range.end..).unwrap_or_default();
    }
    pieces.push(text.into());
    pieces.into_iter().collect()
}
