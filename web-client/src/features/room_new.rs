//! The head of the list of rooms, and the form that makes one.

use wardroom_client_core::protocol::RoomName;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::app::{UiAct, UiHandle};
use crate::hooks::{use_engine, use_words};
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct RoomNewProps {
    /// One may make rooms.
    pub may_make: bool,
}

/// The head and, when it is wanted, the form.
#[component]
pub fn RoomNew(props: &RoomNewProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let ui = use_context::<UiHandle>().expect("inside House");
    let is_open = use_state_eq(|| false);
    let is_wrong = use_state_eq(|| false);
    let field = use_node_ref();
    use_effect_with(*is_open, {
        let field = field.clone();
        move |is_open| {
            if let Some(field) = field.cast::<HtmlInputElement>().filter(|_| *is_open) {
                let _ = field.focus();
            }
        }
    });
    let toggle = {
        let (is_open, is_wrong) = (is_open.clone(), is_wrong.setter());
        Callback::from(move |_| {
            is_wrong.set(false);
            is_open.set(!*is_open);
        })
    };
    let onsubmit = {
        let (field, is_open, is_wrong) = (field.clone(), is_open.setter(), is_wrong.setter());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let name = field.cast::<HtmlInputElement>().map(|f| f.value()).unwrap_or_default();
            let name = name.trim().trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            match RoomName::parse(&name) {
                Ok(room) => {
                    engine.create_room(room.clone());
                    ui.dispatch(UiAct::Go(room));
                    is_open.set(false);
                    is_wrong.set(false);
                }
                Err(_) => is_wrong.set(true),
            }
        })
    };
    html! {
        <>
            <div class="rooms__head">{ words.rooms_head }
                if props.may_make {
                    <button class="rooms__add" onclick={toggle} aria-expanded={is_open.to_string()} aria-label={words.room_new}
                        title={words.room_new} data-testid={testids::ROOM_NEW}>{ if *is_open { "−" } else { "+" } }</button>
                }
            </div>
            if *is_open {
                <form class="rooms__make" {onsubmit}>
                    <div class="rooms__make-row">
                        <input class="field" ref={field} aria-label={words.room_new_label} aria-invalid={is_wrong.to_string()} maxlength="64"
                            autocapitalize="none" autocomplete="off" spellcheck="false" data-testid={testids::ROOM_NEW_NAME} />
                        <button class="tool" type="submit" data-testid={testids::ROOM_MAKE}>{ words.room_make }</button>
                    </div>
                    <span class={if *is_wrong { "wrong" } else { "faint" }} role={is_wrong.then_some("alert")}>{ words.room_new_rule }</span>
                </form>
            }
        </>
    }
}
