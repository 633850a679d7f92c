//! A run in the timeline: how it stands, its last lines, and what one can do about it.

use std::sync::Arc;

use wardroom_client_core::protocol::{Event, EventBody, Role};
use wardroom_client_core::{Change, Run, RunState};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};
use yew::prelude::*;

use crate::app::{Engine, Topic, UiAct, UiHandle};
use crate::components::{CopyButton, OutputLine, RunStateWords, run_state};
use crate::hooks::{Same, use_tick, use_topic, use_words};
use crate::i18n::{Words, fill};
use crate::limits::CARD_LINES_MAX;
use crate::testids;
use crate::text::ansi::{Style, spans};
use crate::text::shown::{one_line, shown};

#[derive(PartialEq, Properties)]
pub struct RunCardProps {
    /// The line of its start.
    pub event: Same<Event>,
}

/// The card.
#[component]
pub fn RunCard(props: &RunCardProps) -> Html {
    let EventBody::RunStarted(started) = &props.event.body else { return Html::default() };
    let words = use_words();
    let id = started.run;
    let engine = use_topic(Topic::Model(Change::Run(id)));
    let card = use_node_ref();
    let run = engine.read(|client| client.runs().get(&id).cloned());
    let is_running = run.as_ref().is_none_or(|run| run.state == RunState::Running);
    use_sight(&engine, id, &card);
    use_tick(is_running.then_some(1_000));
    let look = run.as_deref().map(|run| run_state(run, engine.server_now_ms(), words));
    let state = look.as_ref().map_or("running", |look| look.state);
    let took = look.as_ref().and_then(|look| look.took.clone()).map(|took| format!(" · {took}")).unwrap_or_default();
    let meta = format!("{} · {}{took}", started.host, props.event.by);
    html! {
        <article class="card" ref={card} aria-label={fill(words.run_label, &[&started.n.to_string(), &one_line(&started.cmd)])}
            data-testid={testids::RUN_CARD} data-run={id.to_string()} data-run-n={started.n.to_string()} data-state={state}>
            <div class="card__head">
                if let Some(look) = look { <StateOf {look} /> }
                <span class="card__n">{ format!("r{}", started.n) }</span>
                <span class="card__what" title={shown(&started.cmd).into_owned()}>{ one_line(&started.cmd) }</span>
                <span class="card__meta card__meta--far">{ meta }</span>
                <Acts run={run.clone().map(Same)} event={props.event.clone()} {is_running} />
            </div>
            if let Some(run) = run { <Output run={Same(run)} {is_running} /> }
        </article>
    }
}

#[derive(PartialEq, Properties)]
struct StateOfProps {
    look: RunStateWords,
}

#[component]
fn StateOf(props: &StateOfProps) -> Html {
    let look = &props.look;
    html! {
        <span class={classes!("state", look.class)} data-testid={testids::RUN_STATE}>
            <span aria-hidden="true">{ look.sign }</span>{ &look.words }
        </span>
    }
}

#[derive(PartialEq, Properties)]
struct ActsProps {
    run: Option<Same<Run>>,
    event: Same<Event>,
    is_running: bool,
}

#[component]
fn Acts(props: &ActsProps) -> Html {
    let EventBody::RunStarted(started) = &props.event.body else { return Html::default() };
    let words = use_words();
    let engine = crate::hooks::use_engine();
    let ui = use_context::<UiHandle>().expect("inside House");
    let is_stopping = use_state_eq(|| false);
    let may_run = engine.read(|client| client.you().is_some_and(|you| you.role >= Role::Operator));
    let id = started.run;
    let stop = {
        let (engine, is_stopping) = (engine.clone(), is_stopping.setter());
        Callback::from(move |_| {
            is_stopping.set(true);
            engine.stop_run(id);
        })
    };
    let again = {
        let (engine, room) = (engine.clone(), props.event.room.clone());
        let (cmd, host) = (started.cmd.clone(), started.host.clone());
        Callback::from(move |_| engine.run(&room, cmd.clone(), Some(host.clone())))
    };
    let text = {
        let run = props.run.clone();
        Callback::from(move |()| run.as_ref().map(|run| plain(run)).unwrap_or_default())
    };
    let open = Callback::from(move |_| ui.dispatch(UiAct::Full(Some(id))));
    html! {
        <span class="card__acts">
            if props.is_running && may_run {
                <button class="act act--bad" onclick={stop} disabled={*is_stopping} data-testid={testids::RUN_STOP}>
                    { if *is_stopping { words.stopping } else { words.stop } }
                </button>
            }
            if !props.is_running && may_run {
                <button class="act" onclick={again} data-testid={testids::RUN_AGAIN}>{ words.run_again }</button>
            }
            <CopyButton {text} testid={testids::RUN_COPY} />
            <button class="act" onclick={open} data-testid={testids::RUN_OPEN}>{ words.open }</button>
        </span>
    }
}

