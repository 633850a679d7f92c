//! A line of output with its number, stream and colours.

use wardroom_protocol::ansi::Span;
use yew::prelude::*;

use crate::text::ansi::classes;

#[derive(PartialEq, Properties)]
pub struct OutputLineProps {
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// Its number, if known.
    pub number: Option<u64>,
    pub spans: Vec<Span>,
    /// It is the line that was searched for.
    #[prop_or_default]
    pub is_target: bool,
}

#[component]
pub fn OutputLine(props: &OutputLineProps) -> Html {
    let pieces = props.spans.iter().enumerate().map(|(at, span)| {
        let class = classes(span.style);
        // Spans of a line never move, so their index is a good key.
        html! { <span key={at} class={(!class.is_empty()).then_some(class)}>{ &span.text }</span> }
    });
    html! {
        <span class={classes!("output__line", (props.fd == 2).then_some("output__line--err"), props.is_target.then_some("output__line--target"))} data-fd={props.fd.to_string()}>
            if let Some(number) = props.number {
                <span class="output__number" aria-hidden="true">{ number }</span>
            }
            <span>{ for pieces }</span>
        </span>
    }
}
