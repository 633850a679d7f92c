//! The lanes of a command on several hosts: one for each, in the card of the first. The card shows the output of the
//! chosen one.

use std::sync::Arc;

use wardroom_client_core::protocol::RunId;
use wardroom_client_core::{Run, RunState};
use yew::prelude::*;

use crate::components::{run_status, status_icon};
use crate::engine::Topic;
use crate::hooks::{use_tick, use_topic, use_words};
use crate::testids;
use crate::text::sanitize::sanitized;

#[derive(PartialEq, Properties)]
pub struct RunLanesProps {
    /// The first run.
    pub group: RunId,
    /// The run whose output is shown.
    pub chosen: RunId,
    pub on_choose: Callback<RunId>,
}

#[component]
pub fn RunLanes(props: &RunLanesProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Runs);
    let mut lanes: Vec<Arc<Run>> = engine.read(|client| {
        let is_lane = |run: &&Arc<Run>| run.info.as_ref().is_some_and(|info| info.group == Some(props.group));
        client.runs().values().filter(is_lane).cloned().collect()
    });
    lanes.sort_by_key(|run| run.info.as_ref().map_or(0, |info| info.n));
    let is_running = lanes.iter().any(|run| run.state == RunState::Running);
    use_tick(is_running.then_some(1_000));
    let now_ms = engine.server_now_ms();
    let lane = |run: &Arc<Run>| {
        let Some(info) = &run.info else { return Html::default() };
        let status = run_status(run, now_ms, words);
        let id = run.run;
        let choose = props.on_choose.reform(move |_: MouseEvent| id);
        html! {
            <button key={id.to_string()} type="button" class="lane" aria-pressed={(id == props.chosen).to_string()} onclick={choose}
                data-testid={testids::RUN_LANE} data-state={status.state}>
                <span class="lane__host">{ sanitized(&info.host).into_owned() }</span>
                <span class={classes!("state", status.class)}>{ status_icon(&status) }{ status.words.clone() }</span>
            </button>
        }
    };
    html! { <div class="lanes" role="group" aria-label={words.runs.hosts_head}>{ for lanes.iter().map(lane) }</div> }
}
