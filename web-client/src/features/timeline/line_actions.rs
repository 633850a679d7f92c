//! The actions on a line: react, reply, edit, delete, copy its link. A toolbar beside the active line, or a sheet on
//! phones. Only the active line has one, so ten thousand lines cost nothing.

use wardroom_client_core::protocol::{Event, EventBody, Role, RoomRole};
use yew::prelude::*;

use crate::components::{CopyButton, Icon, Modal, icon};
use crate::engine::Engine;
use crate::hooks::{PtrEq, use_engine, use_ui, use_words};
use crate::i18n::{Words, fill};
use crate::logic::route::Route;
use crate::services::browser;
use crate::testids;
use crate::text::emoji::REACTIONS;
use crate::ui::{ComposeMode, Dialog, UiAction, UiHandle};

/// An overlay on the timeline.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Overlay {
    /// The actions on this line.
    Actions(u64),
    /// The emoji picker for this line.
    EmojiPicker(u64),
    /// Going to a day; a time in the day that is shown.
    GoToDay(u64),
}

#[derive(PartialEq, Properties)]
pub struct LineActionsProps {
    pub event: PtrEq<Event>,
    /// Opens an overlay, or closes it.
    pub on_open: Callback<Option<Overlay>>,
}

/// What the user may do with a line.
#[derive(Clone, Copy)]
struct Permissions {
    answer: bool,
    edit: bool,
    delete: bool,
}

impl Permissions {
    fn of(engine: &Engine, event: &Event) -> Permissions {
        let (is_open, is_keeper) = engine.read(|client| {
            let role = client.you().map(|you| you.role);
            let info = client.rooms().get(&event.room).map(|room| &room.info);
            let is_open = info.is_some_and(|info| info.joined && !info.archived && info.role != Some(RoomRole::Reader));
            let is_owner = info.is_some_and(|info| info.role == Some(RoomRole::Owner));
            (is_open && role >= Some(Role::Member), is_open && (is_owner || role == Some(Role::Admin)))
        });
        let is_message = matches!(&event.body, EventBody::Message(said) if !said.deleted);
        let is_mine = event.by.as_str() == engine.user();
        let is_answered = is_message || matches!(event.body, EventBody::RunStarted(_) | EventBody::FileAdded(_));
        Permissions {
            answer: is_open && is_answered,
            edit: is_open && is_message && is_mine,
            delete: is_message && ((is_open && is_mine) || is_keeper),
        }
    }
}

/// The toolbar.
#[component]
pub fn LineActions(props: &LineActionsProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let ui = use_ui();
    let is_picking = use_state_eq(|| false);
    let seq = props.event.seq;
    if browser::is_narrow() {
        let open = props.on_open.reform(move |_: MouseEvent| Some(Overlay::Actions(seq)));
        return html! { <div class="line-actions">{ tool(Icon::More, words.line_actions, open, testids::LINE_MORE) }</div> };
    }
    let may = Permissions::of(&engine, &props.event);
    let pick = {
        let is_picking = is_picking.clone();
        Callback::from(move |_: MouseEvent| is_picking.set(!*is_picking))
    };
    let more = {
        let (on_open, is_picking) = (props.on_open.clone(), is_picking.setter());
        Callback::from(move |_: MouseEvent| {
            is_picking.set(false);
            on_open.emit(Some(Overlay::EmojiPicker(seq)));
        })
    };
    let done = {
        let is_picking = is_picking.setter();
        Callback::from(move |()| is_picking.set(false))
    };
    html! {
        <div class="line-actions" role="group" aria-label={words.line_actions} data-testid={testids::LINE_ACTIONS}>
            if may.answer {
                <button class="text-button text-button--icon" onclick={pick} aria-expanded={is_picking.to_string()} aria-label={words.react} title={words.react}
                    data-testid={testids::REACT}>{ icon(Icon::Emoji) }</button>
            }
            { buttons(&props.event, may, &ui, words, None) }
            if *is_picking {
                <span class="line-actions__picker" role="group" aria-label={words.react}>
                    { quick(&engine, &props.event, words, &done) }
                    { tool(Icon::Add, words.react_more, more, testids::REACT_MORE) }
                </span>
            }
        </div>
    }
}

/// The sheet for phones, which covers the page and moves nothing.
#[component]
pub fn ActionSheet(props: &LineActionsProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let ui = use_ui();
    let seq = props.event.seq;
    let may = Permissions::of(&engine, &props.event);
    let close = props.on_open.reform(|()| None);
    let more = props.on_open.reform(move |_: MouseEvent| Some(Overlay::EmojiPicker(seq)));
    html! {
        <Modal title={words.line_actions} on_close={close.clone()} class="modal--sheet">
            <div class="action-sheet" data-testid={testids::LINE_ACTIONS}>
                if may.answer {
                    <div class="action-sheet__emoji" role="group" aria-label={words.react}>
                        { quick(&engine, &props.event, words, &close) }
                        { tool(Icon::Add, words.react_more, more, testids::REACT_MORE) }
                    </div>
                }
                { buttons(&props.event, may, &ui, words, Some(&close)) }
            </div>
        </Modal>
    }
}

