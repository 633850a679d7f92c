//! What a person has opened: the room, drawers, the tab on the right, the output view. Changes only when somebody acts.

use std::rc::Rc;

use wardroom_protocol::{RoomName, RunId};
use yew::{Reducible, UseReducerHandle};

pub use crate::logic::composer::ComposeMode;

/// What is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Ui {
    /// The room that is shown.
    pub room: RoomName,
    /// The line in it that was asked for.
    pub target: Option<LineTarget>,
    /// The drawer that lies over the page where there is no room for three columns.
    pub drawer: Drawer,
    /// What the right pane shows.
    pub tab: PanelTab,
    /// The run whose whole output is shown, and the byte in it that was asked for.
    pub output: Option<(RunId, Option<u64>)>,
    /// What the composer writes.
    pub compose_mode: ComposeMode,
    /// What lies over the page.
    pub dialog: Option<Dialog>,
}

/// What lies over the page until it is closed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Dialog {
    /// Rooms, people, actions and search, beginning with this text.
    Jump(String),
    /// The keys.
    Shortcuts,
    /// Makes a room.
    NewRoom,
    /// Begins a direct message.
    NewDm,
    /// The room's settings.
    RoomSettings,
    /// Asks before a message is taken back.
    DeleteMessage(u64),
    /// Asks before one leaves the room.
    LeaveRoom,
}

/// A line that was asked for. Asked for again, it is gone to again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LineTarget {
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
    Sidebar,
    Panel,
}

/// A tab of the right pane.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PanelTab {
    Activity,
    Files,
    People,
}

/// What a person does.
#[derive(Clone, Debug)]
pub enum UiAction {
    /// Goes to a room.
    OpenRoom(RoomName),
    /// Goes to a line of a room; with a byte, to that of the output of the run that starts there.
    JumpToLine(RoomName, u64, Option<u64>),
    /// Opens or closes a drawer.
    Drawer(Drawer),
    /// Chooses a tab, and sees it.
    ShowTab(PanelTab),
    /// Opens all output of a run, or closes it.
    Output(Option<RunId>),
    /// Opens the output of a run at a byte.
    OutputAt(RunId, u64),
    /// Writes something else.
    Compose(ComposeMode),
    /// Opens a dialog, or closes it.
    Dialog(Option<Dialog>),
}

/// A handle on it.
pub type UiHandle = UseReducerHandle<Ui>;

impl Reducible for Ui {
    type Action = UiAction;

    fn reduce(self: Rc<Self>, action: UiAction) -> Rc<Self> {
        let mut next = (*self).clone();
        match action {
            UiAction::OpenRoom(room) => {
                next.leave(&room);
                next.room = room;
                next.target = None;
                next.drawer = Drawer::None;
                next.output = None;
            }
            UiAction::JumpToLine(room, seq, off) => {
                next.leave(&room);
                next.room = room;
                next.target = Some(LineTarget { seq, off, nth: self.target.map_or(0, |at| at.nth + 1) });
                next.drawer = Drawer::None;
                next.output = None;
            }
            UiAction::Drawer(drawer) => next.drawer = drawer,
            UiAction::ShowTab(tab) => next.tab = tab,
            UiAction::Compose(mode) => next.compose_mode = mode,
            UiAction::Dialog(dialog) => {
                next.dialog = dialog;
                next.drawer = Drawer::None;
            }
            UiAction::Output(run) => {
                next.output = run.map(|run| (run, None));
                next.target = self.target.map(|at| LineTarget { off: None, ..at });
                next.drawer = Drawer::None;
            }
            UiAction::OutputAt(run, off) => next.output = Some((run, Some(off))),
        }
        if next == *self { self } else { Rc::new(next) }
    }
}

impl Ui {
    /// What belonged to the room before.
    fn leave(&mut self, room: &RoomName) {
        self.dialog = None;
        if self.room != *room {
            self.compose_mode = ComposeMode::New;
        }
    }
}
