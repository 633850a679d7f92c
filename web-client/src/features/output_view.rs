//! The whole output of a run. Only the visible lines are drawn, so that forty thousand of them scroll as easily as
//! forty.

use wardroom_client_core::protocol::{Role, RunId};
use wardroom_client_core::{Change, Run, RunState};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::output_find::OutputFind;
use super::run_card::status_icon;
use crate::components::{CopyRunButton, Icon, OutputLine, StopButton, icon, run_status};
use crate::engine::{Engine, Topic};
use crate::hooks::{PtrEq, use_tick, use_topic, use_ui, use_words};
use crate::i18n::fill;
use crate::limits::AT_END_PX;
use crate::logic::output_find::{Streams, Wanted, find, shown};
use crate::logic::output_log::{OutputLog, line as line_of, window};
use crate::logic::route::run_path;
use crate::services::browser;
use crate::testids;
use crate::text::format::bytes;
use crate::ui::UiAction;

/// The height of a line in pixels: that of `.output__line` at the default text size.
const LINE_PX: f64 = 19.2;

#[derive(PartialEq, Properties)]
pub struct OutputViewProps {
    pub run: RunId,
    /// The byte to show and mark; else the end.
    pub at: Option<u64>,
}

#[component]
pub fn OutputView(props: &OutputViewProps) -> Html {
    let words = use_words();
    let (id, at) = (props.run, props.at);
    let engine = use_topic(Topic::Model(Change::Run(id)));
    let ui = use_ui();
    let close_ref = use_node_ref();
    use_effect_with((engine.clone(), id), {
        let close_ref = close_ref.clone();
        move |(engine, id)| {
            let engine = engine.clone();
            engine.show_output(Some(*id), at);
            let came_from =
                browser::document().active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok());
            if let Some(button) = close_ref.cast::<HtmlElement>() {
                let _ = button.focus();
            }
            move || {
                engine.show_output(None, None);
                // Return the focus to the button that opened it.
                if let Some(element) = came_from.filter(|element| element.is_connected()) {
                    let _ = element.focus();
                }
            }
        }
    });
    let run = engine.read(|client| client.runs().get(&id).cloned());
    let is_running = run.as_ref().is_some_and(|run| run.state == RunState::Running);
    use_tick(is_running.then_some(1_000));
    let close = Callback::from(move |_| ui.dispatch(UiAction::Output(None)));
    let may_run = engine.read(|client| client.you().is_some_and(|you| you.role >= Role::Operator));
    html! {
        <section class="output-view" role="dialog" aria-label={fill(words.output_of, &[&number_of(run.as_deref())])}>
            <header class="output-view__head">
                { for run.as_deref().map(|run| head(run, &engine, words)) }
                <span class="output-view__actions">
                    if let Some(run) = run.clone() { <CopyRunButton run={PtrEq(run)} /> }
                    <a class="text-button" href={run_path(id)} download={format!("r{}.log", number_of(run.as_deref()))} data-testid={testids::RUN_DOWNLOAD}>{ icon(Icon::Download) }<span class="text-button__label">{ words.download }</span></a>
                    if is_running && may_run { <StopButton run={id} /> }
                    <button class="button" ref={close_ref} onclick={close} data-testid={testids::OUTPUT_CLOSE}>{ icon(Icon::Close) }{ words.close_output }</button>
                </span>
            </header>
            <Lines run={id} {at} />
        </section>
    }
}

fn number_of(run: Option<&Run>) -> String {
    run.and_then(|run| run.info.as_ref()).map(|info| info.n.to_string()).unwrap_or_default()
}

fn head(run: &Run, engine: &Engine, words: &crate::i18n::Words) -> Html {
    let status = run_status(run, engine.server_now_ms(), words);
    let (cmd, meta) = run.info.as_ref().map_or_else(Default::default, |info| {
        let isolation = info.isolation.as_ref().map(|level| format!(" · {}", fill(words.runs.isolation, &[level])));
        let meta = format!("{} · {}{}", info.host, info.by, isolation.unwrap_or_default());
        (crate::text::sanitize::sanitized(&info.cmd).into_owned(), meta)
    });
    html! {
        <>
            <span class={classes!("state", "chip", status.class)}>{ status_icon(&status) }{ status.words }</span>
            <span class="card__number">{ format!("r{}", number_of(Some(run))) }</span>
            <span class="card__title" title={cmd.clone()}>{ cmd }</span>
            <span class="card__meta card__meta--far">{ meta }</span>
        </>
    }
}

