//! Regular redraws.

use gloo_timers::callback::Interval;
use yew::prelude::*;

/// Redraws the component every `every_ms`; never while it is `None`.
#[hook]
pub fn use_tick(every_ms: Option<u32>) {
    let update = use_force_update();
    use_effect_with(every_ms, move |every_ms| {
        let interval = every_ms.map(|ms| Interval::new(ms, move || update.force_update()));
        move || drop(interval)
    });
}