#[derive(PartialEq, Properties)]
struct OutputProps {
    run: Same<Run>,
    is_running: bool,
}

/// The last lines.
#[component]
fn Output(props: &OutputProps) -> Html {
    let words = use_words();
    let ui = use_context::<UiHandle>().expect("inside House");
    let run = &props.run;
    let all = run.tail.lines().len();
    let skip = all.saturating_sub(CARD_LINES_MAX);
    let is_whole = run.tail.skipped_bytes() == 0;
    let mut styles = [Style::default(); 2];
    let lines: Vec<Html> = run
        .tail
        .lines()
        .enumerate()
        .filter_map(|(at, line)| {
            // Colours go on over line ends, so that what is not shown is read too.
            let style = if line.fd == 2 { &mut styles[1] } else { &mut styles[0] };
            let pieces = spans(&line.text, style);
            let number = is_whole.then_some(line.number + 1);
            (at >= skip).then(|| html! { <OutputLine key={line.number} fd={line.fd} {number} spans={pieces} /> })
        })
        .collect();
    let id = run.run;
    let open = Callback::from(move |_| ui.dispatch(UiAct::Full(Some(id))));
    let is_empty = lines.is_empty();
    html! {
        <>
            if skip > 0 || (!is_whole && !is_empty) {
                <button class="out__more" onclick={open}>
                    { if is_whole { fill(words.lines_before, &[&skip.to_string()]) } else { words.lines_earlier.to_owned() } }
                </button>
            }
            if is_empty {
                if let Some(sentence) = nothing(run, props.is_running, words) {
                    <div class="out"><span class="out__none">{ sentence }</span></div>
                }
            } else {
                <pre class="out" tabindex="0" data-testid={testids::RUN_OUTPUT}>{ for lines }</pre>
            }
            if run.truncated { <div class="card__note">{ words.truncated }</div> }
            if run.left > 0 { <div class="card__note card__note--bad">{ fill(words.left_over, &[&run.left.to_string()]) }</div> }
        </>
    }
}

/// Why there are no lines. A run that is over and wrote nothing says so by having no box for them.
fn nothing(run: &Run, is_running: bool, words: &'static Words) -> Option<&'static str> {
    match (is_running, run.bytes) {
        (true, 0) => Some(words.no_output_yet),
        (false, 0) => None,
        _ => Some(words.output_waits),
    }
}

/// The lines that are at hand, without colours.
fn plain(run: &Run) -> String {
    let mut out = String::new();
    for line in run.tail.lines() {
        for span in spans(&line.text, &mut Style::default()) {
            out.push_str(&span.text);
        }
        out.push('\n');
    }
    out
}

/// Follows the run while its card is in sight, or nearly: a room with a thousand runs asks for the output of three.
#[hook]
fn use_sight(engine: &Engine, run: wardroom_protocol::RunId, card: &NodeRef) {
    use_effect_with((engine.clone(), run), {
        let card = card.clone();
        move |(engine, run)| {
            let (engine, run) = (engine.clone(), *run);
            let closure = {
                let engine = engine.clone();
                Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
                    let Some(entry) = entries.iter().last() else { return };
                    let is_near = entry.unchecked_ref::<IntersectionObserverEntry>().is_intersecting();
                    seen(&engine, run, is_near);
                })
            };
            let options = IntersectionObserverInit::new();
            // Well before it is seen, so that its output does not grow under the reader's eyes. The margin is that of
            // the timeline: one of the window would be cut off at the timeline's edge.
            options.set_root_margin("1200px 0px");
            let timeline = card.cast::<Element>().and_then(|card| card.closest(".timeline").ok().flatten());
            options.set_root(timeline.as_ref());
            let observer = IntersectionObserver::new_with_options(closure.as_ref().unchecked_ref(), &options).ok();
            if let (Some(observer), Some(card)) = (&observer, card.cast::<Element>()) {
                observer.observe(&card);
            }
            move || {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                engine.unwatch(run);
                drop(closure);
            }
        }
    });
}

/// What has come of a run that is over is kept, and not asked for again.
fn seen(engine: &Engine, run: wardroom_protocol::RunId, is_near: bool) {
    let known: Option<Arc<Run>> = engine.read(|client| client.runs().get(&run).cloned());
    let is_fetched =
        known.is_some_and(|run| run.state != RunState::Running && !run.watched && run.tail.lines().len() > 0);
    match is_near {
        true if !is_fetched => engine.watch(run),
        false => engine.unwatch(run),
        true => {}
    }
}
