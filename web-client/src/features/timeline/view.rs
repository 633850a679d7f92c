//! The lines of a room, as far as they are drawn; scrolling, and what has been read.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use wardroom_client_core::protocol::{Event, EventBody};
use wardroom_client_core::{Command, Room, Timeline};
use web_sys::Element;
use yew::prelude::*;

use super::how::How;
use super::line::{DayLine, EventLine, NewLine, PendingLine};
use super::scroll::{Place, Sizes, wants_older};
use crate::hooks::{Same, use_engine, use_page_visible, use_prefs, use_words};
use crate::i18n::fill;
use crate::limits::{ROWS_AT_END_MAX, ROWS_AT_FIRST, ROWS_STEP};
use crate::logic::divider::Divider;
use crate::logic::rows::{Row, Source, rows};
use crate::services::browser;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct ViewProps {
    pub room: Same<Room>,
}

/// What is drawn: from the line after this one on. `None`: the last ones, as many as are wanted at the end.
type DrawnAfter = Option<u64>;

/// The timeline.
#[component]
pub fn View(props: &ViewProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let lang = use_prefs().lang;
    let room = &props.room;
    let name = room.info.room.clone();
    let (scroller, lines) = (use_node_ref(), use_node_ref());
    let place = use_mut_ref(Place::default);
    let divider = use_mut_ref(Divider::default);
    let drawn_after = use_state_eq(|| DrawnAfter::None);
    let is_at_end = use_state_eq(|| true);
    let is_visible = use_page_visible();
    let last = room.timeline.last().unwrap_or(0);
    let new_after = divider.borrow_mut().update(room.info.read, last, is_visible);

    use_sizes(&scroller, &lines, &place);
    use_reading(room, *is_at_end && is_visible);
    let grow = use_growth(room, &scroller, &drawn_after, &place);
    let onscroll = {
        let (scroller, lines, place) = (scroller.clone(), lines.clone(), place.clone());
        let (drawn_after, is_at_end, timeline) = (drawn_after.setter(), is_at_end.setter(), room.timeline.clone());
        let from_now = drawn_from(&timeline, None);
        Callback::from(move |_| {
            let (Some(scroller), Some(lines)) = (scroller.cast::<Element>(), lines.cast::<Element>()) else { return };
            let was_at_end = place.borrow().is_at_end;
            place.borrow_mut().look(&scroller, &lines);
            let at_end = place.borrow().is_at_end;
            is_at_end.set(at_end);
            if was_at_end && !at_end {
                // What is drawn now stays drawn while one reads above the end.
                drawn_after.set(Some(from_now));
            }
            grow.emit(());
        })
    };
    let to_end = {
        let (scroller, place, drawn_after, is_at_end) =
            (scroller.clone(), place.clone(), drawn_after.setter(), is_at_end.setter());
        Callback::from(move |_: MouseEvent| {
            place.borrow_mut().is_at_end = true;
            is_at_end.set(true);
            drawn_after.set(None);
            if let Some(scroller) = scroller.cast::<Element>() {
                place.borrow().keep(&scroller);
            }
        })
    };
    let from = drawn_from(&room.timeline, *drawn_after);
    let names = names_of(room);
    let list = use_memo((Same(room.timeline.clone()), Same(room.pending.clone()), from, new_after), |_| {
        let skip = room.timeline.index_after(from);
        let events = room.timeline.events().skip(skip);
        rows(Source { events, pending: &room.pending, new_after, me: engine.user() }, browser::local)
    });
    let has_talk = room.timeline.events().any(|event| !is_quiet(event)) || !room.pending.is_empty();
    let is_beginning = !room.timeline.has_more() && from <= room.timeline.base().unwrap_or(0);
    let unread = last.saturating_sub(room.info.read);
    let row = |row: &Row| {
        let who = |user: &str| names.get(user).cloned().unwrap_or_else(|| AttrValue::from(user.to_owned()));
        match row {
            Row::Day { at, .. } => html! { <DayLine key={row.key()} at={*at} {lang} /> },
            Row::New => html! { <NewLine key={row.key()} /> },
            Row::Line { event, is_first } => html! {
                <EventLine key={row.key()} event={Same(event.clone())} is_first={*is_first} who={who(event.by.as_str())} />
            },
            Row::Pending { post, is_first } => html! {
                <PendingLine key={row.key()} post={post.clone()} is_first={*is_first} who={who(engine.user())} />
            },
        }
    };
    html! {
        <section class="reading">
            <div class="timeline" ref={scroller} role="log" aria-label={fill(words.timeline_of, &[name.as_str()])} tabindex="0"
                {onscroll} data-testid={testids::TIMELINE} data-room={name.to_string()} data-last={last.to_string()}>
                <div class="timeline__more" aria-live="off">
                    if room.loading_older { { words.older_loading } } else if is_beginning && has_talk { { fill(words.beginning, &[name.as_str()]) } }
                </div>
                if !has_talk && is_beginning {
                    <How room={name.clone()} />
                }
                <div class="timeline__lines" ref={lines}>{ for list.iter().map(row) }</div>
            </div>
            if !*is_at_end {
                <button class={classes!("tool", "timeline__newest", (unread > 0).then_some("timeline__newest--unread"))} onclick={to_end}
                    data-testid={testids::NEWEST}>
                    { "↓ " }{ if unread > 0 { fill(words.newest_new, &[&unread.to_string()]) } else { words.newest.to_owned() } }
                </button>
            }
        </section>
    }
}

