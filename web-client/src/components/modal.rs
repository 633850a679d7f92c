//! A modal dialog: the browser's own `dialog` element, which traps the focus, makes the page behind it inert and closes
//! on Escape. Afterwards the focus returns to where it was.

use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement};
use yew::prelude::*;

use super::{Icon, icon};
use crate::hooks::use_words;
use crate::services::browser;
use crate::testids;

#[derive(PartialEq, Properties)]
pub struct ModalProps {
    pub title: AttrValue,
    pub on_close: Callback<()>,
    /// The id of its title; a dialog on top of another needs a different one.
    #[prop_or("dialog-title")]
    pub title_id: &'static str,
    #[prop_or_default]
    pub class: Classes,
    /// The title is only for screen readers, because the content says it already.
    #[prop_or_default]
    pub is_bare: bool,
    pub children: Html,
}

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
    // A click on the backdrop targets the dialog itself, because its content covers the rest. It counts only if it was
    // pressed there too: a long press that opened the dialog ends over it, and a text selection may end outside the
    // box.
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
            // Do not leave it to the browser alone: the page below must not see the key.
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

/// The event's target is this element itself, not one inside it.
fn is_at(event: &Event, node: &NodeRef) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
    target.is_some() && target == node.get()
}
