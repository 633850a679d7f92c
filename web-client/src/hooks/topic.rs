//! The engine, and being drawn anew when a part of its model moves.

use yew::prelude::*;

use crate::app::{Engine, Topic};

/// The engine.
#[hook]
pub fn use_engine() -> Engine {
    use_context::<Engine>().expect("everything but signing in is inside Shell")
}

/// The engine; the component is drawn anew after each frame in which the topic moved.
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
