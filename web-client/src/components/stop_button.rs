//! Stops a run. After the first press it shows *Stopping…* until the run has ended.

use wardroom_client_core::protocol::RunId;
use yew::prelude::*;

use super::{Icon, icon};
use crate::hooks::{use_engine, use_words};
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct StopButtonProps {
    pub run: RunId,
}

#[component]
pub fn StopButton(props: &StopButtonProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let is_stopping = use_state_eq(|| false);
    let onclick = {
        let (run, is_stopping) = (props.run, is_stopping.setter());
        Callback::from(move |_: MouseEvent| {
            is_stopping.set(true);
            engine.stop_run(run);
        })
    };
    html! {
        <button class="button stop" {onclick} disabled={*is_stopping} data-testid={testids::RUN_STOP}>
            { icon(Icon::Stop) }{ if *is_stopping { words.stopping } else { words.stop } }
        </button>
    }
}
