//! The contexts of the page: the engine, with a redraw when a part of its model changes, and the UI state.

use yew::prelude::*;

use crate::engine::{Engine, Topic};
use crate::ui::UiHandle;

#[hook]
pub fn use_engine() -> Engine {
    use_context::<Engine>().expect("everything but signing in is inside Shell")
}

/// The engine; redraws the component after each frame in which the topic changed.
#[hook]
pub fn use_topic(topic: Topic) -> Engine {
    let engine = use_engine();
    let update = use_force_update();
    use_effect_with((engine.clone(), topic), move |(engine, topic)| {
        let subscription = engine.subscribe(topic.clone(), Callback::from(move |()| update.force_update()));
        move || drop(subscription)
    });
    engine
}

/// The UI state, and the way to change it.
#[hook]
pub fn use_ui() -> UiHandle {
    use_context::<UiHandle>().expect("everything but signing in is inside Shell")
}
