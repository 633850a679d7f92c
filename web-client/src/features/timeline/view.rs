//! The visible lines of a room, and the overlays on them.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use wardroom_client_core::protocol::{Event, EventBody};
use wardroom_client_core::{Command, Room};
use yew::prelude::*;

use super::active_line::use_active_line;
use super::day::{GoToDay, day_label};
use super::emoji_picker::EmojiPicker;
use super::line_actions::{ActionSheet, Overlay, toggle_reaction};
use super::row_view::{RowContext, names_of};
use super::scroll_hooks::{
    is_at_live_end, use_jump, use_load_more, use_output_target, use_read_position, use_restored_position,
    use_scroll_anchor,
};
use super::scroll_position::{Nodes, ScrollNeeds, ScrollPosition};
use super::welcome::Welcome;
use crate::components::{Icon, icon};
use crate::hooks::{PtrEq, use_engine, use_page_focus, use_prefs, use_today, use_ui, use_words};
use crate::i18n::fill;
use crate::logic::rows::{RowSource, rows};
use crate::logic::unread_divider::UnreadDivider;
use crate::services::browser;
use crate::testids;
use crate::text::sanitize::sanitized;
use crate::ui::UiAction;

#[derive(PartialEq, Properties)]
pub struct TimelineViewProps {
    pub room: PtrEq<Room>,
}

#[component]
pub fn TimelineView(props: &TimelineViewProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let lang = use_prefs().lang;
    let ui = use_ui();
    let room = &props.room;
    let name = room.info.room.clone();
    let nodes = Nodes { scroller: use_node_ref(), above: use_node_ref(), rows: use_node_ref(), below: use_node_ref() };
    let position: Rc<RefCell<ScrollPosition>> = use_mut_ref(ScrollPosition::default);
    let divider = use_mut_ref(UnreadDivider::default);
    let redraw = use_force_update();
    let is_at_end = use_state_eq(|| true);
    let is_visible = use_page_focus();
    let last = if is_at_live_end(room) { room.timeline.last().unwrap_or(0) } else { room.info.head };
    let new_after = divider.borrow_mut().update(room.info.read, room.info.head.max(last), is_visible);
    let today = use_today();
    let overlay = use_state_eq(|| None::<Overlay>);
    let day = use_state_eq(|| None::<u64>);
    let unfolded = use_state(HashSet::<u64>::new);
    let target = ui.target.map(|at| at.seq);
    let deps = (PtrEq(room.timeline.clone()), PtrEq(room.pending.clone()), new_after, unfolded.clone());
    let list = use_memo(deps, |_| {
        // New posts go to the end of the room, which is not loaded.
        let pending = if is_at_live_end(room) { room.pending.as_slice() } else { &[] };
        let me = engine.user();
        let source = RowSource { events: room.timeline.events(), pending, new_after, me, unfolded: &unfolded };
        rows(source, browser::local)
    });
    // Unfold a line that is jumped to.
    use_effect_with(ui.target, {
        let unfolded = unfolded.clone();
        move |at| {
            let mut next = HashSet::clone(&unfolded);
            if at.is_some_and(|at| next.insert(at.seq)) {
                unfolded.set(next);
            }
        }
    });
    use_jump(room, &ui, &position, &is_at_end);
    use_restored_position(room, &position);
    use_output_target(room, &ui);
    let range = position.borrow_mut().visible_range(&list);

    let meet_needs = use_load_more(room, redraw);
    use_scroll_anchor(&nodes, &position, &meet_needs);
    let see = use_read_position(room, &nodes, &position, is_visible, *is_at_end);
    let onscroll = {
        let (nodes, position, is_at_end, meet_needs) =
            (nodes.clone(), position.clone(), is_at_end.setter(), meet_needs.clone());
        let (is_at_live_end, day) = (is_at_live_end(room), day.setter());
        Callback::from(move |_: yew::Event| {
            let Ok(mut position) = position.try_borrow_mut() else { return };
            let needs = position.on_scroll(&nodes, is_at_live_end);
            is_at_end.set(position.is_at_end);
            day.set(position.sticky_day(&nodes));
            drop(position);
            meet_needs.emit(needs);
            see.emit(());
        })
    };
    let to_end = {
        let (position, is_at_end, engine, room, ui) =
            (position.clone(), is_at_end.setter(), engine.clone(), room.clone(), ui.clone());
        let meet_needs = meet_needs.clone();
        Callback::from(move |_: MouseEvent| {
            position.borrow_mut().go_to_end();
            is_at_end.set(true);
            if ui.target.is_some() {
                ui.dispatch(UiAction::OpenRoom(room.info.room.clone()));
            }
            engine.command(Command::ShowLatest { room: room.info.room.clone() });
            meet_needs.emit(ScrollNeeds { draw: true, ..ScrollNeeds::default() });
        })
    };
    let open = {
        let overlay = overlay.setter();
        Callback::from(move |what: Option<Overlay>| overlay.set(what))
    };
    let (active, handlers) = use_active_line(&nodes, &ui, &name, open.reform(|seq| Some(Overlay::Actions(seq))));
    let go_to_day = open.reform(|at| Some(Overlay::GoToDay(at)));
    let names = names_of(room);
    let has_talk = room.timeline.events().any(|event| !is_quiet(event)) || !room.pending.is_empty();
    let is_beginning = !room.timeline.has_more();
    let unread = room.unread();
    let me = engine.read(|client| client.you().map(|you| you.user.clone()));
    let context = RowContext {
        room,
        engine: &engine,
        words,
        lang,
        today,
        names,
        me,
        target,
        active: *active,
        unfolded: &unfolded,
        on_open: open.clone(),
    };
    // Do not announce lines that appear by scrolling.
    let live = if *is_at_end { "polite" } else { "off" };
    html! {
        <section class="room-view">
            <div class="timeline" ref={nodes.scroller.clone()} role="log" aria-label={fill(words.timeline_of, &[&engine.room_name(&room.info)])} aria-live={live} tabindex="0"
                {onscroll} onkeydown={handlers.keys} data-testid={testids::TIMELINE} data-room={name.to_string()} data-last={last.to_string()}>
                if room.loading_older { <div class="timeline__more" aria-live="off">{ words.older_loading }</div> }
                if is_beginning && has_talk { <RoomIntro room={room.clone()} /> }
                if !has_talk && is_beginning {
                    <Welcome room={name.clone()} />
                }
                <div class="timeline__lines" onmouseover={handlers.over} onmouseout={handlers.out} onfocusin={handlers.focus} ontouchstart={handlers.press} ontouchmove={handlers.rest.clone()} ontouchend={handlers.rest}>
                    <div ref={nodes.above.clone()}></div>
                    <div ref={nodes.rows.clone()}>{ for list.get(range).unwrap_or_default().iter().map(|row| context.draw(row)) }</div>
                    <div ref={nodes.below.clone()}></div>
                </div>
            </div>
            if let Some(at) = day.filter(|_| !*is_at_end) {
                <button class="timeline__day" onclick={go_to_day.reform(move |_: MouseEvent| at)} title={words.go_to_day} data-testid={testids::STICKY_DATE}>{ day_label(at, today, lang) }</button>
            }
            if !*is_at_end {
                <button class={classes!("button", "timeline__jump", (unread > 0).then_some("timeline__jump--unread"))} onclick={to_end}
                    data-testid={testids::JUMP_TO_LATEST}>
                    { icon(Icon::End) }{ if unread > 0 { fill(words.jump_to_new, &[&unread.to_string()]) } else { words.jump_to_latest.to_owned() } }
                </button>
            }
            { overlay_view(*overlay, room, &open) }
        </section>
    }
}

