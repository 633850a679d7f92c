//! The members of a room and their roles.

use wardroom_client_core::protocol::messages::MemberInfo;
use wardroom_client_core::protocol::{RoomName, RoomRole, UserName};
use wardroom_client_core::{Change, Command};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::permissions::Permissions;
use crate::components::Confirm;
use crate::engine::Topic;
use crate::hooks::{use_engine, use_topic, use_words};
use crate::i18n::{Words, fill};
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct MembersProps {
    pub room: RoomName,
    pub may: Permissions,
}

#[component]
pub fn Members(props: &MembersProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::People(props.room.clone())));
    let name = use_node_ref();
    use_effect_with((engine.clone(), props.room.clone()), |(engine, room)| {
        engine.command(Command::LoadPeople { room: room.clone() });
        engine.load_all_users();
    });
    let people =
        engine.read(|client| client.rooms().get(&props.room).and_then(|room| room.people.clone())).unwrap_or_default();
    let onsubmit = {
        let (engine, room, name) = (engine.clone(), props.room.clone(), name.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(field) = name.cast::<HtmlInputElement>() else { return };
            if let Ok(user) = UserName::parse(field.value().trim().trim_start_matches('@')) {
                engine.invite(&room, user, RoomRole::Member, engine.reload_people(&room));
                field.set_value("");
            }
        })
    };
    let others = engine.all_users();
    let option = |member: &MemberInfo| html! { <option key={member.user.as_str()} value={member.user.to_string()}>{ &member.name }</option> };
    let not_in = others.iter().filter(|member| !people.iter().any(|other| other.user == member.user));
    html! {
        <section class="form" aria-label={words.people_tab}>
            if props.may.invite {
                <form class="form__row" {onsubmit}>
                    <input class="field" ref={name} list="invitable" aria-label={words.settings.invite_label} placeholder={words.settings.invite_label} autocapitalize="none" autocomplete="off" data-testid={testids::INVITE_NAME} />
                    <datalist id="invitable">{ for not_in.map(option) }</datalist>
                    <button class="button" type="submit" data-testid={testids::INVITE_MEMBER}>{ words.settings.invite }</button>
                </form>
            }
            <div class="form__list" tabindex="0" role="group" aria-label={words.people_tab}>{ for people.iter().map(|member| html! {
                <Member key={member.user.as_str()} room={props.room.clone()} member={member.clone()} is_owner={props.may.own && props.may.invite} />
            }) }</div>
        </section>
    }
}

#[derive(PartialEq, Properties)]
struct MemberProps {
    room: RoomName,
    member: MemberInfo,
    is_owner: bool,
}

#[component]
fn Member(props: &MemberProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let member = &props.member;
    let set_role = {
        let (engine, room, user) = (engine.clone(), props.room.clone(), member.user.clone());
        Callback::from(move |event: Event| {
            if let Ok(role) = event.target_unchecked_into::<HtmlSelectElement>().value().parse() {
                engine.set_role(&room, user.clone(), role, engine.reload_people(&room));
            }
        })
    };
    let is_confirming = use_state_eq(|| false);
    let ask = {
        let set = is_confirming.setter();
        Callback::from(move |is_confirming: bool| set.set(is_confirming))
    };
    let remove = {
        let (engine, room, user) = (engine.clone(), props.room.clone(), member.user.clone());
        Callback::from(move |()| engine.remove(&room, user.clone(), engine.reload_people(&room)))
    };
    let called = engine.room_label(&props.room);
    let option = |role: RoomRole| html! { <option value={role.as_str()} selected={member.room_role == role}>{ room_role_words(role, words) }</option> };
    html! {
        <div class="form__member" data-testid={testids::MEMBER} data-user={member.user.to_string()}>
            <i class={classes!("dot", member.here.then_some("dot--online"))} aria-hidden="true"></i>
            <span class="form__name">{ &member.name }{ " " }<span class="muted">{ format!("@{}", member.user) }{ if member.bot { format!(" · {}", words.bot) } else { String::new() } }</span></span>
            if props.is_owner {
                <select class="field field--small" onchange={set_role} aria-label={fill(words.settings.role_of, &[&member.name])}>
                    { option(RoomRole::Reader) }{ option(RoomRole::Member) }{ option(RoomRole::Owner) }
                </select>
                <button class="text-button text-button--danger" type="button" onclick={ask.reform(|_| true)} aria-label={fill(words.settings.remove_who, &[&member.name])}>{ words.settings.remove }</button>
                if *is_confirming {
                    <Confirm title={fill(words.settings.remove_head, &[&member.name, &called])} lead={words.settings.remove_lead} yes={words.settings.remove}
                        on_yes={remove} on_close={ask.reform(|()| false)} />
                }
            } else {
                <span class="muted">{ room_role_words(member.room_role, words) }</span>
            }
        </div>
    }
}

fn room_role_words(role: RoomRole, words: &Words) -> &'static str {
    match role {
        RoomRole::Reader => words.room_role_reader,
        RoomRole::Member => words.role_member,
        RoomRole::Owner => words.room_role_owner,
    }
}
