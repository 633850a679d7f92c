//! The dialog in which the user changes their password.

use wardroom_client_core::Error;
use wardroom_client_core::protocol::Code;
use wardroom_client_core::protocol::limits::PASSWORD_CHARS_MIN;
use wardroom_client_core::protocol::messages::{Answer, PasswordSet};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::components::Modal;
use crate::hooks::{use_engine, use_words};
use crate::i18n::{Words, fill};
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct ChangePasswordProps {
    pub on_close: Callback<()>,
}

/// Where the change stands.
#[derive(Clone, PartialEq)]
enum State {
    Editing,
    Sending,
    Failed(AttrValue),
    Done,
}

#[component]
pub fn ChangePassword(props: &ChangePasswordProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let (current, new) = (use_node_ref(), use_node_ref());
    let is_shown = use_state_eq(|| false);
    let state = use_state_eq(|| State::Editing);
    let on_close = props.on_close.clone();
    let onsubmit = {
        let (current, new, state, engine) = (current.clone(), new.clone(), state.setter(), engine.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let text = |node: &NodeRef| node.cast::<HtmlInputElement>().map(|field| field.value()).unwrap_or_default();
            let (current, password) = (text(&current), text(&new));
            if let Some(rule) = broken_rule(&current, &password, words) {
                return state.set(State::Failed(rule.into()));
            }
            state.set(State::Sending);
            let state = state.clone();
            let on_answer = Callback::from(move |answer: Result<Answer, Error>| {
                state.set(match answer {
                    Ok(_) => State::Done,
                    Err(error) => State::Failed(sentence(&error, words).into()),
                });
            });
            engine.send_with(PasswordSet { current, password }, on_answer);
        })
    };
    let show = {
        let (is_shown, set) = (*is_shown, is_shown.setter());
        Callback::from(move |_: Event| set.set(!is_shown))
    };
    let kind = if *is_shown { "text" } else { "password" };
    if *state == State::Done {
        return html! {
            <Modal title={words.settings.password_head} on_close={on_close.clone()}>
                <div class="form">
                    <p role="status" data-testid={testids::PASSWORD_CHANGED}>{ words.settings.password_changed }</p>
                    <div class="form__actions">
                        <button class="button button--primary" type="button" autofocus=true onclick={on_close.reform(|_| ())}>{ words.close }</button>
                    </div>
                </div>
            </Modal>
        };
    }
    html! {
        <Modal title={words.settings.password_head} on_close={on_close.clone()}>
            <form class="form" {onsubmit} novalidate=true>
                <p class="form__hint">{ words.settings.password_lead }</p>
                if let State::Failed(why) = &*state {
                    <p class="form__hint error" role="alert" data-testid={testids::PASSWORD_ERROR}>{ why }</p>
                }
                // For password managers, which otherwise do not know whose password this is.
                <input class="visually-hidden" name="username" autocomplete="username" value={engine.user().to_owned()} readonly=true tabindex="-1" aria-hidden="true" />
                <label class="form__label">{ words.settings.password_current }
                    <input class="field" ref={current} type={kind} name="current" autocomplete="current-password" autofocus=true data-testid={testids::PASSWORD_CURRENT} />
                </label>
                <label class="form__label">{ words.password_new }
                    <input class="field" ref={new} type={kind} name="new" autocomplete="new-password" data-testid={testids::PASSWORD_NEW} />
                    <span class="form__hint">{ words.password_rule }</span>
                </label>
                <label class="form__check"><input type="checkbox" checked={*is_shown} onchange={show} /><span>{ words.password_show }</span></label>
                <div class="form__actions">
                    <button class="button" type="button" onclick={on_close.reform(|_| ())}>{ words.cancel }</button>
                    <button class="button button--primary" type="submit" disabled={*state == State::Sending} data-testid={testids::PASSWORD_CHANGE}>{ words.settings.password_head }</button>
                </div>
            </form>
        </Modal>
    }
}

/// What is wrong before the server is asked.
fn broken_rule(current: &str, new: &str, words: &'static Words) -> Option<&'static str> {
    match () {
        () if current.is_empty() => Some(words.settings.password_missing),
        () if new.chars().count() < PASSWORD_CHARS_MIN => Some(words.password_rule),
        () if new == current => Some(words.settings.password_same),
        () => None,
    }
}

fn sentence(error: &Error, words: &Words) -> String {
    match error.code {
        Some(Code::Forbidden) => words.settings.password_wrong.to_owned(),
        Some(Code::RateLimited) => {
            fill(words.sign_in_wait, &[&error.retry_ms.unwrap_or(10_000).div_ceil(1_000).to_string()])
        }
        _ => words.why(error),
    }
}
