//! A run in the timeline: one card from start to end, with its status, its last lines and its actions. While it is
//! running, nothing in the card moves, so that *Stop* can be hit.

use std::sync::Arc;
use wardroom_protocol::ansi::{Style, spans};

use wardroom_client_core::protocol::messages::{Right, is_usual_isolation};
use wardroom_client_core::protocol::{Event, EventBody};
use wardroom_client_core::{Change, Run, RunState};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};
use yew::prelude::*;

use super::rights::use_rights;
use super::run_input::RunInput;
use super::run_lanes::RunLanes;
use super::terminal_preview::TerminalPreview;
use crate::components::{
    CopyRunButton, Icon, OutputLine, RunStatus, StopButton, exit_words, icon, run_status, status_icon,
};
use crate::engine::{Engine, Topic};
use crate::features::composer::focus_composer;
use crate::hooks::{PtrEq, use_tick, use_topic, use_ui, use_words};
use crate::i18n::{Words, fill};
use crate::limits::{CARD_LINES_MAX, CARD_LIVE_LINES};
use crate::logic::route::run_path;
use crate::testids;
use crate::text::format::bytes;
use crate::text::sanitize::{one_line, sanitized};
use crate::ui::{ComposeMode, UiAction};

#[derive(PartialEq, Properties)]
pub struct RunCardProps {
    /// The event that started the run.
    pub event: PtrEq<Event>,
}

#[component]
pub fn RunCard(props: &RunCardProps) -> Html {
    let EventBody::RunStarted(started) = &props.event.body else { return Html::default() };
    let words = use_words();
    let chosen = use_state_eq(|| started.run);
    let id = *chosen;
    let engine = use_topic(Topic::Model(Change::Run(id)));
    let card = use_node_ref();
    let run = engine.read(|client| client.runs().get(&id).cloned());
    let is_running = run.as_ref().is_none_or(|run| run.state == RunState::Running);
    use_watch_while_near(&engine, (started.tty.is_none()).then_some(id), &card);
    use_tick(is_running.then_some(1_000));
    let status = run.as_deref().map(|run| run_status(run, engine.server_now_ms(), words));
    let state = status.as_ref().map_or("running", |status| status.state);
    let duration = status
        .as_ref()
        .and_then(|status| status.duration.clone())
        .map(|duration| format!(" · {duration}"))
        .unwrap_or_default();
    let cwd = started.cwd.as_ref().map(|cwd| format!(" · {}", one_line(cwd))).unwrap_or_default();
    let info = run.as_ref().and_then(|run| run.info.clone());
    let (n, host) = info.map_or_else(|| (started.n, started.host.clone()), |info| (info.n, info.host.clone()));
    let how = how(&started.conditions(), started.isolation.iter(), words);
    let secrets: String = started.secrets.iter().map(|name| format!(" · ${}", one_line(name))).collect();
    let approved = started.approved.as_ref();
    let approved = approved.map(|approved| format!(" · {}", fill(words.proposal_approved, &[approved.by.as_str()])));
    let meta = format!("r{n} · {host}{cwd}{duration}{how}{secrets}{}", approved.unwrap_or_default());
    let rights = use_rights(&props.event.room);
    let may_run = rights.allows(Right::Run, Some(&host));
    html! {
        <article class="card" ref={card} aria-label={fill(words.run_label, &[&started.n.to_string(), &one_line(&started.cmd)])}
            data-testid={testids::RUN_CARD} data-run={id.to_string()} data-run-n={started.n.to_string()} data-state={state}>
            <div class="card__head">
                <div class="card__main">
                    <code class="card__cmd" title={sanitized(&started.cmd).into_owned()}>{ sanitized(started.cmd.trim()).into_owned() }</code>
                    <span class="card__meta">
                        if let Some(status) = status { <StatusChip {status} /> }
                        <span title={meta.clone()}>{ meta }</span>
                    </span>
                </div>
                if is_running && rights.may_end(&props.event.by) { <StopButton run={id} /> }
            </div>
            if started.group == Some(started.run) {
                <RunLanes group={started.run} chosen={id} on_choose={Callback::from(move |run| chosen.set(run))} />
            }
            if started.tty.is_some() {
                <TerminalPreview run={id} {is_running} />
            } else if let Some(run) = run.clone() {
                <Output run={PtrEq(run)} {is_running} />
            }
            if let Some(detached) = run.as_ref().and_then(|run| run.detached.as_ref()).filter(|_| is_running) {
                <p class="card__note" role="status" data-testid={testids::RUN_KEPT}>
                    { fill(words.runs.run_kept, &[&exit_words(&detached.exit, words), &one_line(&detached.kept.join(", "))]) }
                </p>
            }
            if let Some(run) = run.clone().filter(|_| started.stdin && is_running && rights.may_type(&host)) { <RunInput run={PtrEq(run)} /> }
            if let Some(run) = run { <RunActions run={PtrEq(run)} event={props.event.clone()} may_run={may_run && !is_running} /> }
        </article>
    }
}

