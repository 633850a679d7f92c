//! What several features need of Yew and the browser.

mod prefs;
mod same;
mod tick;
mod today;
mod topic;
mod visible;

pub use prefs::{Prefs, PrefsAct, PrefsHandle, Theme, use_prefs, use_words};
pub use same::Same;
pub use tick::use_tick;
pub use today::use_today;
pub use topic::{use_engine, use_topic};
pub use visible::use_page_looked_at;
