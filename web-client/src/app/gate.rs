//! Who is signed in: shows the sign-in, or the house. The order of providers: words first, because everything speaks; the
//! engine inside the house, because it belongs to one person.

use gloo_timers::callback::Interval;
use wardroom_client_core::protocol::messages::You;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::house::House;
use crate::features::sign::{Sign, SignKind};
use crate::hooks::{Prefs, PrefsHandle, use_words};
use crate::limits::ASK_AGAIN_MS;
use crate::logic::route::invite_of;
use crate::services::listen::Listener;
use crate::services::{browser, first, http, storage};

/// The root of the page.
#[component]
pub fn App() -> Html {
    let prefs = use_reducer(Prefs::kept);
    html! {
        <ContextProvider<PrefsHandle> context={prefs}>
            <Gate />
        </ContextProvider<PrefsHandle>>
    }
}

/// What is known of the session.
#[derive(Clone, PartialEq)]
enum Session {
    Asking,
    NoAnswer,
    Out { why: Option<AttrValue> },
    In(You),
}

#[component]
fn Gate() -> Html {
    let words = use_words();
    let invite = use_invite();
    // Without a cookie nobody is signed in: the form is there at once, and the server is not asked.
    let session = use_state_eq(|| if first::may_be_signed_in() { Session::Asking } else { Session::Out { why: None } });
    let ask = use_callback((), {
        let set = session.setter();
        move |(), ()| {
            let set = set.clone();
            spawn_local(async move {
                set.set(match http::session().await {
                    Ok(Some(you)) => Session::In(you),
                    Ok(None) => Session::Out { why: None },
                    Err(_) => Session::NoAnswer,
                });
            });
        }
    });
    use_effect_with((), {
        let (ask, is_asking) = (ask.clone(), *session == Session::Asking);
        move |()| {
            if is_asking {
                ask.emit(());
            }
        }
    });
    // Nobody has to sit there and press the button: a server that comes back is found.
    use_effect_with(*session == Session::NoAnswer, {
        let ask = ask.clone();
        move |is_lost| {
            let timer = is_lost.then(|| Interval::new(ASK_AGAIN_MS, move || ask.emit(())));
            move || drop(timer)
        }
    });
    let on_out = use_callback((), {
        let set = session.setter();
        move |why: Option<AttrValue>, ()| set.set(Session::Out { why })
    });
    match &*session {
        Session::Asking => html! { <Frame /> },
        Session::NoAnswer => html! {
            <div class="boot" role="alert">
                <p>{ words.no_answer }</p>
                <button class="tool" onclick={ask.reform(|_| ())}>{ words.retry }</button>
            </div>
        },
        Session::Out { why } => {
            let kind = (*invite).clone().map_or(SignKind::Login, |code| SignKind::Invite(code.into()));
            let key = (*invite).clone().unwrap_or_default();
            let on_in = {
                let invite = invite.setter();
                Callback::from(move |()| {
                    // It is used up, or was not needed.
                    invite.set(None);
                    ask.emit(());
                })
            };
            html! { <Sign {key} {kind} why={why.clone()} {on_in} /> }
        }
        Session::In(you) => html! { <House you={you.clone()} {on_out} has_invite={invite.is_some()} /> },
    }
}

/// The invite of the address, also of one that is pasted into the open page; kept for this tab until it is used.
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

/// The frame of a room: as it stands in index.html.
#[component]
fn Frame() -> Html {
    let words = use_words();
    html! {
        <div class="app">
            <nav class="rooms" aria-hidden="true"><div class="rooms__place">{ "Wardroom" }</div></nav>
            <main class="main">
                <div class="bar"></div>
                <p class="first__says" role="status">{ words.opening }</p>
                <div class="below"><div class="compose"><div class="compose__box first__box"></div></div></div>
            </main>
            <aside class="side side--bare" aria-hidden="true"></aside>
        </div>
    }
}
