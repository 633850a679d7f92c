//! The terminal: its size, whether it can show more than ASCII, and the mode in which keys are read one by one. However
//! the chat ends, even by an error or a panic, the guard restores it.

use std::io::{self, Write};

use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};

/// Columns and rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

/// Returns the size of the terminal on standard output; the usual size since 1978 if it is unknown.
pub(crate) fn size() -> Size {
    let known = tcgetwinsize(io::stdout()).ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
    known.map_or(Size { columns: 80, rows: 24 }, |size| Size {
        columns: usize::from(size.ws_col),
        rows: usize::from(size.ws_row),
    })
}

/// What the terminal can display.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Capabilities {
    /// Cursor movements: it is not `TERM=dumb`.
    pub(crate) moves: bool,
    /// More than ASCII, by the locale (POSIX: `LC_ALL`, then `LC_CTYPE`, then `LANG`).
    pub(crate) utf8: bool,
    /// Bold and dim; not with `NO_COLOR` (no-color.org).
    pub(crate) styles: bool,
}

impl Capabilities {
    /// Determines them from the environment.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<String>) -> Capabilities {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        Capabilities {
            moves: set("TERM").is_some_and(|term| term != "dumb"),
            utf8: locale.contains("utf-8") || locale.contains("utf8"),
            styles: set("NO_COLOR").is_none(),
        }
    }
}

/// Bracketed paste, on and off.
const PASTES: (&[u8], &[u8]) = (b"\x1b[?2004h", b"\x1b[?2004l");

/// While this lives, keys are read one by one, without echo.
#[derive(Debug)]
pub(crate) struct Keys {
    before: Termios,
    single: Termios,
}

impl Keys {
    /// Takes the terminal on standard input and output.
    ///
    /// # Errors
    /// If it is not a terminal.
    pub(crate) fn one_by_one() -> io::Result<Keys> {
        let before = tcgetattr(io::stdin())?;
        let mut single = before.clone();
        // No lines, no echo, no signals by keys: Ctrl-C is a key here.
        single.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN);
        // Enter keeps its meaning, and Ctrl-S stops nothing. Output is not changed: a line feed still returns.
        single
            .input_modes
            .remove(InputModes::ICRNL | InputModes::INLCR | InputModes::IXON | InputModes::ISTRIP | InputModes::BRKINT);
        single.special_codes[SpecialCodeIndex::VMIN] = 1;
        single.special_codes[SpecialCodeIndex::VTIME] = 0;
        let keys = Keys { before, single };
        keys.take()?;
        Ok(keys)
    }

    /// Takes the terminal, at the start or after it was given back for a while.
    pub(crate) fn take(&self) -> io::Result<()> {
        tcsetattr(io::stdin(), OptionalActions::Drain, &self.single)?;
        tell(PASTES.0)
    }

    /// Gives it back. Unread input is discarded: the end of a paste must not become shell commands.
    pub(crate) fn give_back(&self) {
        tell(PASTES.1).ok();
        tcsetattr(io::stdin(), OptionalActions::Flush, &self.before).ok();
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.give_back();
    }
}

fn tell(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abilities_are_those_of_the_environment() {
        let of = |set: &'static [(&str, &str)]| {
            Capabilities::of(move |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        let able = of(&[("TERM", "xterm"), ("LANG", "de_DE.UTF-8")]);
        assert_eq!(able, Capabilities { moves: true, utf8: true, styles: true });
        assert!(!of(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]).utf8, "LC_ALL goes before LANG");
        assert!(of(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]).utf8, "an empty one is not set");
        assert!(!of(&[("TERM", "dumb")]).moves && !of(&[]).moves);
        assert!(!of(&[("NO_COLOR", "1")]).styles && of(&[("NO_COLOR", "")]).styles);
    }
}
