//! What moves the timeline beside the reader's hand: lines that were asked for, growth at both ends, and what has been read.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use wardroom_client_core::protocol::EventBody;
use wardroom_client_core::{Command, Room};
use yew::prelude::*;

use super::scroll::{Nodes, Place, Sizes, Wants};
use crate::app::{UiAct, UiHandle};
use crate::hooks::{Same, use_engine};
use crate::limits::SEEN_AFTER_MS;

/// The end of what is loaded is the end of the room.
pub fn is_whole(room: &Room) -> bool {
    !room.timeline.has_newer()
}

/// Goes to the line that the address names, once for each time that it is asked for.
#[hook]
pub fn use_jump(room: &Same<Room>, ui: &UiHandle, place: &Rc<RefCell<Place>>, is_at_end: &UseStateHandle<bool>) {
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
pub fn use_output(room: &Same<Room>, ui: &UiHandle) {
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
pub fn use_return(room: &Same<Room>, place: &Rc<RefCell<Place>>) {
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
pub fn use_settling(nodes: &Nodes, place: &Rc<RefCell<Place>>, act: &Callback<Wants>) {
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
pub fn use_reading(
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
pub fn use_growth(room: &Same<Room>, redraw: UseForceUpdateHandle) -> Callback<Wants> {
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
