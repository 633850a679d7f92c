//! The lines of an output. Only those in sight are drawn, between two spacers as high as the loaded ones around them; a
//! scroll bar of its own covers what is not loaded.

use std::rc::Rc;

use gloo_timers::callback::Interval;
use wardroom_client_core::RunState;
use wardroom_protocol::RunId;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement};
use yew::prelude::*;

use super::find::OutputFind;
use super::options::LineOptions;
use crate::components::text_of;
use crate::engine::{Finding, Topic};
use crate::hooks::{use_topic, use_ui, use_words};
use crate::i18n::fill;
use crate::limits::{AT_END_PX, OUTPUT_LENGTH_EVERY_MS, OUTPUT_MORE_PX, OUTPUT_OVERSCAN_LINES};
use crate::logic::output_find::Wanted;
use crate::logic::output_log::{Line, rows_above};
use crate::services::browser;
use crate::testids;
use crate::text::format::bytes;
use crate::ui::UiAction;

/// The height of a row in pixels: that of `.output__line` at the default text size.
const ROW_PX: f64 = 19.2;
/// Columns of the number of a line, and of its time, as in the style sheet.
const NUMBER_COLUMNS: f64 = 10.0;
const TIME_COLUMNS: f64 = 13.0;

#[derive(PartialEq, Properties)]
pub struct LinesProps {
    pub run: RunId,
}

