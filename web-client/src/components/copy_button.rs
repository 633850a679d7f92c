//! A button that copies a text and confirms it.

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::{Icon, icon};
use crate::hooks::use_words;
use crate::services::clipboard;

#[derive(PartialEq, Properties)]
pub struct CopyButtonProps {
    /// The text, computed on demand.
    pub text: Callback<(), String>,
    /// The label, if it is not *Copy*.
    #[prop_or_default]
    pub label: Option<&'static str>,
    #[prop_or("text-button")]
    pub class: &'static str,
    #[prop_or(Icon::Copy)]
    pub icon_shown: Icon,
    /// The label is only for screen readers and the tooltip.
    #[prop_or_default]
    pub is_bare: bool,
    #[prop_or_default]
    pub testid: Option<&'static str>,
}

#[component]
pub fn CopyButton(props: &CopyButtonProps) -> Html {
    const SAID_MS: u32 = 1_500;
    let words = use_words();
    let is_copied = use_state_eq(|| false);
    let onclick = {
        let (text, is_copied) = (props.text.clone(), is_copied.setter());
        Callback::from(move |_| {
            let (text, is_copied) = (text.emit(()), is_copied.clone());
            spawn_local(async move {
                if clipboard::copy(&text).await {
                    is_copied.set(true);
                    TimeoutFuture::new(SAID_MS).await;
                    is_copied.set(false);
                }
            });
        })
    };
    let label = props.label.unwrap_or(words.copy);
    html! {
        <button class={props.class} {onclick} title={props.is_bare.then_some(label)} data-testid={props.testid}>
            { icon(if *is_copied { Icon::Check } else { props.icon_shown }) }
            <span class={props.is_bare.then_some("visually-hidden")} aria-live="polite">{ if *is_copied { words.copied } else { label } }</span>
        </button>
    }
}
