//! The lines of a room, as far as they are in sight; scrolling, jumping, and what has been read.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use gloo_timers::callback::Timeout;
use wardroom_client_core::protocol::{Event, EventBody, UserName};
use wardroom_client_core::{Command, PendingAmend, Room};
use yew::prelude::*;

use super::acts::{Overlay, Sheet, react};
use super::day::{DayLine, GoToDay, day_said};
use super::how::How;
use super::keys::use_near;
use super::line::{EventLine, NewLine, fold_line};
use super::pending::PendingLine;
use super::picker::Picker;
use super::scroll::{Nodes, Place, Sizes, Wants};
use crate::app::{UiAct, UiHandle};
use crate::components::{Icon, icon};
use crate::hooks::{Same, use_engine, use_page_looked_at, use_prefs, use_today, use_words};
use crate::i18n::fill;
use crate::limits::SEEN_AFTER_MS;
use crate::logic::divider::Divider;
use crate::logic::rows::{Row, Source, rows};
use crate::services::browser;
use crate::testids;
use crate::text::shown::shown;

#[derive(PartialEq, Properties)]
pub struct ViewProps {
    pub room: Same<Room>,
}

/// The timeline.
#[component]
pub fn View(props: &ViewProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let lang = use_prefs().lang;
    let ui = use_context::<UiHandle>().expect("inside House");
    let room = &props.room;
    let name = room.info.room.clone();
    let nodes = Nodes { scroller: use_node_ref(), above: use_node_ref(), rows: use_node_ref(), below: use_node_ref() };
    let place: Rc<RefCell<Place>> = use_mut_ref(Place::default);
    let divider = use_mut_ref(Divider::default);
    let redraw = use_force_update();
    let is_at_end = use_state_eq(|| true);
    let is_visible = use_page_looked_at();
    let last = if is_whole(room) { room.timeline.last().unwrap_or(0) } else { room.info.head };
    let new_after = divider.borrow_mut().update(room.info.read, room.info.head.max(last), is_visible);
    let today = use_today();
    let overlay = use_state_eq(|| None::<Overlay>);
    let day = use_state_eq(|| None::<u64>);
    let unfolded = use_state(HashSet::<u64>::new);
    let target = ui.at.map(|at| at.seq);
    let deps = (Same(room.timeline.clone()), Same(room.pending.clone()), new_after, unfolded.clone());
    let list = use_memo(deps, |_| {
        // What one writes stands at the end of the room, which is not here.
        let pending = if is_whole(room) { room.pending.as_slice() } else { &[] };
        let me = engine.user();
        let source = Source { events: room.timeline.events(), pending, new_after, me, unfolded: &unfolded };
        rows(source, browser::local)
    });
    // A line that was asked for is seen, though it be folded.
    use_effect_with(ui.at, {
        let unfolded = unfolded.clone();
        move |at| {
            let mut next = HashSet::clone(&unfolded);
            if at.is_some_and(|at| next.insert(at.seq)) {
                unfolded.set(next);
            }
        }
    });
    use_jump(room, &ui, &place, &is_at_end);
    use_return(room, &place);
    use_output(room, &ui);
    let range = place.borrow_mut().choose(&list);

    let act = use_growth(room, redraw);
    use_settling(&nodes, &place, &act);
    let see = use_reading(room, &nodes, &place, is_visible, *is_at_end);
    let onscroll = {
        let (nodes, place, is_at_end, act) = (nodes.clone(), place.clone(), is_at_end.setter(), act.clone());
        let (is_whole, day) = (is_whole(room), day.setter());
        Callback::from(move |_: Event_| {
            let Ok(mut here) = place.try_borrow_mut() else { return };
            let wants = here.look(&nodes, is_whole);
            is_at_end.set(here.is_at_end);
            day.set(here.day_above(&nodes));
            drop(here);
            act.emit(wants);
            see.emit(());
        })
    };
    let to_end = {
        let (place, is_at_end, engine, room, ui) =
            (place.clone(), is_at_end.setter(), engine.clone(), room.clone(), ui.clone());
        let act = act.clone();
        Callback::from(move |_: MouseEvent| {
            place.borrow_mut().go_to_end();
            is_at_end.set(true);
            if ui.at.is_some() {
                ui.dispatch(UiAct::Go(room.info.room.clone()));
            }
            engine.command(Command::ToLive { room: room.info.room.clone() });
            act.emit(Wants { draw: true, ..Wants::default() });
        })
    };
    let open = {
        let overlay = overlay.setter();
        Callback::from(move |what: Option<Overlay>| overlay.set(what))
    };
    let (near, hands) = use_near(&nodes, &ui, &name, open.reform(|seq| Some(Overlay::Sheet(seq))));
    let go_to_day = open.reform(|at| Some(Overlay::Day(at)));
    let names = names_of(room);
    let has_talk = room.timeline.events().any(|event| !is_quiet(event)) || !room.pending.is_empty();
    let is_beginning = !room.timeline.has_more();
    let unread = room.unread();
    let me = engine.read(|client| client.you().map(|you| you.user.clone()));
    let row = |row: &Row| {
        let who = |user: &str| names.get(user).cloned().unwrap_or_else(|| AttrValue::from(user.to_owned()));
        match row {
            Row::Day { at, .. } => {
                html! { <DayLine key={row.key()} at={*at} {today} {lang} on_open={go_to_day.clone()} /> }
            }
            Row::Fold { events, is_open } => {
                let toggle = toggle_of(events, *is_open, &unfolded);
                html! {
                    <div key={row.key()} class="line line--note" data-seq={row.seq().map(|seq| seq.to_string())} tabindex="-1">
                        <div class="line__body">{ fold_line(events, *is_open, toggle, words, who) }</div>
                    </div>
                }
            }
            Row::New(_) => html! { <NewLine key={row.key()} /> },
            Row::Line { event, is_first } => {
                let (shown, wish) = wanted(room, event, &me);
                html! {
                    <EventLine key={row.key()} event={Same(shown)} {wish} is_first={*is_first} who={who(event.by.as_str())}
                        is_target={target == Some(event.seq)} is_near={*near == Some(event.seq)} on_open={open.clone()} />
                }
            }
            Row::Pending { post, is_first, .. } => html! {
                <PendingLine key={row.key()} post={post.clone()} is_first={*is_first} who={who(engine.user())} />
            },
        }
    };
    // What scrolling brings into the document is not news.
    let live = if *is_at_end { "polite" } else { "off" };
    html! {
        <section class="reading">
            <div class="timeline" ref={nodes.scroller.clone()} role="log" aria-label={fill(words.timeline_of, &[&engine.room_name(&room.info)])} aria-live={live} tabindex="0"
                {onscroll} onkeydown={hands.keys} data-testid={testids::TIMELINE} data-room={name.to_string()} data-last={last.to_string()}>
                if room.loading_older { <div class="timeline__more" aria-live="off">{ words.older_loading }</div> }
                if is_beginning && has_talk { <Beginning room={room.clone()} /> }
                if !has_talk && is_beginning {
                    <How room={name.clone()} />
                }
                <div class="timeline__lines" onmouseover={hands.over} onmouseout={hands.out} onfocusin={hands.focus} ontouchstart={hands.press} ontouchmove={hands.rest.clone()} ontouchend={hands.rest}>
                    <div ref={nodes.above.clone()}></div>
                    <div ref={nodes.rows.clone()}>{ for list.get(range).unwrap_or_default().iter().map(row) }</div>
                    <div ref={nodes.below.clone()}></div>
                </div>
            </div>
            if let Some(at) = day.filter(|_| !*is_at_end) {
                <button class="timeline__day" onclick={go_to_day.reform(move |_: MouseEvent| at)} title={words.go_to_day} data-testid={testids::DAY_ABOVE}>{ day_said(at, today, lang) }</button>
            }
            if !*is_at_end {
                <button class={classes!("tool", "timeline__newest", (unread > 0).then_some("timeline__newest--unread"))} onclick={to_end}
                    data-testid={testids::NEWEST}>
                    { icon(Icon::End) }{ if unread > 0 { fill(words.newest_new, &[&unread.to_string()]) } else { words.newest.to_owned() } }
                </button>
            }
            { over(*overlay, room, &open) }
        </section>
    }
}

