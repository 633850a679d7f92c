//! Who is signed in: asks the server once, and shows the sign-in or the house. The order of providers: words first,
//! because everything speaks; the engine inside the house, because it belongs to one person.

use gloo_timers::callback::Interval;
use wardroom_client_core::protocol::messages::You;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::house::House;
use crate::features::sign::{Sign, SignKind};
use crate::hooks::{Prefs, PrefsHandle, use_words};
use crate::limits::ASK_AGAIN_MS;
use crate::logic::route::invite_of;
use crate::services::{browser, http};

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
    Out { invite: Option<AttrValue>, why: Option<AttrValue> },
    In(You),
}

#[component]
fn Gate() -> Html {
    let words = use_words();
    let invite = use_memo((), |()| invite_of(&browser::take_fragment()).map(AttrValue::from));
    let session = use_state_eq(|| Session::Asking);
    let ask = use_callback((), {
        let (set, invite) = (session.setter(), invite.clone());
        move |(), ()| {
            let (set, invite) = (set.clone(), (*invite).clone());
            spawn_local(async move { set.set(asked(invite).await) });
        }
    });
    use_effect_with((), {
        let ask = ask.clone();
        move |()| ask.emit(())
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
        move |why: Option<AttrValue>, ()| set.set(Session::Out { invite: None, why })
    });
    match &*session {
        Session::Asking => html! { <p class="boot" role="status">{ words.opening }</p> },
        Session::NoAnswer => html! {
            <div class="boot" role="alert">
                <p>{ words.no_answer }</p>
                <button class="tool" onclick={ask.reform(|_| ())}>{ words.retry }</button>
            </div>
        },
        Session::Out { invite, why } => {
            let kind = invite.clone().map_or(SignKind::Login, SignKind::Invite);
            html! { <Sign {kind} why={why.clone()} on_in={ask} /> }
        }
        Session::In(you) => html! { <House you={you.clone()} {on_out} /> },
    }
}

async fn asked(invite: Option<AttrValue>) -> Session {
    match http::get("api/session").await {
        Ok(reply) if reply.is_ok() => match serde_json::from_str(&reply.body) {
            Ok(you) => Session::In(you),
            Err(_) => Session::NoAnswer,
        },
        Ok(reply) if reply.status == 401 => Session::Out { invite, why: None },
        _ => Session::NoAnswer,
    }
}