/// Returns under what something runs, apart from what is usual.
pub(super) fn how<'a>(conditions: &[String], levels: impl Iterator<Item = &'a String>, words: &Words) -> String {
    let conditions = conditions.iter().map(|one| one_line(one).to_string());
    let levels = levels.filter(|level| !is_usual_isolation(level)).map(|level| fill(words.runs.isolation, &[level]));
    conditions.chain(levels).map(|one| format!(" · {one}")).collect()
}

#[derive(PartialEq, Properties)]
struct StatusChipProps {
    status: RunStatus,
}

#[component]
fn StatusChip(props: &StatusChipProps) -> Html {
    let status = &props.status;
    html! {
        <span class={classes!("state", "chip", status.class)} data-testid={testids::RUN_STATE}>{ status_icon(status) }{ &status.words }</span>
    }
}

#[derive(PartialEq, Properties)]
struct RunActionsProps {
    run: PtrEq<Run>,
    event: PtrEq<Event>,
    may_run: bool,
}

/// The actions below the output.
#[component]
fn RunActions(props: &RunActionsProps) -> Html {
    let EventBody::RunStarted(started) = &props.event.body else { return Html::default() };
    let words = use_words();
    let ui = use_ui();
    let id = props.run.run;
    let again = {
        let (ui, seq) = (ui.clone(), props.event.seq);
        Callback::from(move |_: MouseEvent| {
            ui.dispatch(UiAction::Compose(ComposeMode::Rerun(seq)));
            focus_composer();
        })
    };
    let open = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(UiAction::Output(Some(id))))
    };
    let has_output = props.run.bytes > 0;
    let terminal = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(UiAction::Terminal(Some(id))))
    };
    let play = Callback::from(move |_: MouseEvent| ui.dispatch(UiAction::Play(id)));
    html! {
        <div class="card__foot">
            if started.tty.is_some() {
                <button class="text-button" onclick={terminal} data-testid={testids::TERMINAL_OPEN}>{ icon(Icon::Expand) }{ words.runs.terminal_open }</button>
                if has_output && props.run.state != RunState::Running {
                    <button class="text-button" onclick={play} data-testid={testids::RUN_PLAY}>{ icon(Icon::Play) }{ words.runs.terminal_play }</button>
                }
            }
            <button class="text-button" onclick={open} data-testid={testids::RUN_OPEN}>
                { icon(Icon::Expand) }{ words.open }
                if has_output { <span class="num card__size">{ bytes(props.run.bytes) }</span> }
            </button>
            <span class="card__actions">
                if has_output {
                    <CopyRunButton run={props.run.clone()} />
                    <a class="text-button" href={run_path(id)} download={format!("r{}.log", started.n)} data-testid={testids::RUN_DOWNLOAD}>{ icon(Icon::Download) }<span class="text-button__label">{ words.download }</span></a>
                }
                if props.may_run {
                    <button class="text-button" onclick={again} title={words.run_again_hint} data-testid={testids::RUN_AGAIN}>{ icon(Icon::Reload) }<span class="text-button__label">{ words.run_again }</span></button>
                }
            </span>
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct OutputProps {
    run: PtrEq<Run>,
    is_running: bool,
}

#[component]
fn Output(props: &OutputProps) -> Html {
    let words = use_words();
    let run = &props.run;
    let all = run.tail.lines().len();
    let skip = all.saturating_sub(if props.is_running { CARD_LIVE_LINES } else { CARD_LINES_MAX });
    let mut styles = [Style::default(); 2];
    let lines: Vec<Html> = run
        .tail
        .lines()
        .enumerate()
        .filter_map(|(at, line)| {
            // Colours continue across lines, so hidden lines are parsed too.
            let style = if line.fd == 2 { &mut styles[1] } else { &mut styles[0] };
            let pieces = spans(&line.text, style);
            let number = run.tail.number(line);
            (at >= skip).then(|| html! { <OutputLine key={line.number} fd={line.fd} {number} spans={pieces} /> })
        })
        .collect();
    let sentence = lines.is_empty().then(|| empty_text(run, props.is_running, words)).flatten();
    html! {
        <>
            if sentence.is_some() || !lines.is_empty() {
                <pre class={classes!("output", props.is_running.then_some("output--live"))} tabindex="0" data-testid={testids::RUN_OUTPUT}>
                    { for sentence.map(|sentence| html! { <span class="output__empty">{ sentence }</span> }) }
                    { for lines }
                </pre>
            }
            if run.truncated { <div class="card__note">{ words.truncated }</div> }
            if run.left > 0 { <div class="card__note card__note--error">{ fill(words.processes_left, &[&run.left.to_string()]) }</div> }
        </>
    }
}

/// Why there are no lines. A run that ended without output has no box at all.
fn empty_text(run: &Run, is_running: bool, words: &'static Words) -> Option<&'static str> {
    match (is_running, run.bytes) {
        (true, 0) => Some(words.no_output_yet),
        (false, 0) => None,
        _ => Some(words.output_loading),
    }
}

/// `None` is a terminal, whose card shows its screen. Watches the run while its card is near the visible part: a room with a thousand runs requests the output of three.
#[hook]
fn use_watch_while_near(engine: &Engine, run: Option<wardroom_protocol::RunId>, card: &NodeRef) {
    use_effect_with((engine.clone(), run), {
        let card = card.clone();
        move |(engine, run)| {
            let (engine, run) = (engine.clone(), *run);
            let closure = run.map(|run| {
                let engine = engine.clone();
                Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
                    let Some(entry) = entries.iter().last() else { return };
                    let is_near = entry.unchecked_ref::<IntersectionObserverEntry>().is_intersecting();
                    watch_if_near(&engine, run, is_near);
                })
            });
            let options = IntersectionObserverInit::new();
            // Start well before the card is visible, so that it does not grow under the reader's eyes. The margin is
            // relative to the timeline: one of the window would be clipped at the timeline's edge.
            options.set_root_margin("1200px 0px");
            let timeline = card.cast::<Element>().and_then(|card| card.closest(".timeline").ok().flatten());
            options.set_root(timeline.as_ref());
            let observer = closure.as_ref().and_then(|closure| {
                IntersectionObserver::new_with_options(closure.as_ref().unchecked_ref(), &options).ok()
            });
            if let (Some(observer), Some(card)) = (&observer, card.cast::<Element>()) {
                observer.observe(&card);
            }
            move || {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                if let Some(run) = run {
                    engine.unwatch(run);
                }
                drop(closure);
            }
        }
    });
}

/// Keeps the output of a run that has ended; it is not requested again.
fn watch_if_near(engine: &Engine, run: wardroom_protocol::RunId, is_near: bool) {
    let known: Option<Arc<Run>> = engine.read(|client| client.runs().get(&run).cloned());
    let is_fetched =
        known.is_some_and(|run| run.state != RunState::Running && !run.watched && run.tail.lines().len() > 0);
    match is_near {
        true if !is_fetched => engine.watch(run),
        false => engine.unwatch(run),
        true => {}
    }
}