/// What lies over the timeline.
fn over(overlay: Option<Overlay>, room: &Room, open: &Callback<Option<Overlay>>) -> Html {
    let on_close = open.reform(|()| None);
    let line = |seq| room.timeline.by_seq(seq).cloned().map(Same);
    match overlay {
        Some(Overlay::Day(at)) => html! { <GoToDay room={room.info.room.clone()} {at} {on_close} /> },
        Some(Overlay::Sheet(seq)) => {
            line(seq).map(|event| html! { <Sheet {event} on_open={open.clone()} /> }).unwrap_or_default()
        }
        Some(Overlay::Picker(seq)) => {
            line(seq).map(|event| html! { <PickerFor {event} {on_close} /> }).unwrap_or_default()
        }
        None => Html::default(),
    }
}

#[derive(PartialEq, Properties)]
struct PickerForProps {
    event: Same<Event>,
    on_close: Callback<()>,
}

/// The picker, for a line.
#[component]
fn PickerFor(props: &PickerForProps) -> Html {
    let engine = use_engine();
    let (event, on_close) = (props.event.clone(), props.on_close.clone());
    let on_pick = Callback::from(move |emoji: String| {
        react(&engine, &event, &emoji);
        on_close.emit(());
    });
    html! { <Picker {on_pick} on_close={props.on_close.clone()} /> }
}

