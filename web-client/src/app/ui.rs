//! What a person has opened: the room, drawers, the tab on the right, the full view. Changes only when somebody acts.

use std::rc::Rc;

use wardroom_protocol::{RoomName, RunId};
use yew::{Reducible, UseReducerHandle};

pub use crate::logic::composer::Writing;

/// What is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Ui {
    /// The room that is shown.
    pub room: RoomName,
    /// The line in it that was asked for.
    pub at: Option<At>,
    /// The drawer that lies over the page where there is no room for three columns.
    pub drawer: Drawer,
    /// What the right pane shows.
    pub tab: Tab,
    /// The run whose whole output is shown, and the byte in it that was asked for.
    pub full: Option<(RunId, Option<u64>)>,
    /// What the composer writes.
    pub writing: Writing,
    /// What lies over the page.
    pub dialog: Option<Dialog>,
}

/// What lies over the page until it is closed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Dialog {
    /// Rooms, people, actions and search, beginning with this text.
    Jump(String),
    /// The keys.
    Keys,
    /// Makes a room.
    NewRoom,
    /// Begins a direct message.
    NewDm,
    /// The room's settings.
    Room,
    /// Asks before a message is taken back.
    Delete(u64),
    /// Asks before one leaves the room.
    Leave,
}

/// A line that was asked for. Asked for again, it is gone to again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct At {
    /// Its place.
    pub seq: u64,
    /// Of a run's start: the byte of its output that is meant.
    pub off: Option<u64>,
    /// How often something was asked for before.
    pub nth: u32,
}

/// A drawer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drawer {
    None,
    Rooms,
    Side,
}

/// A tab of the right pane.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tab {
    Now,
    Files,
    People,
}

/// What a person does.
#[derive(Clone, Debug)]
pub enum UiAct {
    /// Goes to a room.
    Go(RoomName),
    /// Goes to a line of a room; with a byte, to that of the output of the run that starts there.
    Jump(RoomName, u64, Option<u64>),
    /// Opens or closes a drawer.
    Drawer(Drawer),
    /// Chooses a tab, and sees it.
    Tab(Tab),
    /// Opens all output of a run, or closes it.
    Full(Option<RunId>),
    /// Opens the output of a run at a byte.
    Output(RunId, u64),
    /// Writes something else.
    Write(Writing),
    /// Opens a dialog, or closes it.
    Dialog(Option<Dialog>),
}

/// A handle on it.
pub type UiHandle = UseReducerHandle<Ui>;

impl Reducible for Ui {
    type Action = UiAct;

    fn reduce(self: Rc<Self>, act: UiAct) -> Rc<Self> {
        let mut next = (*self).clone();
        match act {
            UiAct::Go(room) => {
                next.leave(&room);
                next.room = room;
                next.at = None;
                next.drawer = Drawer::None;
                next.full = None;
            }
            UiAct::Jump(room, seq, off) => {
                next.leave(&room);
                next.room = room;
                next.at = Some(At { seq, off, nth: self.at.map_or(0, |at| at.nth + 1) });
                next.drawer = Drawer::None;
                next.full = None;
            }
            UiAct::Drawer(drawer) => next.drawer = drawer,
            UiAct::Tab(tab) => next.tab = tab,
            UiAct::Write(writing) => next.writing = writing,
            UiAct::Dialog(dialog) => {
                next.dialog = dialog;
                next.drawer = Drawer::None;
            }
            UiAct::Full(run) => {
                next.full = run.map(|run| (run, None));
                next.at = self.at.map(|at| At { off: None, ..at });
                next.drawer = Drawer::None;
            }
            UiAct::Output(run, off) => next.full = Some((run, Some(off))),
        }
        if next == *self { self } else { Rc::new(next) }
    }
}

impl Ui {
    /// What belonged to the room before.
    fn leave(&mut self, room: &RoomName) {
        self.dialog = None;
        if self.room != *room {
            self.writing = Writing::New;
        }
    }
}
