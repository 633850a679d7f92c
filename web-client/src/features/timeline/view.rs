//! The lines of a room, as far as they are in sight, and what lies over them.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use wardroom_client_core::protocol::{Event, EventBody, UserName};
use wardroom_client_core::{Command, PendingAmend, Room};
use yew::prelude::*;

use super::acts::{Overlay, Sheet, react};
use super::day::{DayLine, GoToDay, day_said};
use super::how::How;
use super::keys::use_near;
use super::line::{EventLine, NewLine, fold_line};
use super::moving::{is_whole, use_growth, use_jump, use_output, use_reading, use_return, use_settling};
use super::pending::PendingLine;
use super::picker::Picker;
use super::scroll::{Nodes, Place, Wants};
use crate::app::{UiAct, UiHandle};
use crate::components::{Icon, icon};
use crate::hooks::{Same, use_engine, use_page_looked_at, use_prefs, use_today, use_words};
use crate::i18n::fill;
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
