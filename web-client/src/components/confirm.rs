//! A confirmation before something is deleted, archived or removed: says what will happen and offers two answers. The
//! harmless one has the focus.

use yew::prelude::*;

use super::Modal;
use crate::hooks::use_words;
use crate::testids;
use crate::text::sanitize::sanitized;

#[derive(PartialEq, Properties)]
pub struct ConfirmProps {
    /// The question.
    pub title: AttrValue,
    /// What will happen.
    pub lead: AttrValue,
    /// The text of the affected item.
    #[prop_or_default]
    pub quote: String,
    /// The label of the confirming button.
    pub yes: AttrValue,
    /// The user confirmed.
    pub on_yes: Callback<()>,
    /// Close the dialog, whatever the answer.
    pub on_close: Callback<()>,
}

#[component]
pub fn Confirm(props: &ConfirmProps) -> Html {
    let words = use_words();
    let on_close = props.on_close.clone();
    let yes = {
        let (on_yes, on_close) = (props.on_yes.clone(), on_close.clone());
        Callback::from(move |_: MouseEvent| {
            on_close.emit(());
            on_yes.emit(());
        })
    };
    html! {
        <Modal title={props.title.clone()} title_id="confirm-title" on_close={on_close.clone()}>
            <div class="form">
                <p>{ &props.lead }</p>
                if !props.quote.is_empty() { <blockquote class="markdown__quote">{ sanitized(&props.quote).into_owned() }</blockquote> }
                <div class="form__actions">
                    <button class="button" type="button" autofocus=true onclick={on_close.reform(|_| ())} data-testid={testids::CONFIRM_NO}>{ words.cancel }</button>
                    <button class="button button--danger" type="button" onclick={yes} data-testid={testids::CONFIRM_YES}>{ &props.yes }</button>
                </div>
            </div>
        </Modal>
    }
}
