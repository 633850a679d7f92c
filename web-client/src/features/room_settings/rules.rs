//! The rules of a room: who may run commands, run named ones, and approve. From whom a rule takes the right is said before it
//! is made.

use wardroom_client_core::protocol::messages::{
    Answer, MemberInfo, Right, RightsList, RightsListed, RightsSet, RightsSetOk, RuleInfo,
};
use wardroom_client_core::protocol::{Role, RoomName, RoomRole};
use wardroom_client_core::{Change, Command, Error};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::components::Confirm;
use crate::engine::Topic;
use crate::features::hosts::use_hosts;
use crate::features::rights::{right_words, use_rights};
use crate::hooks::{use_topic, use_words};
use crate::i18n::fill;
use crate::testids;
use crate::text::sanitize::one_line;

#[derive(PartialEq, Properties)]
pub struct RulesProps {
    pub room: RoomName,
    /// Owners make only rules about named commands and approvals, and none about hosts.
    pub is_admin: bool,
}

/// A change that waits for a yes.
#[derive(Clone, PartialEq)]
struct Question {
    set: RightsSet,
    lead: String,
}

#[component]
pub fn Rules(props: &RulesProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::People(props.room.clone())));
    let hosts = use_hosts(false);
    let rights = use_rights(&props.room);
    let rules = use_state_eq(Vec::<RuleInfo>::new);
    let wrong = use_state_eq(|| None::<String>);
    let question = use_state_eq(|| None::<Question>);
    let (who, what, place) = (use_node_ref(), use_node_ref(), use_node_ref());
    let load = {
        let (engine, room, rules) = (engine.clone(), props.room.clone(), rules.setter());
        Callback::from(move |()| {
            let rules = rules.clone();
            let on = Callback::from(move |answer: Result<Answer, Error>| {
                if let Some(listed) = answer.ok().and_then(|answer| answer.fields::<RightsListed>().ok()) {
                    rules.set(listed.rules);
                }
            });
            engine.request(RightsList { room: Some(room.clone()), ..RightsList::default() }, on);
        })
    };
    use_effect_with((props.room.clone(), rights), {
        let (engine, load) = (engine.clone(), load.clone());
        move |(room, _)| {
            engine.command(Command::LoadPeople { room: room.clone() });
            load.emit(());
        }
    });
    let send = {
        let (engine, wrong) = (engine.clone(), wrong.setter());
        Callback::from(move |set: RightsSet| {
            let (wrong, load) = (wrong.clone(), load.clone());
            let on = Callback::from(move |answer: Result<Answer, Error>| {
                wrong.set(answer.err().map(|error| words.why(&error)));
                load.emit(());
            });
            engine.send_with(set, on);
        })
    };
    let onsubmit = {
        let (engine, room, send) = (engine.clone(), props.room.clone(), send.clone());
        let (who, what, place) = (who.clone(), what.clone(), place.clone());
        let (wrong, question) = (wrong.setter(), question.setter());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let chosen = |node: &NodeRef| node.cast::<HtmlSelectElement>().map(|field| field.value());
            let (Some(Ok(user)), Some(Ok(right))) =
                (chosen(&who).map(|user| user.parse()), chosen(&what).map(|right| right.parse::<Right>()))
            else {
                return;
            };
            let host = chosen(&place).filter(|host| !host.is_empty());
            let room = Some(room.clone());
            let set = RightsSet { right, user, room, host, allow: true, open: false, restrict: false, check: false };
            let (send, wrong, question, then) = (send.clone(), wrong.clone(), question.clone(), set.clone());
            let on = Callback::from(move |answer: Result<Answer, Error>| {
                match answer.map(|answer| answer.fields::<RightsSetOk>().unwrap_or_default()) {
                    Ok(checked) if checked.losers.is_empty() => send.emit(then.clone()),
                    Ok(RightsSetOk { named, losers, more, .. }) => {
                        let names = |names: &[_]| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                        let count = (losers.len() as u64 + more).to_string();
                        let rest = if more > 0 { ", …" } else { "" };
                        let place = then.host.clone().unwrap_or_else(|| words.settings.rule_all_hosts.to_owned());
                        let lead = fill(
                            words.settings.rule_takes,
                            &[&place, &names(&named), right_words(right, words), &count, &(names(&losers) + rest)],
                        );
                        question.set(Some(Question { set: RightsSet { restrict: true, ..then.clone() }, lead }));
                    }
                    Err(error) => wrong.set(Some(words.why(&error))),
                }
            });
            engine.send_with(RightsSet { check: true, ..set }, on);
        })
    };
    let place_of = |rule: &RuleInfo| {
        let host = rule.host.as_ref().map_or(words.settings.rule_all_hosts.to_owned(), |host| one_line(host));
        if rule.room.is_none() { format!("{host}, {}", words.settings.rule_all_rooms) } else { host }
    };
    let item = |rule: &RuleInfo| {
        let place = |of: &&RuleInfo| (of.right, &of.room, &of.host) == (rule.right, &rule.room, &rule.host);
        let open = rules.iter().filter(place).count() == 1;
        let lead = if open { words.settings.rule_last } else { words.settings.rule_remove_lead };
        let lead = fill(lead, &[rule.user.as_str()]);
        let RuleInfo { right, user, room, host, .. } = rule.clone();
        let may = props.is_admin || (right != Right::Run && room.is_some() && host.is_none());
        let set = RightsSet { right, user, room, host, allow: false, open, restrict: false, check: false };
        let ask = question.setter();
        let onclick =
            Callback::from(move |_: MouseEvent| ask.set(Some(Question { set: set.clone(), lead: lead.clone() })));
        html! {
            <div key={rule.n} class="form__member" data-testid={testids::RULE}>
                <span class="form__name">{ rule.user.as_str() }{ " " }<span class="muted">{ format!("{} · {}", right_words(right, words), place_of(rule)) }</span></span>
                if may {
                    <button class="text-button text-button--danger" type="button" {onclick} aria-label={fill(words.settings.remove_who, &[rule.user.as_str()])} data-testid={testids::RULE_REMOVE}>{ words.settings.remove }</button>
                }
            </div>
        }
    };
    let people = engine.read(|client| client.rooms().get(&props.room).and_then(|room| room.people.clone()));
    let people = people.unwrap_or_default();
    let may_have =
        |member: &&MemberInfo| !member.bot && member.role >= Role::Member && member.room_role >= RoomRole::Member;
    let choice = |label: &'static str, node: NodeRef, testid: &'static str, options: Html| {
        html! {
            <label class="form__label">{ label }<select class="field" ref={node} data-testid={testid}>{ options }</select></label>
        }
    };
    let option =
        |value: &str, says: &str| html! { <option key={value.to_owned()} value={value.to_owned()}>{ says }</option> };
    let rights = Right::ALL.into_iter().filter(|right| props.is_admin || *right != Right::Run);
    let names = [("", words.settings.rule_all_hosts)].into_iter();
    let names = names.chain(hosts.iter().map(|info| (info.host.as_str(), info.host.as_str())));
    html! {
        <section class="form" aria-label={words.settings.rules_head}>
            <p class="form__hint">{ words.settings.rules_lead }</p>
            <form class="form" {onsubmit}>
                <div class="form__row">
                    { choice(words.settings.rule_who, who, testids::RULE_USER, people.iter().filter(may_have).map(|member| option(member.user.as_str(), &member.name)).collect()) }
                    { choice(words.settings.rule_what, what, testids::RULE_RIGHT, rights.map(|right| option(right.as_str(), right_words(right, words))).collect()) }
                    if props.is_admin { { choice(words.runs.run_host, place, testids::RULE_HOST, names.map(|(value, says)| option(value, says)).collect()) } }
                </div>
                if let Some(wrong) = &*wrong { <p class="error" role="alert" data-testid={testids::FORM_ERROR}>{ wrong }</p> }
                <div class="form__actions"><button class="button" type="submit" data-testid={testids::RULE_ADD}>{ words.settings.invite }</button></div>
            </form>
            <div class="form__list" tabindex="0" role="group" aria-live="polite" aria-label={words.settings.rules_head}>{ for rules.iter().map(item) }</div>
            if let Some(Question { set, lead }) = (*question).clone() {
                <Confirm title={if set.allow { words.settings.rule_head } else { words.settings.rule_remove_head }} {lead}
                    yes={if set.allow { words.settings.rule_yes } else { words.settings.remove }}
                    on_yes={send.reform(move |()| set.clone())} on_close={Callback::from({ let question = question.setter(); move |()| question.set(None) })} />
            }
        </section>
    }
}
