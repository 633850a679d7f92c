//! Hooks that scroll the timeline or react to scrolling: jumps, loading more, and read positions.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use wardroom_client_core::protocol::EventBody;
use wardroom_client_core::{Command, Room};
use yew::prelude::*;

use super::scroll_position::{Nodes, ScrollNeeds, ScrollPosition};
use super::size_observer::SizeObserver;
use crate::hooks::{PtrEq, use_engine};
use crate::limits::READ_AFTER_MS;
use crate::ui::{UiAction, UiHandle};

/// True if the end of what is loaded is the end of the room.
pub fn is_at_live_end(room: &Room) -> bool {
    !room.timeline.has_newer()
}

/// Scrolls to the line in the address, once for each request.
#[hook]
pub fn use_jump(
    room: &PtrEq<Room>,
    ui: &UiHandle,
    position: &Rc<RefCell<ScrollPosition>>,
    is_at_end: &UseStateHandle<bool>,
) {
    let engine = use_engine();
    let gone = use_mut_ref(|| None);
    let asked = use_mut_ref(|| None);
    let Some(at) = ui.target.filter(|at| *gone.borrow() != Some(*at)) else { return };
    if room.timeline.covers(at.seq) {
        *gone.borrow_mut() = Some(at);
        position.borrow_mut().go_to(at.seq);
        is_at_end.set(false);
    } else if room.timeline.base().is_some() && asked.borrow_mut().replace(at) != Some(at) {
        engine.command(Command::Jump { room: room.info.room.clone(), seq: at.seq });
    }
}

/// Opens the output at the byte in the address, once the line of its run is loaded.
#[hook]
pub fn use_output_target(room: &PtrEq<Room>, ui: &UiHandle) {
    let meant = ui.target.and_then(|at| {
        let line = room.timeline.by_seq(at.seq)?;
        let EventBody::RunStarted(started) = &line.body else { return None };
        Some((started.run, at.off?, at.nth))
    });
    use_effect_with(meant, {
        let ui = ui.dispatcher();
        move |meant| {
            if let Some((run, off, _)) = meant {
                ui.dispatch(UiAction::OutputAt(*run, *off));
            }
        }
    });
}

/// The loaded lines may be replaced after a long break, or lose their far end: brings the reader back to their line.
#[hook]
pub fn use_restored_position(room: &PtrEq<Room>, position: &Rc<RefCell<ScrollPosition>>) {
    let engine = use_engine();
    let mut position = position.borrow_mut();
    match position.suspended_at() {
        Some(seq) if room.timeline.covers(seq) => position.resume(),
        Some(seq) => {
            let comes = engine.read(|client| {
                let room = client.rooms().get(&room.info.room);
                room.is_some_and(|room| room.jumping.is_some() || room.timeline.covers(seq))
            });
            if !comes {
                position.cancel_suspend();
            }
        }
        None => {
            let is_gone = |seq: &u64| room.timeline.base().is_some_and(|base| *seq <= base) && room.timeline.has_more();
            if let Some(seq) = position.reading().filter(is_gone) {
                position.suspend();
                engine.command(Command::Jump { room: room.info.room.clone(), seq });
            }
        }
    }
}

/// Keeps the scroll position after each redraw and whenever a height changes.
#[hook]
pub fn use_scroll_anchor(nodes: &Nodes, position: &Rc<RefCell<ScrollPosition>>, meet_needs: &Callback<ScrollNeeds>) {
    let settle = {
        let (nodes, position, meet_needs) = (nodes.clone(), position.clone(), meet_needs.clone());
        move || {
            let Ok(mut position) = position.try_borrow_mut() else { return };
            let needs = position.settle(&nodes);
            drop(position);
            meet_needs.emit(needs);
        }
    };
    let latest = use_mut_ref(|| Box::new(|| ()) as Box<dyn Fn()>);
    *latest.borrow_mut() = Box::new(settle.clone());
    use_effect(settle);
    use_effect_with((), {
        let nodes = nodes.clone();
        move |()| {
            let sizes = SizeObserver::new(&[&nodes.scroller, &nodes.rows], move || {
                if let Ok(settle) = latest.try_borrow() {
                    settle();
                }
            });
            move || drop(sizes)
        }
    });
}

/// Marks visible lines as read while the page has the focus: at the end at once, elsewhere when scrolling stops.
#[hook]
pub fn use_read_position(
    room: &PtrEq<Room>,
    nodes: &Nodes,
    position: &Rc<RefCell<ScrollPosition>>,
    is_visible: bool,
    is_at_end: bool,
) -> Callback<()> {
    let engine = use_engine();
    let is_reading = is_visible && room.info.joined;
    let deps =
        (room.info.room.clone(), room.timeline.last(), room.info.read, is_reading && is_at_end && is_at_live_end(room));
    use_effect_with(deps, {
        let engine = engine.clone();
        move |(room, last, read, is_reading)| {
            if let Some(seq) = last.filter(|last| *is_reading && last > read) {
                engine.command(Command::MarkRead { room: room.clone(), seq });
            }
        }
    });
    let timer = use_mut_ref(|| None::<Timeout>);
    let (room, nodes, position) = (room.clone(), nodes.clone(), position.clone());
    Callback::from(move |()| {
        let (engine, room, nodes, position) = (engine.clone(), room.clone(), nodes.clone(), position.clone());
        let look = move || {
            let seen = position.try_borrow().ok().and_then(|position| position.last_seen(&nodes));
            if let Some(seq) = seen.filter(|seq| *seq > room.info.read) {
                engine.command(Command::MarkRead { room: room.info.room.clone(), seq });
            }
        };
        *timer.borrow_mut() = is_reading.then(|| Timeout::new(READ_AFTER_MS, look));
    })
}

/// Draws other rows, or loads more, where needed.
#[hook]
pub fn use_load_more(room: &PtrEq<Room>, redraw: UseForceUpdateHandle) -> Callback<ScrollNeeds> {
    let engine = use_engine();
    let room = room.clone();
    Callback::from(move |needs: ScrollNeeds| {
        if needs.older && room.timeline.has_more() && !room.loading_older {
            engine.command(Command::LoadOlder { room: room.info.room.clone() });
        }
        if needs.newer && room.timeline.has_newer() && !room.loading_newer {
            engine.command(Command::LoadNewer { room: room.info.room.clone() });
        }
        if needs.draw {
            redraw.force_update();
        }
    })
}
