//! What lies over the page until it is closed: the platform's own dialog, which keeps the focus within it, makes the page
//! behind it inert and closes on Escape. The focus goes back to where it was.

use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement};
use yew::prelude::*;

use super::{Icon, icon};
use crate::hooks::use_words;
use crate::services::browser;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct ModalProps {
    /// What it is called.
    pub title: AttrValue,
    /// It is to be closed.
    pub on_close: Callback<()>,
    /// The id of its title; another one for a dialog that lies over a dialog.
    #[prop_or("dialog-title")]
    pub title_id: &'static str,
    /// Further classes.
    #[prop_or_default]
    pub class: Classes,
    /// The title is for ears only, where the rest says it to eyes.
    #[prop_or_default]
    pub is_bare: bool,
    pub children: Html,
}

/// The dialog.
#[component]
pub fn Modal(props: &ModalProps) -> Html {
    let words = use_words();
    let node = use_node_ref();
    use_effect_with((), {
        let node = node.clone();
        move |()| {
            let before =
                browser::document().active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok());
            if let Some(dialog) = node.cast::<HtmlDialogElement>() {
                let _ = dialog.show_modal();
            }
            move || {
                if let Some(before) = before.filter(|before| before.is_connected()) {
                    let _ = before.focus();
                }
            }
        }
    });
    let close = props.on_close.clone();
    let oncancel = {
        let close = close.clone();
        Callback::from(move |event: Event| {
            event.prevent_default();
            close.emit(());
        })
    };
    // A click on the veil is one on the dialog itself: what is in it covers it. It counts if it was pressed there too: a finger that
    // opened the dialog by a long press is lifted over it, and a selection in a field may end outside the box.
    let is_pressed = use_mut_ref(|| false);
    let onpointerdown = {
        let (is_pressed, node) = (is_pressed.clone(), node.clone());
        Callback::from(move |event: PointerEvent| *is_pressed.borrow_mut() = is_at(&event, &node))
    };
    let onclick = {
        let (close, node) = (close.clone(), node.clone());
        Callback::from(move |event: MouseEvent| {
            if is_pressed.replace(false) && is_at(&event, &node) {
                close.emit(());
            }
        })
    };
    let onkeydown = {
        let close = close.clone();
        Callback::from(move |event: KeyboardEvent| {
            // Not left to the platform alone: what lies under the dialog must not hear of it.
            event.stop_propagation();
            if event.key() == "Escape" && !browser::is_composing(&event) {
                event.prevent_default();
                close.emit(());
            }
        })
    };
    html! {
        <dialog ref={node} class={classes!("modal", props.class.clone())} aria-labelledby={props.title_id} {oncancel} {onpointerdown} {onclick} {onkeydown} data-testid={testids::DIALOG}>
            <div class="modal__box">
                if props.is_bare {
                    <h2 id={props.title_id} class="visually-hidden">{ &props.title }</h2>
                } else {
                    <div class="modal__head">
                        <h2 id={props.title_id} class="modal__title">{ &props.title }</h2>
                        <button class="button button--icon" onclick={close.reform(|_| ())} aria-label={words.close} title={words.close} data-testid={testids::DIALOG_CLOSE}>{ icon(Icon::Close) }</button>
                    </div>
                }
                { props.children.clone() }
            </div>
        </dialog>
    }
}

/// The event happened at this element itself, not at one within it.
fn is_at(event: &Event, node: &NodeRef) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
    target.is_some() && target == node.get()
}