#[component]
pub fn Lines(props: &LinesProps) -> Html {
    let words = use_words();
    let id = props.run;
    let engine = use_topic(Topic::OutputLog);
    let ui = use_ui();
    let (scroller, above, below) = (use_node_ref(), use_node_ref(), use_node_ref());
    // How far it is scrolled, its height and its width in characters.
    let scrolled = use_state_eq(|| (0.0_f64, 800.0_f64, 80_u32));
    // The line at the top, and how many pixels of it are hidden.
    let anchor = use_mut_ref(|| (0_u64, 0.0_f64));
    let options = use_state_eq(LineOptions::kept);
    let (info, is_running) = engine.read(|client| {
        let run = client.runs().get(&id);
        (run.and_then(|run| run.info.clone()), run.is_none_or(|run| run.state == RunState::Running))
    });
    use_effect_with((engine.clone(), id, is_running), |(engine, id, is_running)| {
        let (engine, id) = (engine.clone(), *id);
        let every = is_running.then(|| Interval::new(OUTPUT_LENGTH_EVERY_MS, move || engine.measure_output(id)));
        move || drop(every)
    });
    let (top, height, width) = *scrolled;
    let taken = NUMBER_COLUMNS + if options.has_times { TIME_COLUMNS } else { 0.0 };
    let columns = options.wraps.then(|| (f64::from(width) - taken).max(8.0) as u32);
    let seen = engine.read_output(id, |open| {
        let rows = rows_above(open.log.lines(), columns);
        let line_at = |px: f64| rows.partition_point(|row| f64::from(*row) * ROW_PX <= px).saturating_sub(1);
        let lines = open.log.lines();
        let from = line_at(top).saturating_sub(OUTPUT_OVERSCAN_LINES).min(lines.len());
        let upto = (line_at(top + height) + 1 + OUTPUT_OVERSCAN_LINES).min(lines.len());
        Seen {
            target: open.target.and_then(|(at, nth)| Some((open.log.line_of(at)?, nth))),
            drawn: lines.get(from..upto).unwrap_or_default().to_vec(),
            drawn_from: from,
            rows_before: rows.get(from).copied().unwrap_or(0),
            rows_after: rows.last().copied().unwrap_or(0) - rows.get(upto).copied().unwrap_or(0),
            places: Rc::new(lines.iter().map(|line| line.off).zip(rows).collect()),
            range: open.log.range(),
            number: open.first_number(),
            bytes: open.bytes,
            is_whole: open.is_whole(),
            is_ready: open.is_ready,
            is_full: open.log.is_full(),
            is_following: open.is_following,
            has_failed: open.has_failed,
            finding: open.finding,
            streams: open.streams,
        }
    });
    let Some(seen) = seen else { return Html::default() };
    let rows_all = seen.rows_before + seen.drawn.iter().map(|line| line.rows(columns)).sum::<u32>() + seen.rows_after;
    let settle = {
        let (engine, scroller) = (engine.clone(), scroller.clone());
        let near_px =
            if seen.is_full { OUTPUT_MORE_PX.min(f64::from(rows_all) * ROW_PX / 4.0) } else { OUTPUT_MORE_PX };
        Callback::from(move |()| {
            let Some(element) = scroller.cast::<Element>() else { return };
            let top = f64::from(element.scroll_top());
            let below = f64::from(element.scroll_height()) - top - f64::from(element.client_height());
            engine.output_scrolled(id, top < near_px, below < near_px, below <= AT_END_PX);
        })
    };
    let onscroll = {
        let (scroller, set, anchor, places) =
            (scroller.clone(), scrolled.setter(), anchor.clone(), seen.places.clone());
        let settle = settle.clone();
        Callback::from(move |_: yew::Event| {
            let Some(element) = scroller.cast::<Element>() else { return };
            let top = f64::from(element.scroll_top());
            let at = places.partition_point(|(_, row)| f64::from(*row) * ROW_PX <= top).saturating_sub(1);
            if let Some((off, row)) = places.get(at) {
                *anchor.borrow_mut() = (*off, top - f64::from(*row) * ROW_PX);
            }
            set.set((top, f64::from(element.client_height()), columns_of(&element)));
            settle.emit(());
        })
    };
    use_effect_with((seen.range, rows_all, seen.rows_before, seen.is_following, columns), {
        let (scroller, above, below, anchor, places) =
            (scroller.clone(), above.clone(), below.clone(), anchor.clone(), seen.places.clone());
        let (before, after, is_following) = (seen.rows_before, seen.rows_after, seen.is_following);
        let set = scrolled.setter();
        move |_| {
            set_height(&above, before);
            set_height(&below, after);
            let Some(element) = scroller.cast::<Element>() else { return };
            if is_following {
                element.set_scroll_top(element.scroll_height());
            } else {
                // What is loaded above must not move what one reads.
                let (off, hidden) = *anchor.borrow();
                let at = places.partition_point(|(place, _)| *place <= off).saturating_sub(1);
                let wanted = places.get(at).map_or(0.0, |(_, row)| f64::from(*row) * ROW_PX + hidden);
                if (wanted - f64::from(element.scroll_top())).abs() >= 1.0 {
                    element.set_scroll_top(wanted.round() as i32);
                }
            }
            set.set((f64::from(element.scroll_top()), f64::from(element.client_height()), columns_of(&element)));
            settle.emit(());
        }
    });
    // The marked line comes to a third of the height, once.
    use_effect_with((seen.target.map(|(_, nth)| nth), id), {
        let (scroller, anchor, places, target) = (scroller.clone(), anchor.clone(), seen.places.clone(), seen.target);
        move |_| {
            let Some((off, row)) = target.and_then(|(index, _)| places.get(index)) else { return };
            let Some(element) = scroller.cast::<Element>() else { return };
            let above = f64::from(element.client_height()) / 3.0;
            *anchor.borrow_mut() = (*off, -above);
            element.set_scroll_top((f64::from(*row) * ROW_PX - above).round() as i32);
        }
    });
    let top_off = {
        let at = seen.places.partition_point(|(_, row)| f64::from(*row) * ROW_PX <= top).saturating_sub(1);
        seen.places.get(at).map_or(0, |(off, _)| *off)
    };
    let on_find = {
        let engine = engine.clone();
        Callback::from(move |(wanted, is_back): (Wanted, bool)| engine.find_in_output(id, &wanted, is_back, top_off))
    };
    let on_streams = {
        let (engine, is_following) = (engine.clone(), seen.is_following);
        Callback::from(move |streams| engine.show_streams(id, streams, (!is_following).then_some(top_off)))
    };
    let on_options = {
        let options = options.setter();
        Callback::from(move |next: LineOptions| {
            next.keep();
            options.set(next);
        })
    };
    let go = {
        let (engine, anchor) = (engine.clone(), anchor.clone());
        Callback::from(move |off: u64| {
            *anchor.borrow_mut() = (off, 0.0);
            engine.scroll_to_byte(id, off);
        })
    };
    let onkeydown = {
        let (go, engine) = (go.clone(), engine.clone());
        Callback::from(move |event: KeyboardEvent| match event.key().as_str() {
            "Home" => go.emit(0),
            "End" => engine.follow_output(id),
            _ => {}
        })
    };
    let ondrag = {
        let go = go.clone();
        Callback::from(move |event: InputEvent| {
            let off = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
            go.emit(off.max(0.0) as u64);
        })
    };
    let follow = {
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| engine.follow_output(id))
    };
    let again = {
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| engine.scroll_to_byte(id, top_off))
    };
    let seq = info.map(|info| info.seq);
    let line = |(index, line): (usize, &Line)| {
        let number = seen.number.zip(line.nth).map(|(first, nth)| (first + nth).to_string());
        let (ui, off) = (ui.clone(), line.off);
        let link = Callback::from(move |_: MouseEvent| {
            if let Some(seq) = seq {
                ui.dispatch(UiAction::LinkOutput(seq, id, off));
            }
        });
        let is_target = seen.target.is_some_and(|(target, _)| target == index);
        html! {
            <span key={off.to_string()} class={classes!("output__line", (line.fd == 2).then_some("output__line--err"), is_target.then_some("output__line--target"))} data-fd={line.fd.to_string()} data-off={off.to_string()}>
                <button class="output__number output__number--link" onclick={link} title={words.runs.output_link} tabindex="-1">{ if line.nth.is_some() { number.unwrap_or_else(|| "·".to_owned()) } else { String::new() } }</button>
                if options.has_times { <span class="output__time">{ if line.at > 0 { browser::clock(line.at) } else { String::new() } }</span> }
                <span class="output__text">{ text_of(&line.spans()) }</span>
            </span>
        }
    };
    let drawn = seen.drawn.iter().enumerate().map(|(at, of)| line((seen.drawn_from + at, of)));
    let empty = match () {
        () if !seen.is_ready && !seen.has_failed => words.output_loading,
        () if !seen.is_ready => "",
        () => words.no_output_yet,
    };
    html! {
        <>
            <OutputFind {on_find} {on_streams} {on_options} options={*options} streams={seen.streams} finding={seen.finding} bytes={seen.bytes} />
            <div class="output-view__body">
                <pre class={classes!("output", "output-view__output", options.wraps.then_some("output--wrap"), (!seen.is_whole).then_some("output-view__output--part"))} ref={scroller} {onscroll} {onkeydown} tabindex="0"
                    data-testid={testids::OUTPUT_LOG} data-bytes={seen.bytes.to_string()} data-following={seen.is_following.to_string()}>
                    <span class="output__spacer" ref={above}></span>
                    <span class="output__lines">{ for drawn }</span>
                    <span class="output__spacer" ref={below}></span>
                    if seen.places.is_empty() { <span class="output__empty">{ empty }</span> }
                </pre>
                if !seen.is_whole {
                    <input class="output-view__bar" type="range" min="0" max={seen.bytes.to_string()} step="1" value={top_off.to_string()} oninput={ondrag}
                        aria-label={words.runs.output_place} aria-orientation="vertical" data-testid={testids::OUTPUT_BAR} />
                }
            </div>
            <footer class="output-view__foot">
                if !seen.is_following { <button class="text-button" onclick={follow} data-testid={testids::OUTPUT_FOLLOW}>{ if is_running { words.runs.output_follow } else { words.jump_to_bottom } }</button> }
                <span>{ words.stdout_stderr }</span>
                if !seen.is_whole { <span class="num">{ fill(words.runs.output_at, &[&bytes(top_off), &bytes(seen.bytes)]) }</span> }
                if seen.has_failed {
                    <span class="error" role="alert">{ words.runs.output_failed }</span>
                    <button class="text-button" onclick={again}>{ words.retry }</button>
                }
            </footer>
        </>
    }
}