/// Opens a fold, or closes it.
fn toggle_of(events: &[Arc<Event>], is_open: bool, unfolded: &UseStateHandle<HashSet<u64>>) -> Callback<MouseEvent> {
    let (unfolded, seqs) = (unfolded.clone(), events.iter().map(|event| event.seq).collect::<Vec<_>>());
    Callback::from(move |_| {
        let mut next = HashSet::clone(&unfolded);
        if is_open {
            next.retain(|seq| !seqs.contains(seq));
        } else {
            next.extend(seqs.first());
        }
        unfolded.set(next);
    })
}

type Event_ = yew::Event;

fn is_quiet(event: &Event) -> bool {
    matches!(event.body, EventBody::Join | EventBody::Leave)
}

/// The head of a room, above its first line.
#[component]
fn Beginning(props: &ViewProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let info = &props.room.info;
    let called = engine.room_name(info);
    html! {
        <header class="beginning" aria-live="off">
            <h2 class="beginning__name">{ &called }</h2>
            <p>{ fill(words.beginning, &[&called]) }</p>
            if !info.topic.is_empty() { <p>{ shown(&info.topic).into_owned() }</p> }
        </header>
    }
}

/// The end of what is loaded is the end of the room.
fn is_whole(room: &Room) -> bool {
    !room.timeline.has_newer()
}

/// A line as it is to be: with what one has done to it, and the server has not answered yet.
fn wanted(room: &Room, event: &Arc<Event>, me: &Option<UserName>) -> (Arc<Event>, Option<PendingAmend>) {
    match me.as_ref().and_then(|me| room.as_wanted(event, me)) {
        Some((event, last)) => (Arc::new(event), Some(last.clone())),
        None => (event.clone(), None),
    }
}

fn names_of(room: &Room) -> BTreeMap<String, AttrValue> {
    let people = room.people.iter().flat_map(|people| people.iter());
    people.map(|member| (member.user.to_string(), AttrValue::from(member.name.clone()))).collect()
}

/// Goes to the line that the address names, once for each time that it is asked for.
#[hook]
fn use_jump(room: &Same<Room>, ui: &UiHandle, place: &Rc<RefCell<Place>>, is_at_end: &UseStateHandle<bool>) {
    let engine = use_engine();
    let gone = use_mut_ref(|| None);
    let asked = use_mut_ref(|| None);
    let Some(at) = ui.at.filter(|at| *gone.borrow() != Some(*at)) else { return };
    if room.timeline.covers(at.seq) {
        *gone.borrow_mut() = Some(at);
        place.borrow_mut().go_to(at.seq);
        is_at_end.set(false);
    } else if room.timeline.base().is_some() && asked.borrow_mut().replace(at) != Some(at) {
        engine.command(Command::Jump { room: room.info.room.clone(), seq: at.seq });
    }
}

/// Opens the output that the address names a byte of, once the line of its run is here.
#[hook]
fn use_output(room: &Same<Room>, ui: &UiHandle) {
    let meant = ui.at.and_then(|at| {
        let line = room.timeline.by_seq(at.seq)?;
        let EventBody::RunStarted(started) = &line.body else { return None };
        Some((started.run, at.off?, at.nth))
    });
    use_effect_with(meant, {
        let ui = ui.dispatcher();
        move |meant| {
            if let Some((run, off, _)) = meant {
                ui.dispatch(UiAct::Output(*run, *off));
            }
        }
    });
}

