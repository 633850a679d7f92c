//! The author and the time of a line.

use yew::prelude::*;

use crate::components::avatar;
use crate::hooks::use_prefs;
use crate::services::browser;

#[derive(PartialEq, Properties)]
pub struct LineHeadProps {
    pub by: AttrValue,
    pub who: AttrValue,
    pub at: u64,
    pub is_first: bool,
}

/// Above the first line of a group: author and time. Beside the others: the time, on hover.
#[component]
pub fn LineHead(props: &LineHeadProps) -> Html {
    let lang = use_prefs().lang;
    let time = browser::local(props.at).hh_mm();
    if !props.is_first {
        return html! { <span class="line__time line__time--again">{ time }</span> };
    }
    html! {
        <>
            { avatar(&props.by, &props.who) }
            <div class="line__head">
                <span class="line__who">{ &props.who }</span>
                <span class="line__time" title={browser::day_words(props.at, lang)}>{ time }</span>
            </div>
        </>
    }
}
