//! Who is signed in: shows the sign-in form or the page behind it. The providers are nested: preferences outside,
//! because everything needs the language; the engine inside, because it belongs to one user.

use gloo_timers::callback::Interval;
use wardroom_client_core::protocol::messages::You;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::frame::Frame;
use super::shell::EngineProvider;
use crate::features::sign_in::{SignIn, SignInMode};
use crate::hooks::{Prefs, PrefsHandle, use_words};
use crate::limits::SESSION_RETRY_MS;
use crate::logic::route::invite_of;
use crate::services::listener::Listener;
use crate::services::{boot_form, browser, http, storage};

/// The root of the page.
#[component]
pub fn App() -> Html {
    let prefs = use_reducer(Prefs::kept);
    html! {
        <ContextProvider<PrefsHandle> context={prefs}>
            <Session />
        </ContextProvider<PrefsHandle>>
    }
}

/// What is known about the session.
#[derive(Clone, PartialEq)]
enum SessionState {
    Unknown,
    Unreachable,
    SignedOut { why: Option<AttrValue> },
    SignedIn(You),
}

#[component]
fn Session() -> Html {
    let words = use_words();
    let invite = use_invite();
    // Without a cookie nobody is signed in: show the form at once, without asking the server.
    let session = use_state_eq(|| {
        if boot_form::may_have_session() { SessionState::Unknown } else { SessionState::SignedOut { why: None } }
    });
    let ask = use_callback((), {
        let set = session.setter();
        move |(), ()| {
            let set = set.clone();
            spawn_local(async move {
                set.set(match http::session().await {
                    Ok(Some(you)) => SessionState::SignedIn(you),
                    Ok(None) => SessionState::SignedOut { why: None },
                    Err(_) => SessionState::Unreachable,
                });
            });
        }
    });
    use_effect_with((), {
        let (ask, is_asking) = (ask.clone(), *session == SessionState::Unknown);
        move |()| {
            if is_asking {
                ask.emit(());
            }
        }
    });
    // Retry automatically, so that nobody has to press the button once the server is back.
    use_effect_with(*session == SessionState::Unreachable, {
        let ask = ask.clone();
        move |is_lost| {
            let timer = is_lost.then(|| Interval::new(SESSION_RETRY_MS, move || ask.emit(())));
            move || drop(timer)
        }
    });
    let on_signed_out = use_callback((), {
        let set = session.setter();
        move |why: Option<AttrValue>, ()| set.set(SessionState::SignedOut { why })
    });
    match &*session {
        SessionState::Unknown => html! { <Frame /> },
        SessionState::Unreachable => html! {
            <div class="boot" role="alert">
                <p>{ words.server_unreachable }</p>
                <button class="button" onclick={ask.reform(|_| ())}>{ words.retry }</button>
            </div>
        },
        SessionState::SignedOut { why } => {
            let kind = (*invite).clone().map_or(SignInMode::Login, |code| SignInMode::Invite(code.into()));
            let key = (*invite).clone().unwrap_or_default();
            let on_signed_in = {
                let invite = invite.setter();
                Callback::from(move |()| {
                    // It was used, or was not needed.
                    invite.set(None);
                    ask.emit(());
                })
            };
            html! { <SignIn {key} {kind} why={why.clone()} {on_signed_in} /> }
        }
        SessionState::SignedIn(you) => {
            html! { <EngineProvider you={you.clone()} {on_signed_out} has_invite={invite.is_some()} /> }
        }
    }
}

/// The invite in the address, also if it is pasted into the open page. Kept for this tab until it is used.
#[hook]
fn use_invite() -> UseStateHandle<Option<String>> {
    let take = || {
        let invite = invite_of(&browser::take_fragment());
        if invite.is_some() {
            storage::set_invite(invite.as_deref());
        }
        invite
    };
    let invite = use_state_eq(|| take().or_else(storage::invite));
    use_effect_with((), {
        let set = invite.setter();
        move |()| {
            let listener = Listener::new(&browser::window(), "hashchange", move |_| {
                if let Some(invite) = take() {
                    set.set(Some(invite));
                }
            });
            move || drop(listener)
        }
    });
    invite
}
