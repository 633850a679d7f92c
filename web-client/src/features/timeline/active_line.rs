//! The active line: hovered, focused with the arrow keys, or long-pressed; and the keys that act on it.

use gloo_timers::callback::Timeout;
use wardroom_client_core::protocol::RoomName;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::scroll_position::Nodes;
use crate::features::composer::focus_composer;
use crate::hooks::use_engine;
use crate::limits::LONG_PRESS_MS;
use crate::ui::{ComposeMode, Dialog, UiAction, UiHandle};

/// The event handlers of the timeline.
pub struct LineHandlers {
    /// The pointer enters a line.
    pub over: Callback<MouseEvent>,
    /// The pointer leaves a line.
    pub out: Callback<MouseEvent>,
    /// A line, or something in it, gets the focus.
    pub focus: Callback<FocusEvent>,
    /// A touch starts on a line.
    pub press: Callback<TouchEvent>,
    /// The touch moves or ends.
    pub rest: Callback<TouchEvent>,
    /// A key is pressed.
    pub keys: Callback<KeyboardEvent>,
}

/// The active line, and the handlers that find it.
#[hook]
pub fn use_active_line(
    nodes: &Nodes,
    ui: &UiHandle,
    room: &RoomName,
    on_press: Callback<u64>,
) -> (UseStateHandle<Option<u64>>, LineHandlers) {
    let engine = use_engine();
    let active = use_state_eq(|| None::<u64>);
    let timer = use_mut_ref(|| None::<Timeout>);
    let over = {
        let set = active.setter();
        Callback::from(move |event: MouseEvent| {
            if let Some(seq) = line_of(event.target()).and_then(|line| seq_of(&line)) {
                set.set(Some(seq));
            }
        })
    };
    let out = {
        let (set, nodes) = (active.setter(), nodes.clone());
        Callback::from(move |event: MouseEvent| {
            let Some(rows) = nodes.rows.cast::<Element>() else { return };
            let to = event.related_target().and_then(|to| to.dyn_into::<web_sys::Node>().ok());
            let has_focus = rows.contains(crate::services::browser::document().active_element().as_deref());
            if !rows.contains(to.as_ref()) && !has_focus {
                set.set(None);
            }
        })
    };
    let focus = {
        let set = active.setter();
        Callback::from(move |event: FocusEvent| {
            // Only keyboard focus: touching a line focuses it too.
            let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            if !element.is_some_and(|element| element.matches(":focus-visible").unwrap_or(false)) {
                return;
            }
            if let Some(seq) = line_of(event.target()).and_then(|line| seq_of(&line)) {
                set.set(Some(seq));
            }
        })
    };
    let press = {
        let timer = timer.clone();
        Callback::from(move |event: TouchEvent| {
            let Some(seq) = line_of(event.target()).and_then(|line| seq_of(&line)) else { return };
            let on_press = on_press.clone();
            *timer.borrow_mut() = Some(Timeout::new(LONG_PRESS_MS, move || on_press.emit(seq)));
        })
    };
    let rest = Callback::from(move |_: TouchEvent| *timer.borrow_mut() = None);
    let keys = {
        let (nodes, ui, room, active) = (nodes.clone(), ui.clone(), room.clone(), *active);
        Callback::from(move |event: KeyboardEvent| {
            if event.ctrl_key() || event.meta_key() || event.alt_key() {
                return;
            }
            let line = line_of(event.target()).filter(|line| Some(line.clone().into()) == event.target());
            let is_scroller = nodes.scroller.get().map(Into::into) == event.target();
            match (event.key().as_str(), line, active) {
                ("ArrowUp" | "ArrowDown", line, _) if line.is_some() || is_scroller => {
                    let is_up = event.key() == "ArrowUp";
                    if step(&nodes, line.as_ref(), is_up) {
                        event.prevent_default();
                    }
                }
                ("r", Some(_), Some(seq)) => act(&event, &ui, UiAction::Compose(ComposeMode::Reply(seq))),
                ("e", Some(line), Some(seq)) if line.get_attribute("data-by").as_deref() == Some(engine.user()) => {
                    act(&event, &ui, UiAction::Compose(ComposeMode::Edit(seq)));
                }
                ("Delete" | "Backspace", Some(line), Some(seq))
                    if line.get_attribute("data-by").as_deref() == Some(engine.user()) =>
                {
                    act(&event, &ui, UiAction::Dialog(Some(Dialog::DeleteMessage(seq))));
                }
                ("l", Some(_), Some(seq)) => act(&event, &ui, UiAction::JumpToLine(room.clone(), seq, None)),
                ("Escape", Some(_), _) => {
                    event.prevent_default();
                    focus_composer();
                }
                _ => {}
            }
        })
    };
    (active, LineHandlers { over, out, focus, press, rest, keys })
}

fn act(event: &KeyboardEvent, ui: &UiHandle, act: UiAction) {
    event.prevent_default();
    ui.dispatch(act);
}

/// The line in which an event happened.
fn line_of(target: Option<web_sys::EventTarget>) -> Option<HtmlElement> {
    target?.dyn_into::<Element>().ok()?.closest("[data-seq]").ok()??.dyn_into().ok()
}

fn seq_of(line: &HtmlElement) -> Option<u64> {
    line.get_attribute("data-seq")?.parse().ok()
}

/// Moves the focus to the previous or next line; from the timeline itself to the last visible one.
fn step(nodes: &Nodes, from: Option<&HtmlElement>, is_up: bool) -> bool {
    let mut next = match from {
        Some(line) if is_up => line.previous_element_sibling(),
        Some(line) => line.next_element_sibling(),
        None => nodes.rows.cast::<Element>().and_then(|rows| rows.last_element_child()),
    };
    while let Some(element) = next {
        if element.has_attribute("data-seq") {
            return element.dyn_into::<HtmlElement>().is_ok_and(|line| line.focus().is_ok());
        }
        next =
            if is_up || from.is_none() { element.previous_element_sibling() } else { element.next_element_sibling() };
    }
    false
}
