//! A room's title, topic, retention and rule of approval; leaving and archiving it. Input is a draft until it is saved, so redrawing the
//! form, as each event of the room does, does not change it.

use wardroom_client_core::Error;
use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::protocol::limits::RETENTION_DAYS_MAX;
use wardroom_client_core::protocol::messages::{RoomInfo, RoomSet};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::permissions::Permissions;
use crate::components::Confirm;
use crate::engine::Engine;
use crate::hooks::{use_engine, use_ui, use_words};
use crate::i18n::{days, fill};
use crate::testids;
use crate::ui::{Dialog, UiAction};

#[derive(PartialEq, Properties)]
pub struct GeneralProps {
    pub room: RoomName,
    pub info: RoomInfo,
    pub may: Permissions,
    pub on_close: Callback<()>,
}

/// The typed values.
#[derive(Clone, PartialEq)]
struct Draft {
    title: String,
    topic: String,
    days: String,
    approve: bool,
}

impl Draft {
    fn of(info: &RoomInfo) -> Self {
        let days = info.retention_days.unwrap_or(0).to_string();
        Draft { title: info.title.clone(), topic: info.topic.clone(), days, approve: info.approve }
    }

    fn days(&self) -> Option<u32> {
        self.days.trim().parse().ok().filter(|days| *days <= RETENTION_DAYS_MAX)
    }

    /// What the user changed since `before`, without what others changed meanwhile; `None` for an invalid number of
    /// days.
    fn change(&self, room: &RoomName, before: &Draft) -> Option<RoomSet> {
        let other = |new: &str, old: &str| Some(new.trim().to_owned()).filter(|new| new != old);
        Some(RoomSet {
            room: room.clone(),
            title: other(&self.title, &before.title),
            topic: other(&self.topic, &before.topic),
            archived: None,
            retention_days: Some(self.days()?).filter(|days| Some(*days) != before.days()),
            approve: Some(self.approve).filter(|approve| *approve != before.approve),
        })
    }

    /// True if saving deletes messages: a retention where there was none, or a shorter one.
    fn deletes(&self, info: &RoomInfo) -> bool {
        let kept = info.retention_days.unwrap_or(0);
        self.days().is_some_and(|days| days > 0 && (kept == 0 || days < kept))
    }
}

/// The open confirmation.
#[derive(Clone, Copy, PartialEq)]
enum Question {
    None,
    Save,
    Archive,
}

