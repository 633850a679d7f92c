//! A terminal in the timeline: its last screen as text. It is asked for again while the card is visible and the run is
//! running.

use std::rc::Rc;

use wardroom_client_core::protocol::RunId;
use wardroom_client_core::protocol::messages::{Answer, TermText, TermTextOk};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry};
use yew::prelude::*;

use crate::hooks::{use_engine, use_tick, use_words};
use crate::limits::SCREEN_EVERY_MS;
use crate::services::browser;
use crate::testids;
use crate::text::sanitize::sanitized;

#[derive(PartialEq, Properties)]
pub struct TerminalPreviewProps {
    pub run: RunId,
    pub is_running: bool,
}

#[component]
pub fn TerminalPreview(props: &TerminalPreviewProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let (run, is_running) = (props.run, props.is_running);
    let text = use_state_eq(|| None::<Rc<str>>);
    let place = use_node_ref();
    let is_visible = use_visible(&place);
    use_tick((is_running && is_visible).then_some(SCREEN_EVERY_MS));
    // One request for each tick; the state that it sets draws again without another.
    let turn = if is_running { browser::now_ms() / u64::from(SCREEN_EVERY_MS) } else { 0 };
    use_effect_with((is_visible, is_running, turn), {
        let text = text.setter();
        move |(is_visible, _, _)| {
            if *is_visible && browser::is_visible() {
                let on = Callback::from(move |answer: Result<Answer, _>| {
                    let screen = answer.ok().and_then(|answer| answer.fields::<TermTextOk>().ok());
                    if let Some(screen) = screen {
                        text.set(Some(sanitized(&screen.lines.join("\n")).as_ref().into()));
                    }
                });
                engine.request(TermText { run }, on);
            }
        }
    });
    let says = match text.as_deref() {
        None => words.output_loading,
        Some("") => words.no_output_yet,
        Some(_) => "",
    };
    html! {
        <pre class="output output--screen" ref={place} tabindex="0" data-testid={testids::TERMINAL_PREVIEW}>
            if says.is_empty() { { text.as_deref().unwrap_or_default() } } else { <span class="output__empty">{ says }</span> }
        </pre>
    }
}

/// True while the element is in the visible part of the page.
#[hook]
fn use_visible(place: &NodeRef) -> bool {
    let is_visible = use_state_eq(|| false);
    use_effect_with((), {
        let (place, set) = (place.clone(), is_visible.setter());
        move |()| {
            let closure = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
                if let Some(entry) = entries.iter().last() {
                    set.set(entry.unchecked_ref::<IntersectionObserverEntry>().is_intersecting());
                }
            });
            let observer = IntersectionObserver::new(closure.as_ref().unchecked_ref()).ok();
            if let (Some(observer), Some(element)) = (&observer, place.cast::<Element>()) {
                observer.observe(&element);
            }
            move || {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                drop(closure);
            }
        }
    });
    *is_visible
}
