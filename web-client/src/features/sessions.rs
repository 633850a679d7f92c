//! The dialog with the user's sessions and tokens, in which each can be ended.

use wardroom_client_core::Error;
use wardroom_client_core::protocol::messages::{Answer, SessionEnd, SessionInfo, SessionList, SessionListed};
use yew::prelude::*;

use crate::components::{Confirm, Modal};
use crate::hooks::{use_engine, use_prefs, use_words};
use crate::i18n::{Lang, Words, fill};
use crate::services::browser;
use crate::testids;
use crate::text::sanitize::sanitized;

#[derive(PartialEq, Properties)]
pub struct SessionsProps {
    pub on_close: Callback<()>,
}

/// What the list shows.
#[derive(Clone, PartialEq)]
enum List {
    Loading,
    Failed(String),
    Ready(Vec<SessionInfo>),
}

/// What the user is asked to confirm.
#[derive(Clone, PartialEq)]
enum Ending {
    One(SessionInfo),
    Others,
}

#[component]
pub fn Sessions(props: &SessionsProps) -> Html {
    let words = use_words();
    let lang = use_prefs().lang;
    let engine = use_engine();
    let (list, load) = use_sessions(words);
    let ending = use_state_eq(|| None::<Ending>);
    let on_close = props.on_close.clone();
    let confirm = ending.as_ref().map(|what| {
        let message = match what {
            Ending::One(session) => SessionEnd { session: Some(session.session), others: false },
            Ending::Others => SessionEnd { session: None, others: true },
        };
        let (title, lead) = match what {
            Ending::One(session) => {
                let head = if session.until.is_some() {
                    words.settings.session_end_head
                } else {
                    words.settings.token_end_head
                };
                (fill(head, &[&name_of(session, words)]), words.settings.session_end_lead)
            }
            Ending::Others => (words.settings.sessions_end_head.to_owned(), words.settings.sessions_end_lead),
        };
        let on_yes = {
            let (engine, load) = (engine.clone(), load.clone());
            Callback::from(move |()| engine.send_then(message, load.reform(|_: bool| ())))
        };
        let close = {
            let ending = ending.setter();
            Callback::from(move |()| ending.set(None))
        };
        html! { <Confirm {title} {lead} yes={words.settings.session_end} {on_yes} on_close={close} /> }
    });
    let ask = |what: Ending| {
        let ending = ending.setter();
        Callback::from(move |_: MouseEvent| ending.set(Some(what.clone())))
    };
    let rows = match &*list {
        List::Loading => html! { <p class="form__hint" role="status">{ words.loading }</p> },
        List::Failed(why) => html! { <p class="form__hint error" role="alert">{ why }</p> },
        List::Ready(sessions) => html! {
            <ul class="sessions">
                { for sessions.iter().map(|session| html! {
                    <li key={session.session} class="sessions__item" data-testid={testids::SESSION} data-session={session.session.to_string()}>
                        <div class="sessions__about">
                            <span class="sessions__name">{ name_of(session, words) }</span>
                            <span class="form__hint">{ about(session, lang, words) }</span>
                        </div>
                        if session.this {
                            <span class="chip">{ words.settings.session_this }</span>
                        } else {
                            <button class="button" type="button" onclick={ask(Ending::One(session.clone()))} aria-label={format!("{}: {}", words.settings.session_end, name_of(session, words))}
                                data-testid={testids::SESSION_END}>{ words.settings.session_end }</button>
                        }
                    </li>
                }) }
            </ul>
        },
    };
    let has_others =
        matches!(&*list, List::Ready(all) if all.iter().any(|session| !session.this && session.until.is_some()));
    html! {
        <Modal title={words.settings.sessions_head} on_close={on_close.clone()}>
            <div class="form">
                { rows }
                <div class="form__actions">
                    if has_others {
                        <button class="button button--danger" type="button" onclick={ask(Ending::Others)} data-testid={testids::SESSIONS_END_OTHERS}>{ words.settings.sessions_end_others }</button>
                    }
                    <button class="button" type="button" onclick={on_close.reform(|_| ())}>{ words.close }</button>
                </div>
            </div>
            { for confirm }
        </Modal>
    }
}

/// The sessions, and a callback that loads them again.
#[hook]
fn use_sessions(words: &'static Words) -> (UseStateHandle<List>, Callback<()>) {
    let engine = use_engine();
    let list = use_state_eq(|| List::Loading);
    let load = {
        let set = list.setter();
        Callback::from(move |()| {
            let set = set.clone();
            let on_answer = Callback::from(move |answer: Result<Answer, Error>| {
                let listed = answer.map_err(|error| words.why(&error)).and_then(|answer| {
                    answer.fields::<SessionListed>().map_err(|error| words.why(&Error::local(error.to_string())))
                });
                set.set(listed.map_or_else(List::Failed, |listed| List::Ready(listed.sessions)));
            });
            engine.request(SessionList {}, on_answer);
        })
    };
    use_effect_with((), {
        let load = load.clone();
        move |()| load.emit(())
    });
    (list, load)
}

/// What the client called itself.
fn name_of(session: &SessionInfo, words: &Words) -> String {
    match session.label.trim() {
        "" => words.settings.session_unnamed.to_owned(),
        label => sanitized(label).into_owned(),
    }
}

/// Where and when it was started, and whether another device uses it now.
fn about(session: &SessionInfo, lang: Lang, words: &Words) -> String {
    let time = format!("{} {}", browser::day_words(session.at, lang), browser::local(session.at).hh_mm());
    let mut parts = match session.until {
        Some(_) => vec![fill(words.settings.session_since, &[&time, &sanitized(&session.address)])],
        None => vec![fill(words.settings.token_since, &[&time])],
    };
    if session.connections > 0 && !session.this {
        parts.push(words.settings.session_connected.to_owned());
    }
    parts.join(" · ")
}
