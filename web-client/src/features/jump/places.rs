//! Where one can go at once, and what one can do: rooms, people and actions that fit what is written.

use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::protocol::UserName;
use wardroom_client_core::{Command, RunState};

use crate::app::{Dialog, Drawer, Engine, Tab, UiAct, UiHandle};
use crate::components::Icon;
use crate::features::composer::focus_composer;
use crate::i18n::Words;
use crate::logic::complete::fits;

/// One place.
#[derive(Clone)]
pub enum Place {
    /// A room: its name, how it is called, its title, how much of it is unread and names one.
    Room(RoomName, String, String, (u64, u64)),
    /// Somebody: a direct message.
    Person(UserName, String, &'static str),
    /// A run of this room that goes on, or was lately.
    Run(wardroom_protocol::RunId, String, String),
    /// An action and its words.
    Do(Action, &'static str),
}

/// An action.
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

/// Everything that fits, rooms first.
pub fn places(engine: &Engine, room: &RoomName, text: &str, words: &'static Words) -> Vec<Place> {
    const EACH_MAX: usize = 8;
    let part = text.trim();
    let bare = part.trim_start_matches(['#', '@', '/']);
    let infos: Vec<_> =
        engine.read(|client| client.rooms().values().map(|room| (room.info.clone(), room.unread())).collect());
    let mut rooms: Vec<(bool, (u64, u64), Place)> = infos
        .iter()
        .filter(|_| !part.starts_with(['@', '/']))
        .map(|(info, unread)| (info, unread, engine.room_name(info)))
        .filter(|(info, _, called)| fits(called.trim_start_matches('#'), bare) || fits(&info.title, bare))
        .map(|(info, unread, called)| {
            let unread = if info.joined { (*unread, info.mentions) } else { (0, 0) };
            (!info.joined || info.archived, unread, Place::Room(info.room.clone(), called, info.title.clone(), unread))
        })
        .collect();
    rooms.sort_by_key(|(is_far, unread, _)| (*is_far, unread.1 == 0, unread.0 == 0));
    let mut out: Vec<Place> = rooms.into_iter().map(|(_, _, place)| place).take(EACH_MAX).collect();
    if !part.is_empty() && !part.starts_with(['#', '/']) {
        let everybody = engine.everybody();
        let people = everybody.iter().filter(|member| member.user.as_str() != engine.user() && !member.bot);
        let people = people.filter(|member| fits(member.user.as_str(), bare) || fits(&member.name, bare));
        out.extend(people.take(EACH_MAX).map(|member| {
            Place::Person(member.user.clone(), member.name.clone(), if member.here { words.here } else { words.away })
        }));
        let runs = engine.read(|client| {
            let runs = client.runs_of_room(room).rev().filter_map(|run| {
                let info = run.info.as_ref()?;
                let says = if run.state == RunState::Running { "●" } else { "" };
                fits(&info.cmd, bare).then(|| {
                    Place::Run(
                        run.run,
                        format!("r{} {}", info.n, crate::text::shown::shown(&info.cmd)),
                        says.to_owned(),
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
        (Action::Keys, words.keys_head),
        (Action::Files, words.files_tab),
        (Action::Write, words.skip_to_composer),
        (Action::Reconnect, words.link_reconnect),
    ];
    let fitting = actions.into_iter().filter(|(_, says)| !part.starts_with(['#', '@']) && fits(says, bare));
    out.extend(fitting.map(|(action, says)| Place::Do(action, says)));
    out
}

impl Place {
    /// A key for a list.
    pub fn key(&self) -> String {
        match self {
            Place::Room(room, ..) => format!("room/{room}"),
            Place::Person(user, ..) => format!("person/{user}"),
            Place::Run(run, ..) => format!("run/{run}"),
            Place::Do(action, _) => format!("do/{}", *action as u8),
        }
    }

    /// Beside its name.
    pub fn icon(&self) -> Icon {
        match self {
            Place::Room(_, called, ..) if called.starts_with('#') => Icon::Hash,
            Place::Room(..) | Place::Person(..) => Icon::Person,
            Place::Run(..) => Icon::Terminal,
            Place::Do(Action::NewRoom, _) => Icon::Add,
            Place::Do(Action::NewDm, _) => Icon::Message,
            Place::Do(Action::Settings, _) => Icon::Settings,
            Place::Do(Action::Keys, _) => Icon::Keyboard,
            Place::Do(Action::Files, _) => Icon::Folder,
            Place::Do(Action::Write, _) => Icon::Edit,
            Place::Do(Action::Reconnect, _) => Icon::Reload,
        }
    }

    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Place::Room(_, called, ..) => called.trim_start_matches('#').to_owned(),
            Place::Person(_, name, ..) | Place::Run(_, name, _) => name.clone(),
            Place::Do(_, says) => (*says).to_owned(),
        }
    }

    /// What else is to be said.
    pub fn more(&self) -> String {
        match self {
            Place::Room(_, _, title, _) => title.clone(),
            Place::Person(user, _, here) => format!("@{user} · {here}"),
            Place::Run(_, _, says) => says.clone(),
            Place::Do(..) => String::new(),
        }
    }

    /// What is unread there, and how many of it name one.
    pub fn unread(&self) -> (u64, u64) {
        if let Place::Room(.., unread) = self { *unread } else { (0, 0) }
    }

    /// Goes there, or does it.
    pub fn go(&self, engine: &Engine, ui: &UiHandle, _room: &RoomName) {
        match self {
            Place::Room(room, ..) => ui.dispatch(UiAct::Go(room.clone())),
            Place::Person(user, ..) => engine.go_to_dm(ui, vec![user.clone()]),
            Place::Run(run, ..) => ui.dispatch(UiAct::Full(Some(*run))),
            Place::Do(action, _) => match action {
                Action::NewRoom => ui.dispatch(UiAct::Dialog(Some(Dialog::NewRoom))),
                Action::NewDm => ui.dispatch(UiAct::Dialog(Some(Dialog::NewDm))),
                Action::Settings => ui.dispatch(UiAct::Dialog(Some(Dialog::Room))),
                Action::Keys => ui.dispatch(UiAct::Dialog(Some(Dialog::Keys))),
                Action::Files => {
                    ui.dispatch(UiAct::Tab(Tab::Files));
                    ui.dispatch(UiAct::Drawer(Drawer::Side));
                }
                Action::Write => focus_composer(),
                Action::Reconnect => engine.command(Command::ReconnectNow),
            },
        }
    }
}
