//! How far a file is: a bar on stderr, only where it is a terminal, or words of whoever owns the terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far one file is: a bar, hidden where nobody looks; or told to somebody who draws it.
pub(crate) enum Bar {
    Drawn(ProgressBar),
    Told(Box<dyn Fn(u64) + Send + Sync>),
}

impl Bar {
    /// A bar for so many bytes.
    pub(crate) fn new(name: &str, size: u64, wanted: bool) -> Bar {
        Bar::of(name, size, wanted, "{prefix} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} {msg}")
    }

    /// A bar for so many of anything.
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

    /// So many bytes are safe.
    pub(crate) fn set(&self, bytes: u64) {
        match self {
            Bar::Drawn(bar) => bar.set_position(bytes),
            Bar::Told(tell) => tell(bytes),
        }
    }

    /// A word about how it stands.
    pub(crate) fn say(&self, words: &str) {
        if let Bar::Drawn(bar) = self {
            bar.set_message(words.to_owned());
        }
    }

    /// Takes the bar away.
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
