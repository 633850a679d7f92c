//! Hooks that several features share.

mod context;
mod page_focus;
mod prefs;
mod ptr_eq;
mod step;
mod tick;
mod today;

pub use context::{use_engine, use_topic, use_ui};
pub use page_focus::use_page_focus;
pub use prefs::{Prefs, PrefsAction, PrefsHandle, Theme, use_prefs, use_words};
pub use ptr_eq::PtrEq;
pub use step::use_step;
pub use tick::use_tick;
pub use today::use_today;