/// The open overlay.
fn overlay_view(overlay: Option<Overlay>, room: &Room, open: &Callback<Option<Overlay>>) -> Html {
    let on_close = open.reform(|()| None);
    let line = |seq| room.timeline.by_seq(seq).cloned().map(PtrEq);
    match overlay {
        Some(Overlay::GoToDay(at)) => html! { <GoToDay room={room.info.room.clone()} {at} {on_close} /> },
        Some(Overlay::Actions(seq)) => {
            line(seq).map(|event| html! { <ActionSheet {event} on_open={open.clone()} /> }).unwrap_or_default()
        }
        Some(Overlay::EmojiPicker(seq)) => {
            line(seq).map(|event| html! { <ReactionPicker {event} {on_close} /> }).unwrap_or_default()
        }
        None => Html::default(),
    }
}

#[derive(PartialEq, Properties)]
struct ReactionPickerProps {
    event: PtrEq<Event>,
    on_close: Callback<()>,
}

/// The emoji picker for reactions to a line.
#[component]
fn ReactionPicker(props: &ReactionPickerProps) -> Html {
    let engine = use_engine();
    let (event, on_close) = (props.event.clone(), props.on_close.clone());
    let on_pick = Callback::from(move |emoji: String| {
        toggle_reaction(&engine, &event, &emoji);
        on_close.emit(());
    });
    html! { <EmojiPicker {on_pick} on_close={props.on_close.clone()} /> }
}

fn is_quiet(event: &Event) -> bool {
    matches!(event.body, EventBody::Join | EventBody::Leave)
}

/// The header above a room's first line.
#[component]
fn RoomIntro(props: &TimelineViewProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let info = &props.room.info;
    let called = engine.room_name(info);
    html! {
        <header class="room-intro" aria-live="off">
            <h2 class="room-intro__name">{ &called }</h2>
            <p>{ fill(words.beginning, &[&called]) }</p>
            if !info.topic.is_empty() { <p>{ sanitized(&info.topic).into_owned() }</p> }
        </header>
    }
}
