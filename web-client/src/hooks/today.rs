//! The current day.

use gloo_timers::callback::Timeout;
use yew::prelude::*;

use crate::services::browser;
use crate::text::format::ms_to_day_check;

/// The current local day; redraws the component when the next one begins.
#[hook]
pub fn use_today() -> i64 {
    let checks = use_state(|| 0_u32);
    let today = browser::local(browser::now_ms()).day;
    use_effect_with(*checks, {
        let checks = checks.clone();
        move |count| {
            let (next, now) = (count.wrapping_add(1), browser::now_ms());
            let timer = Timeout::new(ms_to_day_check(now, browser::local(now)), move || checks.set(next));
            move || drop(timer)
        }
    });
    today
}
