//! What to be notified of in this room, and whether this browser shows notifications at all.

use wardroom_client_core::protocol::RoomName;
use web_sys::{HtmlSelectElement, NotificationPermission};
use yew::prelude::*;

use crate::engine::Topic;
use crate::hooks::{use_topic, use_words};
use crate::logic::notify_level::NotifyLevel;
use crate::services::browser;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct NotifySettingProps {
    pub room: RoomName,
}

/// The choice. It takes effect at once, in this browser only.
#[component]
pub fn NotifySetting(props: &NotifySettingProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Notices);
    let level = engine.notify_level(&props.room);
    let onchange = {
        let (engine, room) = (engine.clone(), props.room.clone());
        Callback::from(move |event: Event| {
            engine.set_notify_level(
                &room,
                NotifyLevel::from_word(&event.target_unchecked_into::<HtmlSelectElement>().value()),
            );
        })
    };
    let option = |of: NotifyLevel, says: &'static str| html! { <option value={of.word()} selected={level == of}>{ says }</option> };
    html! {
        <div class="form">
            <label class="form__label">{ words.settings.notify_label }
                <select class="field" {onchange} data-testid={testids::NOTIFY_LEVEL}>
                    { option(NotifyLevel::All, words.settings.notify_all) }{ option(NotifyLevel::Mentions, words.settings.notify_mentions) }{ option(NotifyLevel::Nothing, words.settings.notify_nothing) }
                </select>
            </label>
            <NotifyState />
        </div>
    }
}

/// Whether the browser shows notifications, with a button to allow them.
#[component]
pub fn NotifyState() -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Notices);
    let onclick = Callback::from(move |_: MouseEvent| engine.request_notify_permission());
    let (state, says) = match browser::notifications() {
        Some(NotificationPermission::Granted) => ("granted", words.settings.notify_on),
        Some(NotificationPermission::Denied) => ("denied", words.settings.notify_denied),
        Some(_) => ("default", words.settings.notify_off),
        None => ("none", words.settings.notify_unknown),
    };
    html! {
        <p class="form__hint" data-testid={testids::NOTIFY_STATE} data-state={state}>{ says }{ " " }
            if state == "default" {
                <button class="link" type="button" {onclick} data-testid={testids::NOTIFY_ENABLE}>{ words.settings.notify_turn_on }</button>
            }
        </p>
    }
}