/// The line after which lines are drawn.
fn drawn_from(timeline: &Timeline, drawn_after: DrawnAfter) -> u64 {
    let base = timeline.base().unwrap_or(0);
    match drawn_after {
        Some(after) => after.max(base),
        None => {
            let all = timeline.len();
            // Trimmed in steps, so that a line that comes does not make another go each time.
            let over = all.saturating_sub(ROWS_AT_FIRST) / (ROWS_AT_END_MAX - ROWS_AT_FIRST)
                * (ROWS_AT_END_MAX - ROWS_AT_FIRST);
            over.checked_sub(1).and_then(|last| timeline.at(last)).map_or(base, |line| line.seq)
        }
    }
}

fn is_quiet(event: &Event) -> bool {
    matches!(event.body, EventBody::Join | EventBody::Leave)
}

fn names_of(room: &Room) -> BTreeMap<String, AttrValue> {
    let people = room.people.iter().flat_map(|people| people.iter());
    people.map(|member| (member.user.to_string(), AttrValue::from(member.name.clone()))).collect()
}

/// Keeps one's place when anything changes its height.
#[hook]
fn use_sizes(scroller: &NodeRef, lines: &NodeRef, place: &Rc<RefCell<Place>>) {
    use_effect_with((), {
        let (scroller, lines, place) = (scroller.clone(), lines.clone(), place.clone());
        move |()| {
            let keep = {
                let scroller = scroller.clone();
                move || {
                    if let (Some(scroller), Ok(place)) = (scroller.cast::<Element>(), place.try_borrow()) {
                        place.keep(&scroller);
                    }
                }
            };
            keep();
            let sizes = Sizes::new(&[&scroller, &lines], keep);
            move || drop(sizes)
        }
    });
}

/// What stands at the end of the timeline, while somebody looks at it, has been read.
#[hook]
fn use_reading(room: &Room, is_reading: bool) {
    let engine = use_engine();
    let deps = (room.info.room.clone(), room.timeline.last(), room.info.read, is_reading && room.info.joined);
    use_effect_with(deps, move |(room, last, read, is_reading)| {
        if let Some(seq) = last.filter(|last| *is_reading && last > read) {
            engine.command(Command::Seen { room: room.clone(), seq });
        }
    });
}

/// Draws more, or loads more, while the upper edge is near. Also after each drawing: one may be still near it.
#[hook]
fn use_growth(
    room: &Same<Room>,
    scroller: &NodeRef,
    drawn_after: &UseStateHandle<DrawnAfter>,
    place: &Rc<RefCell<Place>>,
) -> Callback<()> {
    let engine = use_engine();
    let grow = {
        let (room, scroller, place) = (room.clone(), scroller.clone(), place.clone());
        let (now, set) = (**drawn_after, drawn_after.setter());
        Callback::from(move |()| {
            let Some(scroller) = scroller.cast::<Element>() else { return };
            if !wants_older(&scroller) || place.borrow().is_at_end {
                return;
            }
            let base = room.timeline.base().unwrap_or(0);
            let from = drawn_from(&room.timeline, now);
            if from > base {
                set.set(Some(from.saturating_sub(ROWS_STEP as u64).max(base)));
            } else if room.timeline.has_more() && !room.loading_older {
                set.set(Some(0));
                engine.command(Command::LoadOlder { room: room.info.room.clone() });
            }
        })
    };
    use_effect_with((room.clone(), **drawn_after), {
        let grow = grow.clone();
        move |_| grow.emit(())
    });
    grow
}
