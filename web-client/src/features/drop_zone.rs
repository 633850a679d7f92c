//! Files may be dropped anywhere on the page.

use wardroom_client_core::protocol::RoomName;
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Event, File};
use yew::prelude::*;

use crate::hooks::{use_engine, use_words};
use crate::i18n::fill;
use crate::services::browser;
use crate::services::listen::Listener;

#[derive(PartialEq, Properties)]
pub struct DropZoneProps {
    /// Where they go.
    pub room: RoomName,
}

/// What is seen while files are held over the page.
#[component]
pub fn DropZone(props: &DropZoneProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let is_over = use_state_eq(|| false);
    use_effect_with((engine, props.room.clone()), {
        let is_over = is_over.setter();
        move |(engine, room)| {
            let window = browser::window();
            let over = Listener::new(&window, "dragover", {
                let is_over = is_over.clone();
                move |event| {
                    if holds_files(&event) {
                        event.prevent_default();
                        is_over.set(true);
                    }
                }
            });
            let leave = Listener::new(&window, "dragleave", {
                let is_over = is_over.clone();
                // Leaving an element for another is told too; leaving the window has no other.
                move |event| {
                    if event.unchecked_ref::<DragEvent>().related_target().is_none() {
                        is_over.set(false);
                    }
                }
            });
            let drop = Listener::new(&window, "drop", {
                let (engine, room) = (engine.clone(), room.clone());
                move |event| {
                    is_over.set(false);
                    if holds_files(&event) {
                        event.prevent_default();
                        engine.upload(&room, files(&event));
                    }
                }
            });
            move || std::mem::drop((over, leave, drop))
        }
    });
    if !*is_over {
        return Html::default();
    }
    html! { <div class="drop" role="status"><span class="drop__words">{ fill(words.drop_here, &[props.room.as_str()]) }</span></div> }
}

fn holds_files(event: &Event) -> bool {
    let transfer = event.unchecked_ref::<DragEvent>().data_transfer();
    transfer.is_some_and(|transfer| transfer.types().iter().any(|kind| kind.as_string().as_deref() == Some("Files")))
}

fn files(event: &Event) -> Vec<File> {
    let transfer = event.unchecked_ref::<DragEvent>().data_transfer();
    let list = transfer.and_then(|transfer| transfer.files());
    list.map(|list| (0..list.length()).filter_map(|at| list.get(at)).collect()).unwrap_or_default()
}