fn tool(of: Icon, says: &'static str, onclick: Callback<MouseEvent>, testid: &'static str) -> Html {
    html! { <button class="text-button text-button--icon" {onclick} aria-label={says} title={says} data-testid={testid}>{ icon(of) }</button> }
}

/// All buttons except reactions; with labels in a sheet, which they close.
fn buttons(
    event: &PtrEq<Event>,
    may: Permissions,
    ui: &UiHandle,
    words: &'static Words,
    close: Option<&Callback<()>>,
) -> Html {
    let (room, seq) = (event.room.clone(), event.seq);
    let button = |of: Icon, says: &'static str, act: UiAction, testid: &'static str| {
        let onclick = {
            let (ui, close) = (ui.clone(), close.cloned());
            Callback::from(move |_: MouseEvent| {
                if let Some(close) = &close {
                    close.emit(());
                }
                ui.dispatch(act.clone());
            })
        };
        match close {
            None => tool(of, says, onclick, testid),
            Some(_) => {
                html! { <button class="action-sheet__item" {onclick} data-testid={testid}>{ icon(of) }{ says }</button> }
            }
        }
    };
    let address =
        Callback::from(move |()| browser::base_address() + &Route::Room(room.clone(), Some((seq, None))).path());
    html! {
        <>
            if may.answer { { button(Icon::Reply, words.reply, UiAction::Compose(ComposeMode::Reply(seq)), testids::REPLY) } }
            if may.edit { { button(Icon::Edit, words.edit, UiAction::Compose(ComposeMode::Edit(seq)), testids::EDIT) } }
            if may.delete { { button(Icon::Delete, words.delete, UiAction::Dialog(Some(Dialog::DeleteMessage(seq))), testids::DELETE) } }
            <CopyButton text={address} label={words.copy_link} class={if close.is_some() { "action-sheet__item" } else { "text-button text-button--icon" }} icon_shown={Icon::Link} is_bare={close.is_none()} testid={testids::COPY_LINK} />
        </>
    }
}

/// The most common reactions.
fn quick(engine: &Engine, event: &PtrEq<Event>, words: &'static Words, done: &Callback<()>) -> Html {
    let emoji = |emoji: &'static str| {
        let onclick = {
            let (engine, event, done) = (engine.clone(), event.clone(), done.clone());
            Callback::from(move |_: MouseEvent| {
                done.emit(());
                toggle_reaction(&engine, &event, emoji);
            })
        };
        html! {
            <button key={emoji} class="line-actions__emoji" {onclick} aria-label={fill(words.react_with, &[emoji])} data-testid={testids::REACT_EMOJI} data-emoji={emoji}>{ emoji }</button>
        }
    };
    REACTIONS.into_iter().map(emoji).collect()
}

/// Gives a reaction, or removes the user's own.
pub fn toggle_reaction(engine: &Engine, event: &Event, emoji: &str) {
    let is_mine = |by: &wardroom_client_core::protocol::UserName| by.as_str() == engine.user();
    let gave = event.body.reactions().iter().any(|given| given.emoji == emoji && given.by.iter().any(is_mine));
    engine.react(&event.room, event.seq, emoji, !gave);
}

#[derive(PartialEq, Properties)]
pub struct ReactionsProps {
    pub event: PtrEq<Event>,
}

/// The reactions below a line; a click toggles the user's own.
#[component]
pub fn Reactions(props: &ReactionsProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let given = props.event.body.reactions();
    if given.is_empty() {
        return Html::default();
    }
    let mark = |given: &wardroom_client_core::protocol::event::Reactions| {
        let is_mine = given.by.iter().any(|by| by.as_str() == engine.user());
        let onclick = {
            let (engine, event, emoji) = (engine.clone(), props.event.clone(), given.emoji.clone());
            Callback::from(move |_: MouseEvent| toggle_reaction(&engine, &event, &emoji))
        };
        let who = given.by.iter().map(|by| engine.display_name(by.as_str())).collect::<Vec<_>>().join(", ");
        html! {
            <button key={given.emoji.clone()} class={classes!("reaction", is_mine.then_some("reaction--mine"))} {onclick} aria-pressed={is_mine.to_string()}
                aria-label={fill(words.reaction_by, &[&given.emoji, &given.by.len().to_string(), &who])} title={who.clone()} data-testid={testids::REACTION} data-emoji={given.emoji.clone()}>
                { &given.emoji }{ " " }<span class="num">{ given.by.len() }</span>
            </button>
        }
    };
    html! { <div class="reactions">{ for given.iter().map(mark) }</div> }
}
