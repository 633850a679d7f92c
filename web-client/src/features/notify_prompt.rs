//! Offers notifications once: by default mentions are notified, but browsers need permission first.

use web_sys::NotificationPermission;
use yew::prelude::*;

use crate::engine::Topic;
use crate::hooks::{use_topic, use_words};
use crate::services::{browser, storage};
use crate::testids;

/// The offer; nothing if it was answered or notifications are unavailable.
#[component]
pub fn NotifyPrompt() -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Notices);
    let key = storage::key_of(engine.user(), "notify-asked");
    let is_put_off = use_state_eq(|| storage::read(&key).is_some());
    if *is_put_off || browser::notifications() != Some(NotificationPermission::Default) {
        return Html::default();
    }
    let later = {
        let set = is_put_off.setter();
        Callback::from(move |_: MouseEvent| {
            storage::write(&key, Some("no"));
            set.set(true);
        })
    };
    let ask = Callback::from(move |_: MouseEvent| engine.request_notify_permission());
    html! {
        <div class="prompt">
            <p>{ words.notify_ask }</p>
            <button class="text-button" onclick={ask} data-testid={testids::NOTIFY_ENABLE}>{ words.settings.notify_turn_on }</button>
            <button class="text-button" onclick={later}>{ words.not_now }</button>
        </div>
    }
}
