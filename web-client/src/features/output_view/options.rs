//! How the lines of an output are shown.

use crate::services::storage;

/// How the lines are shown; kept in this browser.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LineOptions {
    /// Long lines are wrapped.
    pub wraps: bool,
    /// Each line has the time at which it was written.
    pub has_times: bool,
}

const OPTIONS_KEY: &str = "wardroom.output";

impl LineOptions {
    pub fn kept() -> LineOptions {
        let kept = storage::read(OPTIONS_KEY).unwrap_or_default();
        LineOptions { wraps: kept.contains('w'), has_times: kept.contains('t') }
    }

    pub fn keep(self) {
        let kept = format!("{}{}", if self.wraps { "w" } else { "" }, if self.has_times { "t" } else { "" });
        storage::write(OPTIONS_KEY, Some(&kept));
    }
}
