//! Webhooks: secret URLs to which programs post. The URL of a new one is shown once, at the top and focused.

use wardroom_client_core::Error;
use wardroom_client_core::protocol::limits::{HOOK_SECRET_BYTES_MAX, HOOK_SECRET_BYTES_MIN};
use wardroom_client_core::protocol::messages::{Answer, HookAdd, HookInfo, HookList, HookListed, HookRemove};
use wardroom_client_core::protocol::{RoomName, UserName};
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

use crate::components::{Confirm, CopyButton};
use crate::hooks::{use_engine, use_words};
use crate::i18n::fill;
use crate::services::browser;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct WebhooksProps {
    pub room: RoomName,
}

#[component]
pub fn Webhooks(props: &WebhooksProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let (hooks, load) = use_webhooks(&props.room);
    let address = use_state_eq(|| None::<String>);
    let wrong = use_state_eq(|| None::<&'static str>);
    let (name, mentions, secret) = (use_node_ref(), use_node_ref(), use_node_ref());
    let onsubmit = {
        let (engine, room, load) = (engine.clone(), props.room.clone(), load.clone());
        let (name, mentions, secret) = (name.clone(), mentions.clone(), secret.clone());
        let (address, wrong) = (address.setter(), wrong.setter());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let field = |node: &NodeRef| node.cast::<HtmlInputElement>();
            let (Some(name), Some(mentions), Some(secret)) = (field(&name), field(&mentions), field(&secret)) else {
                return;
            };
            let key = Some(secret.value()).filter(|key| !key.is_empty());
            let bot = match UserName::parse(name.value().trim()) {
                Ok(bot)
                    if key
                        .as_ref()
                        .is_none_or(|key| (HOOK_SECRET_BYTES_MIN..=HOOK_SECRET_BYTES_MAX).contains(&key.len())) =>
                {
                    bot
                }
                Ok(_) => return wrong.set(Some(words.settings.hook_secret_rule)),
                Err(_) => return wrong.set(Some(words.user_rule)),
            };
            wrong.set(None);
            let (load, address) = (load.clone(), address.clone());
            let told = Callback::from(move |told: String| {
                address.set(Some(told));
                load.emit(());
            });
            let add = HookAdd { room: room.clone(), bot, mentions: mentions.checked(), secret: key, nonce: None };
            engine.add_hook(add, told);
            name.set_value("");
            secret.set_value("");
            mentions.set_checked(false);
        })
    };
    html! {
        <section class="form" aria-label={words.settings.hooks_head}>
            if let Some(address) = &*address { <NewWebhookUrl key={address.clone()} address={address.clone()} /> }
            <p class="form__hint">{ words.settings.hooks_lead }</p>
            <form class="form" {onsubmit}>
                <label class="form__label">{ words.settings.hook_name }
                    <input class="field" ref={name} aria-invalid={(*wrong == Some(words.user_rule)).to_string()} autocapitalize="none" autocomplete="off" data-testid={testids::WEBHOOK_NAME} />
                </label>
                <label class="form__label">{ words.settings.hook_secret }
                    <input class="field" ref={secret} type="password" autocomplete="new-password" aria-invalid={(*wrong == Some(words.settings.hook_secret_rule)).to_string()} aria-describedby="hook-secret-hint" data-testid={testids::WEBHOOK_SECRET} />
                    <span id="hook-secret-hint" class="form__hint">{ words.settings.hook_secret_hint }</span>
                </label>
                <label class="form__check"><input type="checkbox" ref={mentions} data-testid={testids::WEBHOOK_MENTIONS} /><span>{ words.settings.hook_mentions }</span></label>
                if let Some(wrong) = *wrong { <p class="form__hint error" role="alert">{ wrong }</p> }
                <div class="form__actions"><button class="button" type="submit" data-testid={testids::WEBHOOK_ADD}>{ words.settings.hook_add }</button></div>
            </form>
            <div class="list">
                { for hooks.iter().map(|hook| html! { <Webhook key={hook.hook} room={props.room.clone()} hook={hook.clone()} load={load.clone()} /> }) }
            </div>
        </section>
    }
}

/// The webhooks, and a callback that reloads them.
#[hook]
fn use_webhooks(room: &RoomName) -> (UseStateHandle<Vec<HookInfo>>, Callback<()>) {
    let engine = use_engine();
    let hooks = use_state_eq(Vec::<HookInfo>::new);
    let load = {
        let (room, set) = (room.clone(), hooks.setter());
        Callback::from(move |()| {
            let set = set.clone();
            let on_answer = Callback::from(move |answer: Result<Answer, Error>| {
                if let Some(listed) = answer.ok().and_then(|answer| answer.fields::<HookListed>().ok()) {
                    set.set(listed.hooks);
                }
            });
            engine.request(HookList { room: room.clone() }, on_answer);
        })
    };
    use_effect_with(room.clone(), {
        let load = load.clone();
        move |_| load.emit(())
    });
    (hooks, load)
}

#[derive(PartialEq, Properties)]
struct NewWebhookUrlProps {
    address: String,
}

/// A URL that is shown only once.
#[component]
fn NewWebhookUrl(props: &NewWebhookUrlProps) -> Html {
    let words = use_words();
    let node = use_node_ref();
    use_effect_with((), {
        let node = node.clone();
        move |()| {
            if let Some(element) = node.cast::<HtmlElement>() {
                let _ = element.focus();
            }
        }
    });
    let text = {
        let address = props.address.clone();
        Callback::from(move |()| address.clone())
    };
    html! {
        <div class="form__secret" role="status" tabindex="-1" ref={node}>
            <p>{ words.settings.hook_url_notice }</p>
            <code data-testid={testids::WEBHOOK_URL}>{ &props.address }</code>
            <CopyButton {text} />
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct WebhookProps {
    room: RoomName,
    hook: HookInfo,
    load: Callback<()>,
}

#[component]
fn Webhook(props: &WebhookProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let hook = &props.hook;
    let is_confirming = use_state_eq(|| false);
    let ask = {
        let set = is_confirming.setter();
        Callback::from(move |is_confirming: bool| set.set(is_confirming))
    };
    let remove = {
        let (room, number, load) = (props.room.clone(), hook.hook, props.load.clone());
        Callback::from(move |()| {
            engine.send_then(HookRemove { room: room.clone(), hook: number }, load.reform(|_: bool| ()));
        })
    };
    let used = hook.used.map_or_else(
        || words.settings.hook_unused.to_owned(),
        |at| fill(words.settings.hook_used, &[&browser::date_digits(at), &browser::local(at).hh_mm()]),
    );
    let rights = [(hook.mentions, words.settings.hook_may_mention), (hook.signed, words.settings.hook_signed)];
    let about: Vec<&str> =
        [used.as_str()].into_iter().chain(rights.iter().filter(|(has, _)| *has).map(|(_, says)| *says)).collect();
    html! {
        <div class="form__member" data-testid={testids::WEBHOOK}>
            <span class="form__name">{ hook.bot.as_str() }{ " " }<span class="muted">{ about.join(" · ") }</span></span>
            <button class="text-button text-button--danger" type="button" onclick={ask.reform(|_: MouseEvent| true)} aria-label={fill(words.settings.remove_who, &[hook.bot.as_str()])}>{ words.settings.remove }</button>
            if *is_confirming {
                <Confirm title={fill(words.settings.hook_remove_head, &[hook.bot.as_str()])} lead={words.settings.hook_remove_lead} yes={words.settings.remove}
                    on_yes={remove} on_close={ask.reform(|()| false)} />
            }
        </div>
    }
}
