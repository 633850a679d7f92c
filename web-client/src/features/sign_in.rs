//! Signing in, and creating an account with an invite: one form for both.

use serde::Serialize;
use wardroom_protocol::UserName;
use wardroom_protocol::limits::PASSWORD_CHARS_MIN;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlFormElement, HtmlInputElement};
use yew::prelude::*;

use crate::hooks::{PrefsAction, use_prefs, use_words};
use crate::i18n::{Lang, Words, fill};
use crate::services::http::{self, Reply};
use crate::services::{boot_form, language, storage};
use crate::testids;

/// Which form to show.
#[derive(Clone, Debug, PartialEq)]
pub enum SignInMode {
    /// For people with an account.
    Login,
    /// For people with this invite.
    Invite(AttrValue),
}

#[derive(PartialEq, Properties)]
pub struct SignInProps {
    pub kind: SignInMode,
    /// Why the user has to sign in again.
    pub why: Option<AttrValue>,
    /// Signed in: the cookie is set.
    pub on_signed_in: Callback<()>,
}

#[derive(Serialize)]
struct Credentials<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    invite: Option<&'a str>,
    user: &'a str,
    password: &'a str,
}

#[component]
pub fn SignIn(props: &SignInProps) -> Html {
    let words = use_words();
    let kind = use_state_eq(|| props.kind.clone());
    let is_invite = matches!(*kind, SignInMode::Invite(_));
    let wrong = use_state_eq(|| props.why.clone());
    let is_busy = use_state_eq(|| false);
    let (form, user, password) = (use_node_ref(), use_node_ref(), use_node_ref());
    use_boot_form(&form, &user, &password);
    let is_shown = use_state_eq(|| false);
    let onsubmit = {
        let (kind, wrong, is_busy) = ((*kind).clone(), wrong.setter(), is_busy.clone());
        let (user, password, on_signed_in) = (user.clone(), password.clone(), props.on_signed_in.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let (name, secret) = (value_of(&user).trim().to_lowercase(), value_of(&password));
            if *is_busy || name.is_empty() || secret.is_empty() {
                return;
            }
            if let SignInMode::Invite(_) = kind
                && let Some(rule) = broken_rule(&name, &secret, words)
            {
                return wrong.set(Some(rule.into()));
            }
            is_busy.set(true);
            let (kind, wrong, is_busy, on_signed_in) =
                (kind.clone(), wrong.clone(), is_busy.setter(), on_signed_in.clone());
            spawn_local(async move {
                let said = send(&kind, &name, &secret, words).await;
                is_busy.set(false);
                match said {
                    Ok(()) => {
                        storage::set_invite(None);
                        on_signed_in.emit(());
                    }
                    Err(sentence) => wrong.set(Some(sentence.into())),
                }
            });
        })
    };
    let (head, go, going) = if is_invite {
        (words.invite_head, words.invite_submit, words.invite_submitting)
    } else {
        (words.sign_in, words.sign_in_submit, words.signing_in)
    };
    let testid = if is_invite { testids::INVITE_FORM } else { testids::LOGIN_FORM };
    let to_login = {
        let kind = kind.setter();
        Callback::from(move |_| {
            storage::set_invite(None);
            kind.set(SignInMode::Login);
        })
    };
    let show = {
        let (is_shown, set) = (*is_shown, is_shown.setter());
        Callback::from(move |_| set.set(!is_shown))
    };
    html! {
        <main class="sign-in"><div class="sign-in__box">
            <div class="sign-in__brand"><img src="icons/wardroom.svg" alt="" width="24" height="24" />{ "Wardroom" }</div>
            <form class="sign-in__card" data-testid={testid} ref={form} {onsubmit} novalidate=true>
                <div><h1 class="sign-in__head">{ head }</h1><p class="sign-in__lead">{ if is_invite { words.invite_lead } else { words.sign_in_lead } }</p></div>
                if let Some(wrong) = &*wrong {
                    <p class="sign-in__error" role="alert" data-testid={testids::SIGN_IN_ERROR}>{ wrong }</p>
                }
                <label class="sign-in__label">{ words.user }
                    <input class="field" ref={user} name="username" autocomplete="username" autocapitalize="none" spellcheck="false"
                        required=true data-testid={testids::USER_FIELD} />
                    if is_invite { <span class="sign-in__hint">{ words.user_rule }</span> }
                </label>
                <label class="sign-in__label">{ if is_invite { words.password_new } else { words.password } }
                    <input class="field" ref={password} type={if *is_shown { "text" } else { "password" }} name="password" required=true data-testid={testids::PASSWORD_FIELD}
                        autocomplete={if is_invite { "new-password" } else { "current-password" }} />
                    if is_invite { <span class="sign-in__hint">{ words.password_rule }</span> }
                </label>
                <label class="sign-in__show"><input type="checkbox" checked={*is_shown} onchange={show} />{ words.password_show }</label>
                <button class="button button--primary sign-in__submit" type="submit" disabled={*is_busy} data-testid={testids::SIGN_IN_SUBMIT}>
                    { if *is_busy { going } else { go } }
                </button>
            </form>
            <div class="sign-in__foot">
                if is_invite { <button class="link" onclick={to_login}>{ words.sign_in }</button> } else { <span></span> }
                <LanguageButton />
            </div>
        </div></main>
    }
}

