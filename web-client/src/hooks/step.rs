//! Drawing in steps.

use gloo_timers::callback::Timeout;
use yew::prelude::*;

/// Counts from 0 to `last`, and redraws the component each time, in tasks of their own. A component that draws its parts
/// step by step lets the browser handle what is typed and touched in between, which a slow phone needs.
#[hook]
pub fn use_step(last: u8) -> u8 {
    let step = use_state(|| 0);
    use_effect_with(*step, {
        let step = step.clone();
        move |at| {
            let timer = (*at < last).then(|| Timeout::new(0, move || step.set(*step + 1)));
            move || drop(timer)
        }
    });
    *step
}
