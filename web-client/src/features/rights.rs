//! What the user may do in a room, as the server said with the room. The server decides in the end, and its refusal says
//! why.

use wardroom_client_core::Change;
use wardroom_client_core::protocol::messages::{Right, RoomInfo};
use wardroom_client_core::protocol::{Role, RoomName, UserName};
use yew::prelude::*;

use crate::engine::{Engine, Topic};
use crate::hooks::use_engine;
use crate::i18n::Words;

/// The rights of the user in a room.
#[derive(Clone, PartialEq)]
pub struct Rights {
    me: Option<UserName>,
    role: Role,
    /// Without what changes with each message.
    info: RoomInfo,
}

impl Rights {
    fn of(engine: &Engine, room: &RoomName) -> Self {
        engine.read(|client| {
            let mut info = RoomInfo::named(room.clone());
            if let Some(room) = client.rooms().get(room) {
                (info.joined, info.role, info.rules) = (room.info.joined, room.info.role, room.info.rules.clone());
            }
            let you = client.you();
            Self { me: you.map(|you| you.user.clone()), role: you.map_or(Role::Viewer, |you| you.role), info }
        })
    }

    /// On a host; without one, on hosts about which there are no rules.
    pub fn allows(&self, right: Right, host: Option<&str>) -> bool {
        self.info.allows(self.role, right, host)
    }

    /// The host on which the user runs commands by default; `None` if they may run none.
    pub fn run_host(&self) -> Option<String> {
        self.info.run_host(self.role).map(str::to_owned)
    }

    /// To type into a run on a host, or ask for its keyboard. An admin may do so in each room that they see.
    pub fn may_type(&self, host: &str) -> bool {
        self.role >= Role::Admin || self.allows(Right::Run, Some(host))
    }

    /// To stop a run, by who started it: its starter and operators do.
    pub fn may_end(&self, starter: &UserName) -> bool {
        self.info.is_active(self.role) && (self.role >= Role::Operator || self.me.as_ref() == Some(starter))
    }
}

/// What a right allows: `run commands`.
pub fn right_words(right: Right, words: &Words) -> &'static str {
    match right {
        Right::Run => words.runs.right_run,
        Right::RunNamed => words.runs.right_run_named,
        Right::Approve => words.runs.right_approve,
    }
}

/// The rights of the user in a room; draws again when they change.
#[hook]
pub fn use_rights(room: &RoomName) -> Rights {
    let engine = use_engine();
    let update = use_force_update();
    let rights = Rights::of(&engine, room);
    let shown = use_mut_ref(|| None);
    *shown.borrow_mut() = Some(rights.clone());
    use_effect_with((engine, room.clone()), move |(engine, room)| {
        let (of, room) = (engine.clone(), room.clone());
        let call = Callback::from(move |()| {
            if shown.borrow().as_ref() != Some(&Rights::of(&of, &room)) {
                update.force_update();
            }
        });
        let subscriptions =
            [Change::Rooms, Change::Connection].map(|change| engine.subscribe(Topic::Model(change), call.clone()));
        move || drop(subscriptions)
    });
    rights
}