/// The visible lines, between two spacers that are as high as the lines not drawn.
#[component]
fn Lines(props: &OutputViewProps) -> Html {
    let words = use_words();
    let id = props.run;
    let engine = use_topic(Topic::OutputLog);
    let scroller = use_node_ref();
    let (above, below) = (use_node_ref(), use_node_ref());
    let scrolled = use_state_eq(|| (0.0_f64, 800.0_f64));
    let is_following = use_mut_ref(|| props.at.is_none());
    let ui = use_ui();
    let streams = use_state_eq(Streams::default);
    // The number of the line that was found last; `Err` if the last search found nothing.
    let found = use_state_eq(|| Ok(None::<u64>));
    let kept = engine.read_output(id, |log| shown(log, *streams)).flatten();
    let all = engine.read_output(id, |log| kept.as_ref().map_or(log.lines().len(), Vec::len)).unwrap_or(0);
    let index_of = |at: usize| kept.as_ref().map_or(Some(at), |kept| kept.get(at).copied());
    let on_find = {
        let (engine, found, streams) = (engine.clone(), found.clone(), *streams);
        Callback::from(move |(wanted, is_back): (Wanted, bool)| {
            let hit = engine.read_output(id, |log| find(log, streams, found.unwrap_or_default(), is_back, &wanted));
            found.set(hit.flatten().map(Some).ok_or(()));
        })
    };
    let on_streams = {
        let (streams, found) = (streams.setter(), found.setter());
        Callback::from(move |next| {
            streams.set(next);
            found.set(Ok(None));
        })
    };
    let skipped = engine.read_output(id, OutputLog::skipped_bytes).unwrap_or(0);
    let found_number = found.unwrap_or_default();
    let found_at = engine.read_output(id, |log| {
        let number = found_number?;
        let at = log.lines().position(|line| line.number == number)?;
        kept.as_ref().map_or(Some(at), |kept| kept.binary_search(&at).ok())
    });
    let wanted = match found_at.flatten() {
        None if *streams == Streams::Both => engine.read_output(id, OutputLog::wanted).flatten(),
        found_at => found_at,
    };
    let drawn = window(all, scrolled.0, scrolled.1, LINE_PX);
    let onscroll = {
        let (scroller, set, is_following) = (scroller.clone(), scrolled.setter(), is_following.clone());
        Callback::from(move |_: yew::Event| {
            let Some(element) = scroller.cast::<Element>() else { return };
            let (top, height) = (f64::from(element.scroll_top()), f64::from(element.client_height()));
            *is_following.borrow_mut() = f64::from(element.scroll_height()) - top - height <= AT_END_PX;
            set.set((top, height));
        })
    };
    use_effect_with((all, drawn.clone()), {
        let (scroller, above, below, is_following) =
            (scroller.clone(), above.clone(), below.clone(), is_following.clone());
        move |(all, drawn): &(usize, std::ops::Range<usize>)| {
            set_height(&above, drawn.start);
            set_height(&below, all - drawn.end);
            if let Some(element) = scroller.cast::<Element>().filter(|_| *is_following.borrow()) {
                element.set_scroll_top(element.scroll_height());
            }
        }
    });
    // After the spacers have their heights: scroll the wanted line to a third of the height, once.
    use_effect_with((wanted.is_some(), found_number), {
        let (scroller, is_following) = (scroller.clone(), is_following.clone());
        move |_| {
            if wanted.is_some() {
                *is_following.borrow_mut() = false;
            }
            if let (Some(element), Some(wanted)) = (scroller.cast::<Element>(), wanted) {
                let above = f64::from(element.client_height()) / 3.0;
                element.set_scroll_top((wanted as f64 * LINE_PX - above) as i32);
            }
        }
    });
    let line = |at: usize| {
        let (fd, number, spans) = engine.read_output(id, |log| line_of(log, index_of(at)?))??;
        Some(html! { <OutputLine key={at} {fd} {number} {spans} is_target={wanted == Some(at)} /> })
    };
    let to_end = {
        let (scroller, is_following, is_elsewhere) = (scroller.clone(), is_following.clone(), props.at.is_some());
        Callback::from(move |_| {
            if is_elsewhere {
                // The end is not loaded.
                ui.dispatch(UiAction::Output(Some(id)));
            }
            *is_following.borrow_mut() = true;
            if let Some(element) = scroller.cast::<Element>() {
                element.set_scroll_top(element.scroll_height());
            }
        })
    };
    html! {
        <>
            <OutputFind {on_find} {on_streams} is_missing={found.is_err()} />
            <pre class="output output-view__output" ref={scroller} {onscroll} tabindex="0" data-testid={testids::OUTPUT_LOG} data-lines={all.to_string()}>
                <span class="output__spacer" ref={above}></span>
                <span class="output__lines">{ for drawn.filter_map(line) }</span>
                <span class="output__spacer" ref={below}></span>
                if all == 0 { <span class="output__empty">{ words.no_output_yet }</span> }
            </pre>
            <footer class="output-view__foot">
                <button class="text-button" onclick={to_end}>{ words.jump_to_bottom }</button>
                <span>{ words.stdout_stderr }</span>
                if skipped > 0 { <span>{ fill(words.bytes_before, &[&bytes(skipped)]) }</span> }
            </footer>
        </>
    }
}

/// Through the CSSOM, because the content security policy forbids `style` attributes.
fn set_height(space: &NodeRef, lines: usize) {
    if let Some(element) = space.cast::<Element>() {
        let style = element.unchecked_ref::<HtmlElement>().style();
        let _ = style.set_property("height", &format!("{}px", (lines as f64 * LINE_PX).round() as i64));
    }
}