/// What is shown of the loaded lines.
struct Seen {
    /// The index of the marked line, and how often one was asked for.
    target: Option<(usize, u32)>,
    drawn: Vec<Line>,
    drawn_from: usize,
    rows_before: u32,
    rows_after: u32,
    /// For each line its offset, and the rows above it.
    places: Rc<Vec<(u64, u32)>>,
    range: Option<(u64, u64)>,
    number: Option<u64>,
    bytes: u64,
    is_whole: bool,
    is_ready: bool,
    is_full: bool,
    is_following: bool,
    has_failed: bool,
    finding: Finding,
    streams: crate::logic::output_find::Streams,
}

/// How many characters fit into its width.
fn columns_of(scroller: &Element) -> u32 {
    /// The advance of a character in the monospace font, in pixels: 0.6 of its size, 13 pixels.
    const CHARACTER_PX: f64 = 7.8;
    /// The padding on both sides.
    const PADDING_PX: f64 = 24.0;
    ((f64::from(scroller.client_width()) - PADDING_PX) / CHARACTER_PX).max(1.0) as u32
}

/// Through the CSSOM, because the content security policy forbids `style` attributes.
fn set_height(space: &NodeRef, rows: u32) {
    if let Some(element) = space.cast::<Element>() {
        let style = element.unchecked_ref::<HtmlElement>().style();
        let _ = style.set_property("height", &format!("{}px", (f64::from(rows) * ROW_PX).round() as i64));
    }
}
