//! What can be done with a message: react, answer, say it otherwise, take it back, copy its address. Drawn only for the line
//! that is pointed at, focused or pressed, so that ten thousand lines cost nothing.

use wardroom_client_core::protocol::{Event, EventBody, Role, RoomRole};
use yew::prelude::*;

use crate::app::{Dialog, UiAct, UiHandle, Writing};
use crate::components::CopyButton;
use crate::hooks::{Same, use_engine, use_words};
use crate::i18n::fill;
use crate::logic::route::Route;
use crate::services::browser;
use crate::testids;
use crate::text::emoji::REACTIONS;

#[derive(PartialEq, Properties)]
pub struct ActsProps {
    pub event: Same<Event>,
}

/// The buttons.
#[component]
pub fn Acts(props: &ActsProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let ui = use_context::<UiHandle>().expect("inside House");
    let is_picking = use_state_eq(|| false);
    let event = &props.event.0;
    let (room, seq) = (event.room.clone(), event.seq);
    let (may_write, may_delete_all) = engine.read(|client| {
        let role = client.you().map(|you| you.role);
        let info = client.rooms().get(&room).map(|room| room.info.clone());
        let is_open =
            info.as_ref().is_some_and(|info| info.joined && !info.archived && info.role != Some(RoomRole::Reader));
        let is_owner = info.is_some_and(|info| info.role == Some(RoomRole::Owner)) || role == Some(Role::Admin);
        (is_open && role >= Some(Role::Member), is_open && is_owner)
    });
    let is_mine = event.by.as_str() == engine.user();
    let is_message = matches!(&event.body, EventBody::Message(said) if !said.deleted);
    let to = |act: UiAct| {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(act.clone()))
    };
    let address = {
        let room = room.clone();
        Callback::from(move |()| browser::base_address() + &Route::Room(room.clone(), Some((seq, None))).path())
    };
    let pick = {
        let is_picking = is_picking.clone();
        Callback::from(move |_: MouseEvent| is_picking.set(!*is_picking))
    };
    let emoji = |emoji: &'static str| {
        let give = {
            let (engine, event, is_picking) = (engine.clone(), props.event.clone(), is_picking.setter());
            Callback::from(move |_: MouseEvent| {
                is_picking.set(false);
                engine.react(&event.room, event.seq, emoji, !gave(&event, emoji, engine.user()));
            })
        };
        html! {
            <button key={emoji} class="acts__emoji" onclick={give} aria-label={fill(words.react_with, &[emoji])} data-testid={testids::REACT_EMOJI} data-emoji={emoji}>{ emoji }</button>
        }
    };
    html! {
        <div class="acts" role="group" aria-label={words.line_acts} data-testid={testids::LINE_ACTS}>
            if is_message && may_write {
                if *is_picking {
                    <span class="acts__picker" role="group" aria-label={words.react}>{ for REACTIONS.into_iter().map(emoji) }</span>
                }
                <button class="act" onclick={pick} aria-expanded={is_picking.to_string()} data-testid={testids::REACT}>{ words.react }</button>
                <button class="act" onclick={to(UiAct::Write(Writing::Reply(seq)))} data-testid={testids::REPLY}>{ words.reply }</button>
                if is_mine {
                    <button class="act" onclick={to(UiAct::Write(Writing::Edit(seq)))} data-testid={testids::EDIT}>{ words.edit }</button>
                }
                if is_mine || may_delete_all {
                    <button class="act act--bad" onclick={to(UiAct::Dialog(Some(Dialog::Delete(seq))))} data-testid={testids::DELETE}>{ words.delete }</button>
                }
            }
            <CopyButton text={address} says={words.copy_link} testid={testids::COPY_LINK} />
        </div>
    }
}

/// True if this user gave this reaction.
fn gave(event: &Event, emoji: &str, user: &str) -> bool {
    match &event.body {
        EventBody::Message(said) => {
            said.reactions.iter().any(|given| given.emoji == emoji && given.by.iter().any(|by| by.as_str() == user))
        }
        _ => false,
    }
}

/// The reactions under a message; a press gives one's own or takes it back.
#[component]
pub fn Marks(props: &ActsProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let EventBody::Message(said) = &props.event.body else { return Html::default() };
    if said.reactions.is_empty() {
        return Html::default();
    }
    let mark = |given: &wardroom_client_core::protocol::event::Reactions| {
        let is_mine = given.by.iter().any(|by| by.as_str() == engine.user());
        let onclick = {
            let (engine, event, emoji) = (engine.clone(), props.event.clone(), given.emoji.clone());
            Callback::from(move |_: MouseEvent| engine.react(&event.room, event.seq, &emoji, !is_mine))
        };
        let who = given.by.iter().map(|by| by.as_str()).collect::<Vec<_>>().join(", ");
        html! {
            <button key={given.emoji.clone()} class={classes!("mark", is_mine.then_some("mark--mine"))} {onclick} aria-pressed={is_mine.to_string()}
                aria-label={fill(words.reaction_by, &[&given.emoji, &given.by.len().to_string(), &who])} title={who.clone()} data-testid={testids::MARK} data-emoji={given.emoji.clone()}>
                { &given.emoji }{ " " }<span class="num">{ given.by.len() }</span>
            </button>
        }
    };
    html! { <div class="marks">{ for said.reactions.iter().map(mark) }</div> }
}
