//! What a person has opened: the room, drawers, the panel's tab, the output view. It changes only when the user acts.

use std::rc::Rc;

use wardroom_protocol::{CommandName, RoomName, RunId};
use yew::{Reducible, UseReducerHandle};

pub use crate::logic::composer::ComposeMode;

/// The UI state.
#[derive(Clone, Debug, PartialEq)]
pub struct Ui {
    /// The open room.
    pub room: RoomName,
    /// The line to jump to.
    pub target: Option<LineTarget>,
    /// The open drawer, on screens without room for three columns.
    pub drawer: Drawer,
    /// The tab of the panel.
    pub tab: PanelTab,
    /// The run in the output view, and the byte to show.
    pub output: Option<(RunId, Option<u64>)>,
    /// The run whose terminal is open.
    pub terminal: Option<RunId>,
    /// Its recording is played.
    pub plays: bool,
    pub compose_mode: ComposeMode,
    pub dialog: Option<Dialog>,
}

/// A dialog.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Dialog {
    /// The jump dialog, with this text.
    Jump(String),
    Shortcuts,
    NewRoom,
    NewDm,
    ChangePassword,
    Sessions,
    /// The settings of the room, at this tab.
    RoomSettings(&'static str),
    /// Confirms the deletion of a message.
    DeleteMessage(u64),
    /// Confirms leaving the room.
    LeaveRoom,
    /// Runs a named command of the room.
    RunCommand(CommandName),
}

/// A line to jump to. Asking for the same line again jumps again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LineTarget {
    /// Its position.
    pub seq: u64,
    /// For the start of a run: the wanted byte of its output.
    pub off: Option<u64>,
    /// How often a jump was requested before.
    pub nth: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drawer {
    None,
    Sidebar,
    Panel,
}

/// A tab of the panel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PanelTab {
    Activity,
    Files,
    People,
}

/// A change of the UI state.
#[derive(Clone, Debug)]
pub enum UiAction {
    OpenRoom(RoomName),
    /// Jumps to a line of a room; with a byte, to that byte in the output of the run that starts there.
    JumpToLine(RoomName, u64, Option<u64>),
    /// Opens or closes a drawer.
    Drawer(Drawer),
    /// Shows a tab of the panel.
    ShowTab(PanelTab),
    /// Opens the output of a run, or closes it.
    Output(Option<RunId>),
    /// Opens the output of a run at a byte.
    OutputAt(RunId, u64),
    /// Marks a byte in the output of a run that started on this line of the room, and puts it into the address.
    LinkOutput(u64, RunId, u64),
    /// Opens the terminal of a run, or closes it.
    Terminal(Option<RunId>),
    /// Opens the terminal of a run that has ended, and plays its recording.
    Play(RunId),
    /// Changes the mode of the composer.
    Compose(ComposeMode),
    /// Opens a dialog, or closes it.
    Dialog(Option<Dialog>),
}

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
            UiAction::Terminal(run) => next.show_terminal(run, false),
            UiAction::Play(run) => next.show_terminal(Some(run), true),
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
            UiAction::LinkOutput(seq, run, off) => {
                next.target = Some(LineTarget { seq, off: Some(off), nth: self.target.map_or(0, |at| at.nth + 1) });
                next.output = Some((run, Some(off)));
            }
            UiAction::OutputAt(run, off) => next.output = Some((run, Some(off))),
        }
        if next == *self { self } else { Rc::new(next) }
    }
}

impl Ui {
    fn show_terminal(&mut self, run: Option<RunId>, plays: bool) {
        (self.terminal, self.plays) = (run, plays);
        self.output = None;
        self.drawer = Drawer::None;
    }

    /// Resets what belonged to the previous room.
    fn leave(&mut self, room: &RoomName) {
        self.dialog = None;
        if self.room != *room {
            self.compose_mode = ComposeMode::New;
        }
    }
}