/// What is loaded may begin anew at its end, after a long break, or lose its far end: who reads there is brought back.
#[hook]
fn use_return(room: &Same<Room>, place: &Rc<RefCell<Place>>) {
    let engine = use_engine();
    let mut here = place.borrow_mut();
    match here.waits_for() {
        Some(seq) if room.timeline.covers(seq) => here.come_back(),
        Some(seq) => {
            let comes = engine.read(|client| {
                let room = client.rooms().get(&room.info.room);
                room.is_some_and(|room| room.jumping.is_some() || room.timeline.covers(seq))
            });
            if !comes {
                here.stay();
            }
        }
        None => {
            let is_gone = |seq: &u64| room.timeline.base().is_some_and(|base| *seq <= base) && room.timeline.has_more();
            if let Some(seq) = here.reading().filter(is_gone) {
                here.go_away();
                engine.command(Command::Jump { room: room.info.room.clone(), seq });
            }
        }
    }
}

/// Stays where one is after each drawing, and when anything changes its height.
#[hook]
fn use_settling(nodes: &Nodes, place: &Rc<RefCell<Place>>, act: &Callback<Wants>) {
    let settle = {
        let (nodes, place, act) = (nodes.clone(), place.clone(), act.clone());
        move || {
            let Ok(mut here) = place.try_borrow_mut() else { return };
            let wants = here.settle(&nodes);
            drop(here);
            act.emit(wants);
        }
    };
    let latest = use_mut_ref(|| Box::new(|| ()) as Box<dyn Fn()>);
    *latest.borrow_mut() = Box::new(settle.clone());
    use_effect(settle);
    use_effect_with((), {
        let nodes = nodes.clone();
        move |()| {
            let sizes = Sizes::new(&[&nodes.scroller, &nodes.rows], move || {
                if let Ok(settle) = latest.try_borrow() {
                    settle();
                }
            });
            move || drop(sizes)
        }
    });
}

/// What is in sight while somebody looks has been read: at the end at once, elsewhere when scrolling has come to rest.
#[hook]
fn use_reading(
    room: &Same<Room>,
    nodes: &Nodes,
    place: &Rc<RefCell<Place>>,
    is_visible: bool,
    is_at_end: bool,
) -> Callback<()> {
    let engine = use_engine();
    let is_reading = is_visible && room.info.joined;
    let deps =
        (room.info.room.clone(), room.timeline.last(), room.info.read, is_reading && is_at_end && is_whole(room));
    use_effect_with(deps, {
        let engine = engine.clone();
        move |(room, last, read, is_reading)| {
            if let Some(seq) = last.filter(|last| *is_reading && last > read) {
                engine.command(Command::Seen { room: room.clone(), seq });
            }
        }
    });
    let timer = use_mut_ref(|| None::<Timeout>);
    let (room, nodes, place) = (room.clone(), nodes.clone(), place.clone());
    Callback::from(move |()| {
        let (engine, room, nodes, place) = (engine.clone(), room.clone(), nodes.clone(), place.clone());
        let look = move || {
            let seen = place.try_borrow().ok().and_then(|place| place.last_seen(&nodes));
            if let Some(seq) = seen.filter(|seq| *seq > room.info.read) {
                engine.command(Command::Seen { room: room.info.room.clone(), seq });
            }
        };
        *timer.borrow_mut() = is_reading.then(|| Timeout::new(SEEN_AFTER_MS, look));
    })
}

/// Draws other rows, or loads more, where that is wanted.
#[hook]
fn use_growth(room: &Same<Room>, redraw: UseForceUpdateHandle) -> Callback<Wants> {
    let engine = use_engine();
    let room = room.clone();
    Callback::from(move |wants: Wants| {
        if wants.older && room.timeline.has_more() && !room.loading_older {
            engine.command(Command::LoadOlder { room: room.info.room.clone() });
        }
        if wants.newer && room.timeline.has_newer() && !room.loading_newer {
            engine.command(Command::LoadNewer { room: room.info.room.clone() });
        }
        if wants.draw {
            redraw.force_update();
        }
    })
}
