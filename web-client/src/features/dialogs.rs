//! The dialogs: keyboard shortcuts and commands, new room, new direct message, and confirmations.

use wardroom_client_core::Command;
use wardroom_client_core::protocol::{RoomName, UserName};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::change_password::ChangePassword;
use super::jump::Jump;
use super::named::RunCommandDialog;
use super::room_settings::RoomSettings;
use super::sessions::Sessions;
use crate::components::{Confirm, Modal};
use crate::engine::Topic;
use crate::hooks::{use_engine, use_prefs, use_topic, use_ui, use_words};
use crate::i18n::fill;
use crate::logic::complete::{commands, fits};
use crate::services::browser;
use crate::testids;
use crate::ui::{Dialog, UiAction};

#[derive(PartialEq, Properties)]
pub struct DialogsProps {
    pub room: RoomName,
}

/// The open dialog, if any.
#[component]
pub fn Dialogs(props: &DialogsProps) -> Html {
    let ui = use_ui();
    let room = props.room.clone();
    let on_close = {
        let ui = ui.clone();
        Callback::from(move |()| ui.dispatch(UiAction::Dialog(None)))
    };
    match &ui.dialog {
        None => Html::default(),
        Some(Dialog::Jump(text)) => html! { <Jump {room} text={text.clone()} {on_close} /> },
        Some(Dialog::Shortcuts) => html! { <Shortcuts {on_close} /> },
        Some(Dialog::NewRoom) => html! { <NewRoom {on_close} /> },
        Some(Dialog::ChangePassword) => html! { <ChangePassword {on_close} /> },
        Some(Dialog::Sessions) => html! { <Sessions {on_close} /> },
        Some(Dialog::NewDm) => html! { <NewDm {on_close} /> },
        Some(Dialog::RoomSettings(tab)) => html! { <RoomSettings {room} {tab} {on_close} /> },
        Some(Dialog::DeleteMessage(seq)) => html! { <DeleteMessage {room} seq={*seq} {on_close} /> },
        Some(Dialog::RunCommand(name)) => html! { <RunCommandDialog {room} name={name.clone()} {on_close} /> },
        Some(Dialog::LeaveRoom) => html! { <LeaveRoom {room} {on_close} /> },
    }
}

#[derive(PartialEq, Properties)]
struct DialogProps {
    on_close: Callback<()>,
}

/// The keyboard shortcuts.
#[component]
fn Shortcuts(props: &DialogProps) -> Html {
    let words = use_words();
    let lang = use_prefs().lang;
    let on_close = props.on_close.clone();
    let keys: [(&str, &str); 14] = [
        (browser::jump_key(), words.key_jump),
        ("?", words.key_keys),
        ("Enter", words.key_send),
        ("Shift Enter", words.key_line),
        ("/", words.key_commands),
        ("@  #  :", words.key_names),
        ("$ ", words.key_run),
        ("↑", words.key_edit_last),
        ("Alt ↑  Alt ↓", words.key_rooms),
        ("↑ ↓", words.key_messages),
        ("r", words.key_reply),
        ("e", words.key_edit),
        ("Delete", words.key_delete),
        ("Esc", words.key_close),
    ];
    html! {
        <Modal title={words.shortcuts_head} {on_close}>
            <dl class="shortcuts">
                { for keys.iter().map(|(key, does)| html! { <div key={*does} class="shortcuts__row"><dt class="kbd">{ key }</dt><dd>{ does }</dd></div> }) }
            </dl>
            <h3 class="shortcuts__head">{ words.commands_head }</h3>
            <dl class="shortcuts" data-testid={testids::COMMANDS}>
                { for commands("").map(|entry| html! {
                    <div key={entry.name} class="shortcuts__row"><dt class="shortcuts__command">{ format!("/{} {}", entry.name, entry.arguments) }</dt><dd>{ lang.about(entry) }</dd></div>
                }) }
            </dl>
        </Modal>
    }
}

/// Creates a room.
#[component]
fn NewRoom(props: &DialogProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let ui = use_ui();
    let on_close = props.on_close.clone();
    let (name, title, private) = (use_node_ref(), use_node_ref(), use_node_ref());
    let is_wrong = use_state_eq(|| false);
    let onsubmit = {
        let (name, title, private, is_wrong) = (name.clone(), title.clone(), private.clone(), is_wrong.setter());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let text = |node: &NodeRef| node.cast::<HtmlInputElement>().map(|field| field.value()).unwrap_or_default();
            let wanted = text(&name);
            let wanted = wanted.trim().trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            match RoomName::parse(&wanted).ok().filter(|room| !room.as_str().starts_with('@')) {
                Some(room) => {
                    let title = Some(text(&title).trim().to_owned()).filter(|title| !title.is_empty());
                    let is_private = private.cast::<HtmlInputElement>().is_some_and(|field| field.checked());
                    engine.create_room(room.clone(), title, is_private);
                    ui.dispatch(UiAction::OpenRoom(room));
                }
                None => is_wrong.set(true),
            }
        })
    };
    html! {
        <Modal title={words.room_new} on_close={on_close.clone()}>
            <form class="form" {onsubmit}>
                <label class="form__label">{ words.room_new_label }
                    <input class="field" ref={name} aria-invalid={is_wrong.to_string()} aria-describedby="room-rule" maxlength="64" autocapitalize="none"
                        autocomplete="off" spellcheck="false" autofocus=true data-testid={testids::ROOM_NEW_NAME} />
                    <span id="room-rule" class={classes!("form__hint", is_wrong.then_some("error"))} role={is_wrong.then_some("alert")}>{ words.room_new_rule }</span>
                </label>
                <label class="form__label">{ words.settings.room_title }
                    <input class="field" ref={title} maxlength="120" autocomplete="off" data-testid={testids::ROOM_NEW_TITLE} />
                </label>
                <label class="form__check"><input type="checkbox" ref={private} data-testid={testids::ROOM_NEW_PRIVATE} />
                    <span>{ words.room_private_label }</span></label>
                <div class="form__actions">
                    <button class="button" type="button" onclick={on_close.reform(|_| ())}>{ words.cancel }</button>
                    <button class="button button--primary" type="submit" data-testid={testids::ROOM_CREATE}>{ words.room_create }</button>
                </div>
            </form>
        </Modal>
    }
}

