//! A room's settings: title, topic, how long it is kept, who is in it, webhooks, notifications, leaving and archiving. What
//! one may not do is not offered.

use wardroom_client_core::protocol::messages::{HookInfo, HookList, HookListed, HookRemove, MemberInfo};
use wardroom_client_core::protocol::{Role, RoomName, RoomRole, UserName};
use wardroom_client_core::{Change, Command, Refusal};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::dialogs::use_close;
use crate::app::{Dialog, RoomChange, Topic, UiAct, UiHandle};
use crate::components::Over;
use crate::hooks::{use_engine, use_topic, use_words};
use crate::i18n::{Words, fill};
use crate::logic::notify::Wish;
use crate::services::browser;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct RoomSettingsProps {
    pub room: RoomName,
}

/// The settings.
#[component]
pub fn RoomSettings(props: &RoomSettingsProps) -> Html {
    let words = use_words();
    let on_close = use_close();
    use_topic(Topic::Model(Change::Rooms));
    let engine = use_topic(Topic::Model(Change::Room(props.room.clone())));
    let ui = use_context::<UiHandle>().expect("inside House");
    let Some(room) = engine.read(|client| client.rooms().get(&props.room).cloned()) else { return Html::default() };
    let info = &room.info;
    let is_admin = engine.read(|client| client.you().is_some_and(|you| you.role == Role::Admin));
    let is_owner = info.role == Some(RoomRole::Owner) || is_admin;
    let may_topic = info.joined && info.role != Some(RoomRole::Reader) && !info.archived;
    let is_dm = !info.dm.is_empty();
    let change = |make: fn(String) -> RoomChange| {
        let (engine, room) = (engine.clone(), props.room.clone());
        Callback::from(move |text: String| engine.set_room(&room, make(text)))
    };
    let archive = {
        let (engine, room, on) = (engine.clone(), props.room.clone(), !info.archived);
        Callback::from(move |_: MouseEvent| {
            engine.set_room(&room, RoomChange { archived: Some(on), ..RoomChange::default() })
        })
    };
    let leave = Callback::from(move |_: MouseEvent| ui.dispatch(UiAct::Dialog(Some(Dialog::Leave))));
    let is_general = props.room.as_str() == "general";
    html! {
        <Over title={engine.room_name(info)} {on_close} class={classes!("over--wide")}>
            <div class="form" data-testid={testids::ROOM_SETTINGS}>
                if !is_dm {
                    <Line label={words.room_title} value={info.title.clone()} may={is_owner} on_set={change(|title| RoomChange { title: Some(title), ..RoomChange::default() })} testid={testids::SET_TITLE} />
                    <Line label={words.room_topic} value={info.topic.clone()} may={may_topic} on_set={change(|topic| RoomChange { topic: Some(topic), ..RoomChange::default() })} testid={testids::SET_TOPIC} />
                    if is_owner {
                        <Line label={words.room_retention} value={info.retention_days.unwrap_or(0).to_string()} may={true}
                            on_set={change(|days| RoomChange { retention_days: days.trim().parse().ok(), ..RoomChange::default() })} testid={testids::SET_RETENTION} />
                    }
                }
                <WishLine room={props.room.clone()} />
                <Members room={props.room.clone()} {is_owner} may_invite={!is_dm && info.joined && (is_owner || !info.private)} />
                if is_owner && !is_dm { <Hooks room={props.room.clone()} /> }
                if info.joined && !is_general && !is_dm {
                    <div class="form__acts form__acts--start">
                        <button class="tool" onclick={leave} data-testid={testids::LEAVE}>{ words.leave }</button>
                        if is_owner {
                            <button class="tool" onclick={archive} data-testid={testids::ARCHIVE}>{ if info.archived { words.unarchive } else { words.archive } }</button>
                        }
                    </div>
                }
            </div>
        </Over>
    }
}

#[derive(PartialEq, Properties)]
struct LineProps {
    label: &'static str,
    value: String,
    may: bool,
    on_set: Callback<String>,
    testid: &'static str,
}

