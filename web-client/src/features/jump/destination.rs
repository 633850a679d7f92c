//! Where the jump dialog can go: rooms, people, runs and actions that match the text.

use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::protocol::UserName;
use wardroom_client_core::{Command, RunState};

use crate::components::Icon;
use crate::engine::Engine;
use crate::features::composer::focus_composer;
use crate::i18n::Words;
use crate::logic::complete::fits;
use crate::ui::{Dialog, Drawer, PanelTab, UiAction, UiHandle};

#[derive(Clone)]
pub enum Destination {
    /// A room: its name, its label, its title, its unread lines and mentions.
    Room(RoomName, String, String, (u64, u64)),
    /// A person, for a direct message.
    Person(UserName, String, &'static str),
    /// A running or recent run in this room.
    Run(wardroom_protocol::RunId, String, String),
    /// An action and its label.
    Action(Action, &'static str),
}

#[derive(Clone, Copy, PartialEq)]
pub enum Action {
    NewRoom,
    NewDm,
    Settings,
    Keys,
    Files,
    Write,
    Reconnect,
}

/// All matching destinations, rooms first.
pub fn destinations(engine: &Engine, room: &RoomName, text: &str, words: &'static Words) -> Vec<Destination> {
    const EACH_MAX: usize = 8;
    let part = text.trim();
    let bare = part.trim_start_matches(['#', '@', '/']);
    let infos: Vec<_> =
        engine.read(|client| client.rooms().values().map(|room| (room.info.clone(), room.unread())).collect());
    let mut rooms: Vec<(bool, (u64, u64), Destination)> = infos
        .iter()
        .filter(|_| !part.starts_with(['@', '/']))
        .map(|(info, unread)| (info, unread, engine.room_name(info)))
        .filter(|(info, _, called)| fits(called.trim_start_matches('#'), bare) || fits(&info.title, bare))
        .map(|(info, unread, called)| {
            let unread = if info.joined { (*unread, info.mentions) } else { (0, 0) };
            (
                !info.joined || info.archived,
                unread,
                Destination::Room(info.room.clone(), called, info.title.clone(), unread),
            )
        })
        .collect();
    rooms.sort_by_key(|(is_far, unread, _)| (*is_far, unread.1 == 0, unread.0 == 0));
    let mut out: Vec<Destination> = rooms.into_iter().map(|(_, _, destination)| destination).take(EACH_MAX).collect();
    if !part.is_empty() && !part.starts_with(['#', '/']) {
        let all_users = engine.all_users();
        let people = all_users.iter().filter(|member| member.user.as_str() != engine.user() && !member.bot);
        let people = people.filter(|member| fits(member.user.as_str(), bare) || fits(&member.name, bare));
        out.extend(people.take(EACH_MAX).map(|member| {
            Destination::Person(
                member.user.clone(),
                member.name.clone(),
                if member.here { words.here } else { words.away },
            )
        }));
        let runs = engine.read(|client| {
            let runs = client.runs_of_room(room).rev().filter_map(|run| {
                let info = run.info.as_ref()?;
                let label = if run.state == RunState::Running { "●" } else { "" };
                fits(&info.cmd, bare).then(|| {
                    Destination::Run(
                        run.run,
                        format!("r{} {}", info.n, crate::text::sanitize::sanitized(&info.cmd)),
                        label.to_owned(),
                    )
                })
            });
            runs.take(4).collect::<Vec<_>>()
        });
        out.extend(runs);
    }
    let actions = [
        (Action::NewRoom, words.room_new),
        (Action::NewDm, words.dm_new),
        (Action::Settings, words.room_settings),
        (Action::Keys, words.shortcuts_head),
        (Action::Files, words.files_tab),
        (Action::Write, words.skip_to_composer),
        (Action::Reconnect, words.connection_reconnect),
    ];
    let fitting = actions.into_iter().filter(|(_, label)| !part.starts_with(['#', '@']) && fits(label, bare));
    out.extend(fitting.map(|(action, label)| Destination::Action(action, label)));
    out
}

impl Destination {
    /// A key for a list.
    pub fn key(&self) -> String {
        match self {
            Destination::Room(room, ..) => format!("room/{room}"),
            Destination::Person(user, ..) => format!("person/{user}"),
            Destination::Run(run, ..) => format!("run/{run}"),
            Destination::Action(action, _) => format!("do/{}", *action as u8),
        }
    }

    pub fn icon(&self) -> Icon {
        match self {
            Destination::Room(_, called, ..) if called.starts_with('#') => Icon::Hash,
            Destination::Room(..) | Destination::Person(..) => Icon::Person,
            Destination::Run(..) => Icon::Terminal,
            Destination::Action(Action::NewRoom, _) => Icon::Add,
            Destination::Action(Action::NewDm, _) => Icon::Message,
            Destination::Action(Action::Settings, _) => Icon::Settings,
            Destination::Action(Action::Keys, _) => Icon::Keyboard,
            Destination::Action(Action::Files, _) => Icon::Folder,
            Destination::Action(Action::Write, _) => Icon::Edit,
            Destination::Action(Action::Reconnect, _) => Icon::Reload,
        }
    }

    pub fn name(&self) -> String {
        match self {
            Destination::Room(_, called, ..) => called.trim_start_matches('#').to_owned(),
            Destination::Person(_, name, ..) | Destination::Run(_, name, _) => name.clone(),
            Destination::Action(_, label) => (*label).to_owned(),
        }
    }

    /// Shown beside the name.
    pub fn more(&self) -> String {
        match self {
            Destination::Room(_, _, title, _) => title.clone(),
            Destination::Person(user, _, here) => format!("@{user} · {here}"),
            Destination::Run(_, _, label) => label.clone(),
            Destination::Action(..) => String::new(),
        }
    }

    /// Unread lines and mentions there.
    pub fn unread(&self) -> (u64, u64) {
        if let Destination::Room(.., unread) = self { *unread } else { (0, 0) }
    }

    /// Goes there, or performs the action.
    pub fn go(&self, engine: &Engine, ui: &UiHandle, _room: &RoomName) {
        match self {
            Destination::Room(room, ..) => ui.dispatch(UiAction::OpenRoom(room.clone())),
            Destination::Person(user, ..) => engine.open_dm(ui, vec![user.clone()]),
            Destination::Run(run, ..) => ui.dispatch(UiAction::Output(Some(*run))),
            Destination::Action(action, _) => match action {
                Action::NewRoom => ui.dispatch(UiAction::Dialog(Some(Dialog::NewRoom))),
                Action::NewDm => ui.dispatch(UiAction::Dialog(Some(Dialog::NewDm))),
                Action::Settings => ui.dispatch(UiAction::Dialog(Some(Dialog::RoomSettings("general")))),
                Action::Keys => ui.dispatch(UiAction::Dialog(Some(Dialog::Shortcuts))),
                Action::Files => {
                    ui.dispatch(UiAction::ShowTab(PanelTab::Files));
                    ui.dispatch(UiAction::Drawer(Drawer::Panel));
                }
                Action::Write => focus_composer(),
                Action::Reconnect => engine.command(Command::ReconnectNow),
            },
        }
    }
}
