//! A button that copies, and says that it has.

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::{Icon, icon};
use crate::hooks::use_words;
use crate::services::clipboard;

#[derive(PartialEq, Properties)]
pub struct CopyButtonProps {
    /// What is copied, found when it is wanted.
    pub text: Callback<(), String>,
    /// What the button says, where that is not *Copy*.
    #[prop_or_default]
    pub label: Option<&'static str>,
    /// Its classes.
    #[prop_or("text-button")]
    pub class: &'static str,
    /// Its icon.
    #[prop_or(Icon::Copy)]
    pub icon_shown: Icon,
    /// It says that to screen readers and under the pointer only.
    #[prop_or_default]
    pub is_bare: bool,
    #[prop_or_default]
    pub testid: Option<&'static str>,
}

/// The button.
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