/// Starts a direct message.
#[component]
fn NewDm(props: &DialogProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(wardroom_client_core::Change::People(crate::engine::Engine::company_room())));
    let ui = use_ui();
    let on_close = props.on_close.clone();
    let chosen = use_state_eq(Vec::<UserName>::new);
    let part = use_state_eq(String::new);
    use_effect_with(engine.clone(), |engine| engine.load_all_users());
    let all_users = engine.all_users();
    let fitting = all_users.iter().filter(|member| {
        member.user.as_str() != engine.user()
            && !member.bot
            && (fits(member.user.as_str(), &part) || fits(&member.name, &part))
    });
    let oninput = {
        let set = part.setter();
        Callback::from(move |event: InputEvent| {
            set.set(event.target_unchecked_into::<HtmlInputElement>().value());
        })
    };
    let person = |member: &wardroom_client_core::protocol::messages::MemberInfo| {
        let is_chosen = chosen.contains(&member.user);
        let onchange = {
            let (chosen, user) = (chosen.clone(), member.user.clone());
            Callback::from(move |_: Event| {
                let mut next = (*chosen).clone();
                if is_chosen {
                    next.retain(|other| *other != user)
                } else {
                    next.push(user.clone())
                }
                chosen.set(next);
            })
        };
        html! {
            <label key={member.user.as_str()} class="form__check form__check--row" data-testid={testids::DM_PERSON} data-user={member.user.to_string()}>
                <input type="checkbox" checked={is_chosen} {onchange} />
                <i class={classes!("dot", member.here.then_some("dot--online"))} aria-hidden="true"></i>
                <span>{ &member.name }{ " " }<span class="muted">{ format!("@{} · {}", member.user, if member.here { words.here } else { words.away }) }</span></span>
            </label>
        }
    };
    let onsubmit = {
        let (engine, ui, chosen) = (engine.clone(), ui.clone(), chosen.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if !chosen.is_empty() {
                engine.open_dm(&ui, (*chosen).clone());
            }
        })
    };
    html! {
        <Modal title={words.dm_new} on_close={on_close.clone()}>
            <form class="form" {onsubmit}>
                <label class="form__label">{ words.dm_to }
                    <input class="field" {oninput} autocomplete="off" autofocus=true data-testid={testids::DM_FIND} /></label>
                <div class="form__list" tabindex="0" role="group" aria-label={words.people_tab}>{ for fitting.map(person) }</div>
                <div class="form__actions">
                    <button class="button" type="button" onclick={on_close.reform(|_| ())}>{ words.cancel }</button>
                    <button class="button button--primary" type="submit" disabled={chosen.is_empty()} data-testid={testids::DM_START}>{ words.dm_go }</button>
                </div>
            </form>
        </Modal>
    }
}

#[derive(PartialEq, Properties)]
struct DeleteMessageProps {
    room: RoomName,
    seq: u64,
    on_close: Callback<()>,
}

/// Confirms the deletion of a message.
#[component]
fn DeleteMessage(props: &DeleteMessageProps) -> Html {
    let words = use_words();
    let (engine, on_close) = (use_engine(), props.on_close.clone());
    let text = engine.message_text(&props.room, props.seq).map(|(_, text)| text).unwrap_or_default();
    let first: String = text.chars().take(300).collect();
    let go = {
        let (engine, room, seq) = (engine.clone(), props.room.clone(), props.seq);
        Callback::from(move |()| engine.delete(&room, seq))
    };
    html! { <Confirm title={words.delete_head} lead={words.delete_lead} quote={first} yes={words.delete} on_yes={go} {on_close} /> }
}

#[derive(PartialEq, Properties)]
struct LeaveRoomProps {
    room: RoomName,
    on_close: Callback<()>,
}

/// Confirms leaving a room.
#[component]
fn LeaveRoom(props: &LeaveRoomProps) -> Html {
    let words = use_words();
    let (engine, on_close) = (use_engine(), props.on_close.clone());
    let called = engine.room_label(&props.room);
    let go = {
        let (engine, room) = (engine.clone(), props.room.clone());
        Callback::from(move |()| engine.command(Command::LeaveRoom { room: room.clone() }))
    };
    html! { <Confirm title={fill(words.leave_head, &[&called])} lead={words.leave_lead} yes={words.leave} on_yes={go} {on_close} /> }
}
