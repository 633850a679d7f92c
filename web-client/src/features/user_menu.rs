//! The user menu: theme, language, notifications, password, sessions, keyboard shortcuts, signing out.

use wardroom_client_core::protocol::Role;
use wardroom_client_core::protocol::limits::STATUS_CHARS_MAX;
use wardroom_client_core::protocol::messages::StatusSet;
use wardroom_client_core::{Change, Command};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlInputElement, Node};
use yew::prelude::*;

use super::room_settings::NotifyState;
use super::sign_in::LanguageButton;
use crate::components::{Icon, avatar, icon};
use crate::engine::{NoticeKind, Topic};
use crate::hooks::{PrefsAction, Theme, use_prefs, use_topic, use_ui, use_words};
use crate::i18n::Words;
use crate::services::listener::Listener;
use crate::services::{browser, http};
use crate::testids;
use crate::ui::{Dialog, UiAction};

#[derive(PartialEq, Properties)]
pub struct UserMenuProps {
    /// The session has ended.
    pub on_signed_out: Callback<Option<AttrValue>>,
}

/// The button, and the menu while it is open.
#[component]
pub fn UserMenu(props: &UserMenuProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::Connection));
    let is_open = use_state_eq(|| false);
    let whole = use_node_ref();
    let Some(you) = engine.read(|client| client.you().cloned()) else { return Html::default() };
    let toggle = {
        let (set, to) = (is_open.setter(), !*is_open);
        Callback::from(move |_: MouseEvent| set.set(to))
    };
    let close = {
        let set = is_open.setter();
        Callback::from(move |()| set.set(false))
    };
    let onkeydown = {
        let (close, is_open) = (close.clone(), *is_open);
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" && is_open {
                event.stop_propagation();
                close.emit(());
            }
        })
    };
    html! {
        <div class="user-menu" ref={whole.clone()} {onkeydown}>
            if *is_open { <Menu {whole} {close} on_signed_out={props.on_signed_out.clone()} /> }
            <button class="user-menu__button" onclick={toggle} aria-expanded={is_open.to_string()} title={words.menu_label} data-testid={testids::USER_MENU}>
                { avatar(you.user.as_str(), &you.name) }
                <span class="user-menu__name">{ &you.name }</span><span class="user-menu__role">{ role_words(you.role, words) }</span>
                { icon(Icon::More) }
            </button>
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct MenuProps {
    /// Button and menu: a press outside closes the menu.
    whole: NodeRef,
    close: Callback<()>,
    on_signed_out: Callback<Option<AttrValue>>,
}

#[component]
fn Menu(props: &MenuProps) -> Html {
    let words = use_words();
    let prefs = use_prefs();
    let engine = use_topic(Topic::Model(Change::Connection));
    let ui = use_ui();
    use_effect_with((), {
        let (whole, close) = (props.whole.clone(), props.close.clone());
        move |()| {
            let listener = Listener::new(&browser::window(), "pointerdown", move |event| {
                let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
                if whole.get().is_some_and(|whole| !whole.contains(target.as_ref())) {
                    close.emit(());
                }
            });
            move || drop(listener)
        }
    });
    let theme = |of: Theme, says: &'static str, glyph: Icon| {
        let prefs = prefs.clone();
        let is_chosen = prefs.theme == of;
        let onclick = Callback::from(move |_: MouseEvent| prefs.dispatch(PrefsAction::Theme(of)));
        html! {
            <button class="segment" aria-pressed={is_chosen.to_string()} {onclick} aria-label={says} title={says} data-testid={testids::THEME}>{ icon(glyph) }</button>
        }
    };
    let open = |dialog: Dialog| {
        let (close, ui) = (props.close.clone(), ui.clone());
        Callback::from(move |_: MouseEvent| {
            close.emit(());
            ui.dispatch(UiAction::Dialog(Some(dialog.clone())));
        })
    };
    let sign_out = {
        let on_signed_out = props.on_signed_out.clone();
        Callback::from(move |_: MouseEvent| {
            let (engine, on_signed_out) = (engine.clone(), on_signed_out.clone());
            spawn_local(async move {
                // Only the server can end the session. If it no longer knows the cookie (401), the user is signed out
                // already.
                match http::post("api/logout", &serde_json::json!({})).await {
                    Ok(reply) if reply.is_ok() || reply.status == 401 => {
                        engine.command(Command::Stop);
                        on_signed_out.emit(None);
                    }
                    _ => engine.show_notice(NoticeKind::SignOutFailed),
                }
            });
        })
    };
    html! {
        <div class="menu" role="group" aria-label={words.menu_label}>
            <div class="menu__row"><span>{ words.theme }</span><span class="segments">
                { theme(Theme::System, words.theme_system, Icon::System) }
                { theme(Theme::Light, words.theme_light, Icon::Sun) }
                { theme(Theme::Dark, words.theme_dark, Icon::Moon) }
            </span></div>
            <div class="menu__row"><span>{ words.language }</span><LanguageButton /></div>
            <div class="menu__row"><NotifyState /></div>
            <StatusField />
            <button class="menu__item" onclick={open(Dialog::ChangePassword)} data-testid={testids::PASSWORD_OPEN}>{ icon(Icon::Lock) }{ words.settings.password_item }</button>
            <button class="menu__item" onclick={open(Dialog::Sessions)} data-testid={testids::SESSIONS_OPEN}>{ icon(Icon::System) }{ words.settings.sessions_item }</button>
            <button class="menu__item" onclick={open(Dialog::Shortcuts)}>{ icon(Icon::Keyboard) }{ words.shortcuts_head }</button>
            <button class="menu__item" onclick={sign_out} data-testid={testids::SIGN_OUT}>{ icon(Icon::SignOut) }{ words.sign_out }</button>
        </div>
    }
}

/// The user's own status. Enter sets it.
#[component]
fn StatusField() -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::Presence));
    let field = use_node_ref();
    let own = engine.own_status();
    let onsubmit = {
        let (field, engine) = (field.clone(), engine.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(field) = field.cast::<HtmlInputElement>() {
                engine.send(StatusSet { text: field.value() });
                let _ = field.blur();
            }
        })
    };
    html! {
        <form class="menu__row" {onsubmit}>
            <input class="field" ref={field} placeholder={words.settings.status_hint} aria-label={words.settings.status_hint} maxlength={STATUS_CHARS_MAX.to_string()} value={own} data-testid={testids::STATUS} />
        </form>
    }
}

pub fn role_words(role: Role, words: &Words) -> &'static str {
    match role {
        Role::Viewer => words.role_viewer,
        Role::Member => words.role_member,
        Role::Operator => words.role_operator,
        Role::Admin => words.role_admin,
    }
}
