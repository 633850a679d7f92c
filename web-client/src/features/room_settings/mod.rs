//! A room's settings in tabs: general, members, commands, rights, webhooks. Users see only what they may change, and nothing changes
//! before they save.

mod general;
mod members;
mod notify;
mod permissions;
mod rules;
mod webhooks;

use wardroom_client_core::Change;
use wardroom_client_core::protocol::messages::Right;
use wardroom_client_core::protocol::{Role, RoomName, RoomRole};
use yew::prelude::*;

use crate::components::{Modal, Tabs};
use crate::engine::Topic;
use crate::features::named::CommandSettings;
use crate::features::rights::use_rights;
use crate::hooks::{use_topic, use_words};
use crate::testids;
use general::General;
use members::Members;
use notify::NotifySetting;
pub use notify::NotifyState;
use permissions::Permissions;
use rules::Rules;
use webhooks::Webhooks;

#[derive(PartialEq, Properties)]
pub struct RoomSettingsProps {
    pub room: RoomName,
    /// The tab that is open first, if this user has it.
    pub tab: &'static str,
    pub on_close: Callback<()>,
}

#[component]
pub fn RoomSettings(props: &RoomSettingsProps) -> Html {
    let words = use_words();
    let on_close = props.on_close.clone();
    use_topic(Topic::Model(Change::Rooms));
    let engine = use_topic(Topic::Model(Change::Room(props.room.clone())));
    let may_run = use_rights(&props.room).allows(Right::Run, None);
    let tab = use_state_eq(|| props.tab);
    let Some(room) = engine.read(|client| client.rooms().get(&props.room).cloned()) else { return Html::default() };
    let info = &room.info;
    let is_dm = !info.dm.is_empty();
    let is_admin = engine.read(|client| client.you().is_some_and(|you| you.role == Role::Admin));
    let is_owner = info.role == Some(RoomRole::Owner) || is_admin;
    let may = Permissions {
        own: is_owner && !is_dm,
        topic: info.joined && info.role != Some(RoomRole::Reader) && !info.archived && !is_dm,
        invite: !is_dm && info.joined && (is_owner || !info.private),
    };
    let mut tabs = vec![("general", words.settings.settings_general), ("members", words.people_tab)];
    if may.own {
        if may_run {
            tabs.push(("commands", words.runs.commands));
        }
        tabs.push(("rights", words.settings.rules_head));
        tabs.push(("hooks", words.settings.hooks_head));
    }
    let chosen = if tabs.iter().any(|(id, _)| *id == *tab) { *tab } else { "general" };
    let on_tab = Callback::from({
        let tab = tab.setter();
        move |chosen: &'static str| tab.set(chosen)
    });
    html! {
        <Modal title={engine.room_name(info)} on_close={on_close.clone()} class={classes!("modal--wide")}>
            <div data-testid={testids::ROOM_SETTINGS}>
                <Tabs {tabs} {chosen} {on_tab} label={words.room_settings} />
                <div role="tabpanel">
                {
                    match chosen {
                        "members" => html! { <Members room={props.room.clone()} {may} /> },
                        "commands" => html! { <CommandSettings room={props.room.clone()} /> },
                        "rights" => html! { <Rules room={props.room.clone()} {is_admin} /> },
                        "hooks" => html! { <Webhooks room={props.room.clone()} /> },
                        _ => html! {
                            <>
                                <NotifySetting room={props.room.clone()} />
                                if !is_dm { <General room={props.room.clone()} info={info.clone()} {may} {on_close} /> }
                            </>
                        },
                    }
                }
                </div>
            </div>
        </Modal>
    }
}