/// Takes over the text and the focus of the form in index.html, and submits it if it was submitted there.
#[hook]
fn use_boot_form(form: &NodeRef, user: &NodeRef, password: &NodeRef) {
    use_effect_with((), {
        let (form, user, password) = (form.clone(), user.clone(), password.clone());
        move |()| {
            let boot_form = boot_form::take();
            let (Some(user), Some(password)) = (user.cast::<HtmlInputElement>(), password.cast::<HtmlInputElement>())
            else {
                return;
            };
            user.set_value(&boot_form.user);
            password.set_value(&boot_form.password);
            let _ = if boot_form.is_at_password { password.focus() } else { user.focus() };
            if boot_form.is_submitted
                && let Some(form) = form.cast::<HtmlFormElement>()
            {
                let _ = form.request_submit();
            }
        }
    });
}

/// Switches to the other language.
#[component]
pub fn LanguageButton() -> Html {
    let prefs = use_prefs();
    let other = if prefs.lang == Lang::En { Lang::Zh } else { Lang::En };
    let label = prefs.lang.words().other_language;
    let onclick = Callback::from(move |_| {
        let prefs = prefs.clone();
        spawn_local(async move {
            language::load(other).await;
            prefs.dispatch(PrefsAction::Lang(other));
        });
    });
    html! { <button class="button button--plain" {onclick} lang={other.tag()} data-testid={testids::LANGUAGE}>{ label }</button> }
}

fn value_of(field: &NodeRef) -> String {
    field.cast::<HtmlInputElement>().map(|field| field.value()).unwrap_or_default()
}

/// The rule that a new account breaks, checked before the server is asked.
fn broken_rule(user: &str, password: &str, words: &'static Words) -> Option<&'static str> {
    if UserName::parse(user).is_err() {
        return Some(words.user_rule);
    }
    (password.chars().count() < PASSWORD_CHARS_MIN).then_some(words.password_rule)
}

async fn send(kind: &SignInMode, user: &str, password: &str, words: &Words) -> Result<(), String> {
    let (path, invite) = match kind {
        SignInMode::Login => ("api/login", None),
        SignInMode::Invite(code) => ("api/invite", Some(code.as_str())),
    };
    let reply = http::post(path, &Credentials { invite, user, password }).await;
    let reply = reply.map_err(|_| words.server_unreachable.to_owned())?;
    if reply.is_ok() { Ok(()) } else { Err(sentence(&reply, invite.is_some(), words)) }
}

/// What went wrong, and what to do.
fn sentence(reply: &Reply, is_invite: bool, words: &Words) -> String {
    let error = reply.error();
    let wait_s = error.retry_ms.map(|ms| ms.div_ceil(1000)).or(reply.retry_after_s);
    match reply.status {
        429 => fill(words.sign_in_wait, &[&wait_s.unwrap_or(10).to_string()]),
        409 => words.user_taken.to_owned(),
        401 | 403 | 404 | 410 if is_invite => words.invite_bad.to_owned(),
        401 => words.sign_in_wrong.to_owned(),
        _ => words.why(&error.into()),
    }
}
