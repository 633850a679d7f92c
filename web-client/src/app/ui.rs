//! What a person has opened: the room, drawers, the tab on the right, the full view. Changes only when somebody acts.

use std::rc::Rc;

use wardroom_protocol::{RoomName, RunId};
use yew::{Reducible, UseReducerHandle};

/// What is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Ui {
    /// The room that is shown.
    pub room: RoomName,
    /// The drawer that lies over the page where there is no room for three columns.
    pub drawer: Drawer,
    /// What the right pane shows.
    pub tab: Tab,
    /// The run whose whole output is shown.
    pub full: Option<RunId>,
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
    /// Opens or closes a drawer.
    Drawer(Drawer),
    /// Chooses a tab, and sees it.
    Tab(Tab),
    /// Opens all output of a run, or closes it.
    Full(Option<RunId>),
}

/// A handle on it.
pub type UiHandle = UseReducerHandle<Ui>;

impl Reducible for Ui {
    type Action = UiAct;

    fn reduce(self: Rc<Self>, act: UiAct) -> Rc<Self> {
        let mut next = (*self).clone();
        match act {
            UiAct::Go(room) => {
                next.room = room;
                next.drawer = Drawer::None;
                next.full = None;
            }
            UiAct::Drawer(drawer) => next.drawer = drawer,
            UiAct::Tab(tab) => next.tab = tab,
            UiAct::Full(run) => {
                next.full = run;
                next.drawer = Drawer::None;
            }
        }
        if next == *self { self } else { Rc::new(next) }
    }
}