/// One line of text that is set when one leaves it or presses Enter.
#[component]
fn Line(props: &LineProps) -> Html {
    let set = {
        let (on_set, value) = (props.on_set.clone(), props.value.clone());
        Callback::from(move |event: Event| {
            let text = event.target_unchecked_into::<HtmlInputElement>().value();
            if text.trim() != value {
                on_set.emit(text.trim().to_owned());
            }
        })
    };
    html! {
        <label class="form__label">{ props.label }
            <input class="field" value={props.value.clone()} readonly={!props.may} onchange={set} autocomplete="off" data-testid={props.testid} />
        </label>
    }
}

/// What of this room is notified.
#[component]
fn WishLine(props: &RoomSettingsProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Notices);
    let wish = engine.wish(&props.room);
    let onchange = {
        let (engine, room) = (engine.clone(), props.room.clone());
        Callback::from(move |event: Event| {
            engine.set_wish(&room, Wish::of_word(&event.target_unchecked_into::<HtmlSelectElement>().value()));
        })
    };
    let option =
        |of: Wish, says: &'static str| html! { <option value={of.word()} selected={wish == of}>{ says }</option> };
    html! {
        <label class="form__label">{ words.notify_label }
            <select class="field" {onchange} data-testid={testids::WISH}>
                { option(Wish::All, words.notify_all) }{ option(Wish::Mentions, words.notify_mentions) }{ option(Wish::Nothing, words.notify_nothing) }
            </select>
        </label>
    }
}

#[derive(PartialEq, Properties)]
struct MembersProps {
    room: RoomName,
    is_owner: bool,
    may_invite: bool,
}

