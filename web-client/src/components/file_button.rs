//! A button that opens the file picker.

use wardroom_client_core::protocol::RoomName;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::{Icon, icon};
use crate::hooks::use_engine;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct FileButtonProps {
    /// The room that gets the files.
    pub room: RoomName,
    /// The label.
    pub words: &'static str,
    /// The button that tests use.
    #[prop_or_default]
    pub is_main: bool,
}

/// The button, and the hidden input.
#[component]
pub fn FileButton(props: &FileButtonProps) -> Html {
    let engine = use_engine();
    let input = use_node_ref();
    let onclick = {
        let input = input.clone();
        Callback::from(move |_| {
            if let Some(input) = input.cast::<HtmlInputElement>() {
                input.click();
            }
        })
    };
    let onchange = {
        let (input, room) = (input.clone(), props.room.clone());
        Callback::from(move |_| {
            let Some(input) = input.cast::<HtmlInputElement>() else { return };
            let files = input.files().map(|list| (0..list.length()).filter_map(|at| list.get(at)).collect());
            engine.upload(&room, files.unwrap_or_default());
            // Allow the same file to be chosen again.
            input.set_value("");
        })
    };
    html! {
        <>
            <button class="button button--file" type="button" {onclick} aria-label={props.words} title={props.words}>{ icon(Icon::Attach) }<span class="button__label">{ props.words }</span></button>
            <input class="visually-hidden" ref={input} type="file" multiple=true {onchange} tabindex="-1" aria-hidden="true"
                data-testid={props.is_main.then_some(testids::FILE_INPUT)} />
        </>
    }
}
