//! Lets people drop files anywhere on the page.

use wardroom_client_core::protocol::RoomName;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DragEvent, Event};
use yew::prelude::*;

use crate::engine::{Engine, NoticeKind};
use crate::hooks::{use_engine, use_words};
use crate::i18n::fill;
use crate::limits::UPLOADS_QUEUED_MAX;
use crate::services::browser;
use crate::services::dropped_files::{self, Dropped};
use crate::services::listener::Listener;

#[derive(PartialEq, Properties)]
pub struct DropZoneProps {
    /// The room that gets the files.
    pub room: RoomName,
}

/// Shown while files are dragged over the page.
#[component]
pub fn DropZone(props: &DropZoneProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let called = engine.room_label(&props.room);
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
                // The event also fires between elements; leaving the window has no related target.
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
                        take(&engine, &room, &event);
                    }
                }
            });
            move || std::mem::drop((over, leave, drop))
        }
    });
    if !*is_over {
        return Html::default();
    }
    html! { <div class="drop-zone" role="status"><span class="drop-zone__text">{ fill(words.drop_here, &[&called]) }</span></div> }
}

fn holds_files(event: &Event) -> bool {
    let transfer = event.unchecked_ref::<DragEvent>().data_transfer();
    transfer.is_some_and(|transfer| transfer.types().iter().any(|kind| kind.as_string().as_deref() == Some("Files")))
}

/// Uploads what was dropped, including the files in folders.
fn take(engine: &Engine, room: &RoomName, event: &Event) {
    let Some(transfer) = event.unchecked_ref::<DragEvent>().data_transfer() else { return };
    let (engine, room, entries) = (engine.clone(), room.clone(), dropped_files::entries(&transfer));
    if entries.is_empty() {
        // An image dragged from another page has a file but no entry.
        let list = transfer.files();
        let files = list.map(|list| (0..list.length()).filter_map(|at| list.get(at)).collect());
        return engine.upload(&room, files.unwrap_or_default());
    }
    spawn_local(async move {
        let Dropped { files, unreadable, is_cut } = dropped_files::files_of(entries, UPLOADS_QUEUED_MAX).await;
        engine.upload_named(&room, files);
        if let Some(path) = unreadable.into_iter().next() {
            engine.show_notice(NoticeKind::Unreadable(path));
        }
        if is_cut {
            engine.show_notice(NoticeKind::TooManyFiles);
        }
    });
}