/// Who is in it.
#[component]
fn Members(props: &MembersProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::People(props.room.clone())));
    let name = use_node_ref();
    use_effect_with((engine.clone(), props.room.clone()), |(engine, room)| {
        engine.command(Command::LoadPeople { room: room.clone() });
        engine.load_everybody();
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
    let others = engine.everybody();
    let option = |member: &MemberInfo| html! { <option key={member.user.as_str()} value={member.user.to_string()}>{ &member.name }</option> };
    let not_in = others.iter().filter(|member| !people.iter().any(|other| other.user == member.user));
    html! {
        <section class="form__part" aria-label={words.people_tab}>
            <h3 class="form__head">{ words.people_tab }{ " " }<span class="num faint">{ people.len() }</span></h3>
            <div class="form__list" tabindex="0" role="group" aria-label={words.people_tab}>{ for people.iter().map(|member| html! {
                <Member key={member.user.as_str()} room={props.room.clone()} member={member.clone()} is_owner={props.is_owner && props.may_invite} />
            }) }</div>
            if props.may_invite {
                <form class="form__row" {onsubmit}>
                    <input class="field" ref={name} list="invitable" aria-label={words.invite_label} placeholder={words.invite_label} autocapitalize="none" autocomplete="off" data-testid={testids::INVITE_NAME} />
                    <datalist id="invitable">{ for not_in.map(option) }</datalist>
                    <button class="tool" type="submit" data-testid={testids::INVITE_MEMBER}>{ words.invite }</button>
                </form>
            }
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
    let remove = {
        let (engine, room, user) = (engine.clone(), props.room.clone(), member.user.clone());
        Callback::from(move |_: MouseEvent| engine.remove(&room, user.clone(), engine.reload_people(&room)))
    };
    let option = |role: RoomRole| html! { <option value={role.as_str()} selected={member.room_role == role}>{ room_role_words(role, words) }</option> };
    html! {
        <div class="form__member" data-testid={testids::MEMBER} data-user={member.user.to_string()}>
            <i class={classes!("dot", member.here.then_some("dot--here"))} aria-hidden="true"></i>
            <span class="form__who">{ &member.name }{ " " }<span class="faint">{ format!("@{}", member.user) }{ if member.bot { format!(" · {}", words.bot) } else { String::new() } }</span></span>
            if props.is_owner {
                <select class="field field--small" onchange={set_role} aria-label={fill(words.role_of, &[&member.name])}>
                    { option(RoomRole::Reader) }{ option(RoomRole::Member) }{ option(RoomRole::Owner) }
                </select>
                <button class="act act--bad" onclick={remove} aria-label={fill(words.remove_who, &[&member.name])}>{ words.remove }</button>
            } else {
                <span class="faint">{ room_role_words(member.room_role, words) }</span>
            }
        </div>
    }
}

/// A role in a room in words.
pub fn room_role_words(role: RoomRole, words: &Words) -> &'static str {
    match role {
        RoomRole::Reader => words.room_role_reader,
        RoomRole::Member => words.role_member,
        RoomRole::Owner => words.room_role_owner,
    }
}

/// Webhooks: secret addresses at which programs post.
#[component]
fn Hooks(props: &RoomSettingsProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let hooks = use_state_eq(Vec::<HookInfo>::new);
    let address = use_state_eq(|| None::<String>);
    let name = use_node_ref();
    let load = {
        let (engine, room, set) = (engine.clone(), props.room.clone(), hooks.setter());
        Callback::from(move |()| {
            let set = set.clone();
            let on_answer =
                Callback::from(move |answer: Result<wardroom_client_core::protocol::messages::Answer, Refusal>| {
                    if let Some(listed) = answer.ok().and_then(|answer| answer.fields::<HookListed>().ok()) {
                        set.set(listed.hooks);
                    }
                });
            engine.request(HookList { room: room.clone() }, on_answer);
        })
    };
    use_effect_with(props.room.clone(), {
        let load = load.clone();
        move |_| load.emit(())
    });
    let onsubmit = {
        let (engine, room, name, load, address) =
            (engine.clone(), props.room.clone(), name.clone(), load.clone(), address.setter());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(field) = name.cast::<HtmlInputElement>() else { return };
            let Ok(bot) = UserName::parse(field.value().trim()) else { return };
            let (load, address) = (load.clone(), address.clone());
            engine.add_hook(
                &room,
                bot,
                Callback::from(move |told: String| {
                    address.set(Some(told));
                    load.emit(());
                }),
            );
            field.set_value("");
        })
    };
    let hook = |hook: &HookInfo| {
        let remove = {
            let (engine, room, number, load) = (engine.clone(), props.room.clone(), hook.hook, load.clone());
            Callback::from(move |_: MouseEvent| {
                engine.ask_then(HookRemove { room: room.clone(), hook: number }, load.reform(|_: bool| ()));
            })
        };
        let used = hook.used.map_or_else(
            || words.hook_unused.to_owned(),
            |at| fill(words.hook_used, &[&browser::date_digits(at), &browser::local(at).hh_mm()]),
        );
        html! {
            <div key={hook.hook} class="form__member" data-testid={testids::HOOK}>
                <span class="form__who">{ hook.bot.as_str() }{ " " }<span class="faint">{ used }</span></span>
                <button class="act act--bad" onclick={remove} aria-label={fill(words.remove_who, &[hook.bot.as_str()])}>{ words.remove }</button>
            </div>
        }
    };
    html! {
        <section class="form__part" aria-label={words.hooks_head}>
            <h3 class="form__head">{ words.hooks_head }</h3>
            <p class="form__rule">{ words.hooks_lead }</p>
            { for hooks.iter().map(hook) }
            <form class="form__row" {onsubmit}>
                <input class="field" ref={name} aria-label={words.hook_name} placeholder={words.hook_name} autocapitalize="none" autocomplete="off" data-testid={testids::HOOK_NAME} />
                <button class="tool" type="submit" data-testid={testids::HOOK_ADD}>{ words.hook_add }</button>
            </form>
            if let Some(address) = &*address {
                <p class="form__told" role="status">{ words.hook_told }{ " " }<code data-testid={testids::HOOK_ADDRESS}>{ address }</code></p>
            }
        </section>
    }
}
