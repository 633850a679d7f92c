//! The state of the composer in Yew: its reducer, the mode that the room asks for, and the stored draft.

use std::rc::Rc;

use wardroom_client_core::protocol::RoomName;
use wasm_bindgen::JsCast;
use web_sys::StorageEvent;
use yew::prelude::*;

use super::field::focus_composer;
use crate::engine::Engine;
use crate::logic::composer::{Composer, ComposerAction};
use crate::services::listener::Listener;
use crate::services::{browser, drafts};
use crate::ui::{ComposeMode, UiHandle};

/// Makes the state a reducer of Yew.
#[derive(PartialEq)]
pub struct ComposerState(pub Composer);

impl Reducible for ComposerState {
    type Action = ComposerAction;

    fn reduce(self: Rc<Self>, action: ComposerAction) -> Rc<Self> {
        Rc::new(ComposerState(self.0.clone().reduced(action)))
    }
}

pub type ComposerHandle = UseReducerHandle<ComposerState>;

/// The state, starting with the stored draft.
#[hook]
pub fn use_composer(key: &str) -> ComposerHandle {
    use_reducer_eq(|| ComposerState(Composer::with_draft(drafts::read(key))))
}

/// Follows the mode that the room asks for.
#[hook]
pub fn use_mode(engine: &Engine, room: &RoomName, ui: &UiHandle, composer: &ComposerHandle) {
    let is_first = use_mut_ref(|| true);
    use_effect_with(ui.compose_mode, {
        let (engine, room, composer) = (engine.clone(), room.clone(), composer.dispatcher());
        move |mode| {
            let original = match mode {
                ComposeMode::Edit(seq) => engine.message_text(&room, *seq).map(|(_, text)| text).unwrap_or_default(),
                ComposeMode::Rerun(seq) => {
                    engine.run_started_at(&room, *seq).map(|run| format!("$ {}", run.cmd)).unwrap_or_default()
                }
                ComposeMode::New | ComposeMode::Reply(_) => String::new(),
            };
            composer.dispatch(ComposerAction::SetMode(*mode, original));
            // On a phone the keyboard would cover the room that was just opened.
            if !is_first.replace(false) || !browser::is_narrow() {
                focus_composer();
            }
        }
    });
}

/// Saves the draft, and clears it if another tab has sent the same one.
#[hook]
pub fn use_draft(key: &str, composer: &ComposerHandle) {
    use_effect_with((key.to_owned(), composer.0.draft().to_owned()), |(key, draft)| drafts::keep(key, draft));
    use_effect_with(key.to_owned(), {
        let composer = composer.dispatcher();
        move |key| {
            let key = key.clone();
            let listener = Listener::new(&browser::window(), "storage", move |event| {
                let event: &StorageEvent = event.unchecked_ref();
                let sent = event.old_value().filter(|_| event.key().as_deref() == Some(key.as_str()));
                if let Some(sent) = sent.filter(|_| event.new_value().is_none()) {
                    composer.dispatch(ComposerAction::SentElsewhere(sent));
                }
            });
            move || drop(listener)
        }
    });
}