#[component]
pub fn General(props: &GeneralProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let on_close = props.on_close.clone();
    let question = use_state_eq(|| Question::None);
    let wrong = use_state_eq(|| None::<String>);
    let info = &props.info;
    let before = use_memo((), |()| Draft::of(info));
    let draft = use_state_eq(|| (*before).clone());
    let save = {
        let (engine, close, wrong) = (engine.clone(), on_close.clone(), wrong.setter());
        let set = draft.change(&props.room, &before);
        Callback::from(move |()| {
            let Some(set) = set.clone() else { return };
            if set.title.is_none() && set.topic.is_none() && set.retention_days.is_none() && set.approve.is_none() {
                return close.emit(());
            }
            let (close, wrong) = (close.clone(), wrong.clone());
            let on_answer = Callback::from(move |answer: Result<_, Error>| match answer {
                Ok(_) => close.emit(()),
                Err(error) => wrong.set(Some(words.why(&error))),
            });
            engine.request(set, on_answer);
        })
    };
    let onsubmit = {
        let (save, question, wrong) = (save.clone(), question.setter(), wrong.setter());
        let (draft, info) = ((*draft).clone(), info.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            match draft.days() {
                None => wrong.set(Some(fill(words.settings.retention_wrong, &[&RETENTION_DAYS_MAX.to_string()]))),
                Some(_) if draft.deletes(&info) => question.set(Question::Save),
                Some(_) => save.emit(()),
            }
        })
    };
    let done = {
        let question = question.setter();
        Callback::from(move |()| question.set(Question::None))
    };
    let on_approve = {
        let draft = draft.clone();
        Callback::from(move |event: Event| {
            let approve = event.target_unchecked_into::<HtmlInputElement>().checked();
            draft.set(Draft { approve, ..(*draft).clone() });
        })
    };
    let field = |label: &'static str, value: &str, may: bool, testid: &'static str, write: fn(&mut Draft, String)| {
        let oninput = {
            let draft = draft.clone();
            Callback::from(move |event: InputEvent| {
                let mut next = (*draft).clone();
                write(&mut next, event.target_unchecked_into::<HtmlInputElement>().value());
                draft.set(next);
            })
        };
        html! {
            <label class="form__label">{ label }
                <input class="field" value={value.to_owned()} {oninput} readonly={!may} autocomplete="off" data-testid={testid} />
            </label>
        }
    };
    html! {
        <form class="form" {onsubmit}>
            { field(words.settings.room_title, &draft.title, props.may.own, testids::SET_TITLE, |draft, text| draft.title = text) }
            { field(words.settings.room_topic, &draft.topic, props.may.topic, testids::SET_TOPIC, |draft, text| draft.topic = text) }
            if props.may.own {
                { field(words.settings.room_retention, &draft.days, true, testids::SET_RETENTION, |draft, text| draft.days = text) }
            }
            if props.may.own {
                <label class="form__check"><input type="checkbox" checked={draft.approve} onchange={on_approve} data-testid={testids::SET_APPROVE} /><span>{ words.settings.command_approve }</span></label>
            }
            if let Some(wrong) = &*wrong { <p class="error" role="alert" data-testid={testids::FORM_ERROR}>{ wrong }</p> }
            <DangerZone room={props.room.clone()} info={info.clone()} may={props.may} on_archive={Callback::from({ let question = question.setter(); move |()| question.set(Question::Archive) })} />
            <div class="form__foot">
                <button class="button" type="button" onclick={on_close.reform(|_| ())} data-testid={testids::CANCEL}>{ words.cancel }</button>
                <button class="button button--primary" type="submit" disabled={*draft == *before} data-testid={testids::SAVE}>{ words.save }</button>
            </div>
            {
                match *question {
                    Question::None => Html::default(),
                    Question::Save => html! {
                        <Confirm title={words.settings.retention_head} lead={fill(words.settings.retention_lead, &[&engine.room_label(&props.room), &days(words, draft.days().unwrap_or(0))])}
                            yes={words.settings.retention_yes} on_yes={save} on_close={done} />
                    },
                    Question::Archive => html! {
                        <Confirm title={fill(words.settings.archive_head, &[&engine.room_label(&props.room)])} lead={words.settings.archive_lead} yes={words.settings.archive}
                            on_yes={archive(&engine, &props.room, true)} on_close={done} />
                    },
                }
            }
        </form>
    }
}

fn archive(engine: &Engine, room: &RoomName, on: bool) -> Callback<()> {
    let (engine, room) = (engine.clone(), room.clone());
    Callback::from(move |()| {
        let set = RoomSet {
            room: room.clone(),
            title: None,
            topic: None,
            archived: Some(on),
            retention_days: None,
            approve: None,
        };
        engine.send(set);
    })
}

#[derive(PartialEq, Properties)]
struct DangerZoneProps {
    room: RoomName,
    info: RoomInfo,
    may: Permissions,
    on_archive: Callback<()>,
}

/// Leaving and archiving.
#[component]
fn DangerZone(props: &DangerZoneProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let ui = use_ui();
    let info = &props.info;
    if !info.joined || props.room == Engine::company_room() {
        return Html::default();
    }
    let leave = Callback::from(move |_: MouseEvent| ui.dispatch(UiAction::Dialog(Some(Dialog::LeaveRoom))));
    let (says, onclick) = if info.archived {
        (words.settings.unarchive, archive(&engine, &props.room, false).reform(|_: MouseEvent| ()))
    } else {
        (words.settings.archive, props.on_archive.reform(|_: MouseEvent| ()))
    };
    html! {
        <section class="danger" aria-label={words.settings.danger_head}>
            <h3 class="form__head">{ words.settings.danger_head }</h3>
            <div class="danger__row"><span>{ words.leave_lead }</span>
                <button class="button button--danger" type="button" onclick={leave} data-testid={testids::LEAVE}>{ words.leave }</button></div>
            if props.may.own {
                <div class="danger__row"><span>{ words.settings.archive_lead }</span>
                    <button class={classes!("button", (!info.archived).then_some("button--danger"))} type="button" {onclick} data-testid={testids::ARCHIVE}>{ says }</button></div>
            }
        </section>
    }
}
