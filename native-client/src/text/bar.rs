//! The progress of a file: a bar on stderr if it is a terminal, or a callback for the owner of the terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The progress of one file: a bar, hidden if stderr is not a terminal; or a callback that draws it.
pub(crate) enum Bar {
    Drawn(ProgressBar),
    Told(Box<dyn Fn(u64) + Send + Sync>),
}

impl Bar {
    /// Makes a bar for a number of bytes.
    pub(crate) fn new(name: &str, size: u64, wanted: bool) -> Bar {
        Bar::of(name, size, wanted, "{prefix} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} {msg}")
    }

    /// Makes a bar for a number of items.
    pub(crate) fn counted(name: &str, count: u64, wanted: bool) -> Bar {
        Bar::of(name, count, wanted, "{prefix} {wide_bar} {pos}/{len} {eta} {msg}")
    }

    fn of(name: &str, size: u64, wanted: bool, template: &str) -> Bar {
        let is_seen = wanted && std::io::stderr().is_terminal();
        let target = if is_seen { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(size), target);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(wardroom_protocol::visible::visible(name).into_owned());
        if is_seen {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Bar::Drawn(bar)
    }

    /// Sets the number of bytes that are done.
    pub(crate) fn set(&self, bytes: u64) {
        match self {
            Bar::Drawn(bar) => bar.set_position(bytes),
            Bar::Told(tell) => tell(bytes),
        }
    }

    /// Shows a status.
    pub(crate) fn say(&self, words: &str) {
        if let Bar::Drawn(bar) = self {
            bar.set_message(words.to_owned());
        }
    }

    /// Removes the bar.
    pub(crate) fn clear(&self) {
        if let Bar::Drawn(bar) = self {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.clear();
    }
}
