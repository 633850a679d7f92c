//! Pastes that are too long for a message. They are previewed and attached as a file with one key, and never put into the
//! text field, which would freeze the page for megabytes.

use std::rc::Rc;

use js_sys::Array;
use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::protocol::limits::TEXT_BYTES_MAX;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ClipboardEvent, File, FilePropertyBag, HtmlTextAreaElement};
use yew::prelude::*;

use super::field::{dispatch_input_event, focus_composer};
use crate::engine::Engine;
use crate::logic::intent::belongs_in_file;
use crate::services::browser;

/// A pasted text.
#[derive(Clone, Debug)]
pub struct Pasted(pub Rc<str>);

impl PartialEq for Pasted {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// Uploads a text as a file.
pub fn upload_as_file(engine: &Engine, room: &RoomName, text: &str) {
    let now = browser::now_ms();
    let name = format!("text-{}-{}.txt", browser::date_digits(now), browser::local(now).hh_mm().replace(':', ""));
    let options = FilePropertyBag::new();
    options.set_type("text/plain");
    let parts = Array::of1(&JsValue::from_str(text));
    if let Ok(file) = File::new_with_str_sequence_and_options(&parts, &name, &options) {
        engine.upload(room, vec![file]);
    }
}

/// A long paste, and what can be done with it.
pub struct Paste {
    /// The text that waits for a decision.
    pub text: Option<Pasted>,
    /// Takes a paste if it is too long for a message.
    pub onpaste: Callback<Event>,
    /// Attaches it as a file.
    pub attach: Callback<()>,
    /// Inserts it into the message, if it fits.
    pub insert: Option<Callback<()>>,
    /// Discards it.
    pub discard: Callback<()>,
}

#[hook]
pub fn use_paste(engine: &Engine, room: &RoomName, area: &NodeRef) -> Paste {
    let pasted = use_state_eq(|| None::<Pasted>);
    let attach = {
        let (pasted, engine, room) = (pasted.clone(), engine.clone(), room.clone());
        Callback::from(move |()| {
            if let Some(text) = &*pasted {
                upload_as_file(&engine, &room, &text.0);
            }
            pasted.set(None);
            focus_composer();
        })
    };
    let discard = {
        let pasted = pasted.setter();
        Callback::from(move |()| {
            pasted.set(None);
            focus_composer();
        })
    };
    let insert = {
        let (pasted, area) = (pasted.clone(), area.clone());
        let fits = pasted.as_ref().is_some_and(|text| text.0.len() <= TEXT_BYTES_MAX);
        fits.then(|| {
            Callback::from(move |()| {
                let (Some(area), Some(text)) = (area.cast::<HtmlTextAreaElement>(), &*pasted) else { return };
                let _ = area.set_range_text(&text.0);
                pasted.set(None);
                let _ = area.focus();
                dispatch_input_event(&area);
            })
        })
    };
    let onpaste = {
        let pasted = pasted.setter();
        Callback::from(move |event: Event| {
            let clip = event.unchecked_ref::<ClipboardEvent>().clipboard_data();
            let Some(text) =
                clip.and_then(|clip| clip.get_data("text/plain").ok()).filter(|text| belongs_in_file(text))
            else {
                return;
            };
            event.prevent_default();
            pasted.set(Some(Pasted(text.into())));
        })
    };
    Paste { text: (*pasted).clone(), onpaste, attach, insert, discard }
}
