//! The slash commands of the composer.

use wardroom_client_core::Command as Do;
use wardroom_client_core::protocol::messages::{HookAdd, HookRemove, RunApprove, RunLose, RunRefuse, StatusSet};
use wardroom_client_core::protocol::slash::{Command, RightsLine, RunLine};
use wardroom_client_core::protocol::{RoomName, UserName};
use yew::Callback;

use super::requests::RoomChange;
use super::{Engine, NoticeKind};
use crate::logic::route::file_path;
use crate::logic::run_options::RunOptions;
use crate::services::browser;
use crate::ui::{Dialog, Drawer, PanelTab, UiAction, UiHandle};

impl Engine {
    /// Executes a command in this room.
    pub fn execute(&self, ui: &UiHandle, room: &RoomName, command: Command) {
        let tab = |tab: PanelTab| {
            ui.dispatch(UiAction::ShowTab(tab));
            ui.dispatch(UiAction::Drawer(Drawer::Panel));
        };
        let dialog = |dialog: Dialog| ui.dispatch(UiAction::Dialog(Some(dialog)));
        let reload = self.reload_people(room);
        match command {
            Command::Help => dialog(Dialog::Shortcuts),
            Command::Rooms => dialog(Dialog::Jump(String::new())),
            Command::Search(q) => dialog(Dialog::Jump(q)),
            Command::Join(room) => {
                self.command(Do::JoinRoom { room: room.clone() });
                ui.dispatch(UiAction::OpenRoom(room));
            }
            Command::Create(room, private, title) => {
                self.create_room(room.clone(), Some(title).filter(|title| !title.is_empty()), private);
                ui.dispatch(UiAction::OpenRoom(room));
            }
            Command::Leave(other) => self.command(Do::LeaveRoom { room: other.unwrap_or_else(|| room.clone()) }),
            Command::Who => tab(PanelTab::People),
            Command::Dm(users) => self.open_dm(ui, users),
            Command::Invite(user, role) => self.invite(room, user, role, reload),
            Command::Remove(user) => self.remove(room, user, reload),
            Command::Role(user, role) => self.set_role(room, user, role, reload),
            Command::Title(title) => self.set_room(room, RoomChange { title: Some(title), ..RoomChange::default() }),
            Command::Topic(topic) => self.set_room(room, RoomChange { topic: Some(topic), ..RoomChange::default() }),
            Command::Status(text) => self.send(StatusSet { text }),
            Command::Archive(on) => self.set_room(room, RoomChange { archived: Some(on), ..RoomChange::default() }),
            Command::Retention(days) => {
                self.set_room(room, RoomChange { retention_days: Some(days), ..RoomChange::default() });
            }
            Command::Log(_, before) => {
                if let Some(seq) = before {
                    ui.dispatch(UiAction::JumpToLine(room.clone(), seq.saturating_sub(1).max(1), None));
                }
            }
            Command::Edit(seq, text) => {
                if let Some(seq) = seq.or_else(|| self.last_own_message(room)) {
                    self.edit(room, seq, text);
                }
            }
            Command::Delete(seq) => {
                if let Some(seq) = seq.or_else(|| self.last_own_message(room)) {
                    dialog(Dialog::DeleteMessage(seq));
                }
            }
            Command::Reply(seq, text) => self.post(room, text, Some(seq)),
            Command::React(seq, emoji, on) => self.react(room, seq, &emoji, on),
            Command::Hook(bot, mentions) => {
                let engine = self.clone();
                let add = HookAdd { room: room.clone(), bot, mentions, secret: None, nonce: None };
                self.add_hook(add, Callback::from(move |address| engine.show_notice(NoticeKind::Hook(address))));
            }
            Command::Hooks => dialog(Dialog::RoomSettings("hooks")),
            Command::Unhook(hook) => self.send(HookRemove { room: room.clone(), hook }),
            Command::Run(RunLine { cmd, hosts, label, sandbox }) => {
                self.run(
                    room,
                    Some(cmd),
                    RunOptions { hosts, label, sandbox, ..RunOptions::default() },
                    Callback::noop(),
                );
            }
            Command::Shell(host) => {
                let how = RunOptions { host, tty: true, ..RunOptions::default() };
                let ui = ui.clone();
                let open = Callback::from(move |run| ui.dispatch(UiAction::Terminal(Some(run))));
                self.run(room, None, how, open);
            }
            Command::Approve(proposal) => self.send(RunApprove { proposal }),
            Command::Refuse(proposal) => self.send(RunRefuse { proposal }),
            Command::Approval(on) => self.set_room(room, RoomChange { approve: Some(on), ..RoomChange::default() }),
            Command::Rights(line) => match line.here(room) {
                RightsLine::List(_) => dialog(Dialog::RoomSettings("rights")),
                RightsLine::Set(set) => self.send(set),
            },
            Command::Named(name, args) => self.run_named(room, name, args),
            Command::Runs(_) | Command::Hosts | Command::Commands => tab(PanelTab::Activity),
            Command::Watch(n) => ui.dispatch(UiAction::Output(self.run_of(n))),
            Command::Unwatch(_) => ui.dispatch(UiAction::Output(None)),
            Command::Stop(n) => {
                if let Some(run) = n.map_or_else(|| self.last_running(room), |n| self.run_of(n)) {
                    self.stop_run(run);
                }
            }
            Command::Lose(n) => {
                if let Some(run) = self.run_of(n) {
                    self.send(RunLose { run });
                }
            }
            Command::Files(_) | Command::Put(..) => tab(PanelTab::Files),
            Command::Get(path) => {
                let address = browser::base_address() + &file_path(room.as_str(), path.as_str());
                let _ = browser::window().open_with_url_and_target(&address, "_blank");
            }
            Command::Quit => {}
        }
    }

    /// Opens the direct message with these people, and goes there once it exists.
    pub fn open_dm(&self, ui: &UiHandle, users: Vec<UserName>) {
        let ui = ui.clone();
        *self.0.on_dm.borrow_mut() = Some(Callback::from(move |room| ui.dispatch(UiAction::OpenRoom(room))));
        self.command(Do::OpenDm { users });
    }

    /// Loads the members of a room again after a successful change.
    pub fn reload_people(&self, room: &RoomName) -> Callback<bool> {
        let (engine, room) = (self.clone(), room.clone());
        Callback::from(move |is_done| {
            if is_done {
                engine.command(Do::LoadPeople { room: room.clone() });
            }
        })
    }

    fn run_of(&self, n: u64) -> Option<wardroom_protocol::RunId> {
        self.read(|client| {
            let is_it =
                |run: &&std::sync::Arc<wardroom_client_core::Run>| run.info.as_ref().is_some_and(|info| info.n == n);
            client.runs().values().find(is_it).map(|run| run.run)
        })
    }

    fn last_running(&self, room: &RoomName) -> Option<wardroom_protocol::RunId> {
        self.read(|client| {
            let is_running = |run: &&std::sync::Arc<wardroom_client_core::Run>| {
                matches!(run.state, wardroom_client_core::RunState::Running)
            };
            client.runs_of_room(room).rev().find(is_running).map(|run| run.run)
        })
    }
}
