//! Our own terminal while it shows another one: every key is read as it is, and output is not changed. It is restored
//! however the command ends, also by a panic.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// The modes to restore, while the terminal is raw. A static, because a panic hook has nothing else.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);
/// The program shows the alternate screen.
static IS_ALTERNATE: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// Leaves the alternate screen.
const MAIN_SCREEN: &[u8] = b"\x1b[?1049l";
/// Ends what programs switch on and may leave on when they are left or killed: mouse reports, focus reports, pasting
/// marks, application keys, reverse video, insert mode, character sets, styles, a hidden cursor, scroll margins.
pub(super) const PLAIN: &[u8] =
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[?2026l\x1b[?1l\
    \x1b>\x1b[?5l\x1b[?7h\x1b[4l\x1b(B\x0f\x1b7\x1b[r\x1b8\x1b[0m\x1b[0 q\x1b[>4;0m\x1b[=0u\x1b[?25h";

/// While this lives, the terminal is raw.
#[derive(Debug)]
pub(super) struct RawTerminal {
    raw: Termios,
    modes: Modes,
}

impl RawTerminal {
    /// Takes the terminal on standard input and output.
    ///
    /// # Errors
    /// If it is not a terminal.
    pub(super) fn take() -> io::Result<RawTerminal> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        HOOK.call_once(|| {
            let next = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                restore();
                next(info);
            }));
        });
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        let terminal = RawTerminal { raw, modes: Modes::default() };
        terminal.again()?;
        Ok(terminal)
    }

    /// Makes it raw again, after the process was stopped for a while.
    pub(super) fn again(&self) -> io::Result<()> {
        Ok(tcsetattr(io::stdin(), OptionalActions::Drain, &self.raw)?)
    }

    /// Returns what clears it for a picture of a screen. What is on it now scrolls away, unless it is an earlier picture.
    pub(super) fn cleared(&mut self, is_picture: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        if IS_ALTERNATE.swap(false, Ordering::Relaxed) {
            bytes.extend_from_slice(MAIN_SCREEN);
        }
        self.modes = Modes::default();
        bytes.extend_from_slice(PLAIN);
        if !is_picture {
            let rows = crate::edit::size().rows;
            bytes.resize(bytes.len().saturating_add(rows), b'\n');
        }
        bytes.extend_from_slice(b"\x1b[H\x1b[2J");
        bytes
    }

    /// Returns true if the program shows the alternate screen.
    pub(super) fn is_alternate(&self) -> bool {
        IS_ALTERNATE.load(Ordering::Relaxed)
    }

    /// Looks at what is about to be written to it.
    pub(super) fn note(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.modes.take(*byte);
        }
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Restores the terminal, once. Unread input is discarded: keys for the run must not become commands for the shell here.
fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(before) = before else { return };
    // Not through the lock of standard output, which a panicking thread may hold.
    if IS_ALTERNATE.swap(false, Ordering::Relaxed) {
        rustix::io::write(io::stdout(), MAIN_SCREEN).ok();
    }
    rustix::io::write(io::stdout(), PLAIN).ok();
    tcsetattr(io::stdin(), OptionalActions::Flush, &before).ok();
}

/// Follows which screen is shown: DECSET and DECRST of 47, 1047 and 1049, however the output is cut.
#[derive(Debug, Default)]
struct Modes {
    /// How much of `ESC [ ?` has come.
    begun: u8,
    number: u32,
    names_screen: bool,
}

impl Modes {
    fn take(&mut self, byte: u8) {
        match (self.begun, byte) {
            (_, b'\x1b') => *self = Modes { begun: 1, ..Modes::default() },
            (1, b'[') => self.begun = 2,
            (2, b'?') => self.begun = 3,
            (3, b'0'..=b'9') => {
                self.number = self.number.saturating_mul(10).saturating_add(u32::from(byte.saturating_sub(b'0')));
            }
            (3, b';' | b'h' | b'l') => {
                self.names_screen |= matches!(self.number, 47 | 1047 | 1049);
                self.number = 0;
                if byte != b';' {
                    if self.names_screen {
                        IS_ALTERNATE.store(byte == b'h', Ordering::Relaxed);
                    }
                    *self = Modes::default();
                }
            }
            _ => *self = Modes::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_screen_in_use_is_known() {
        let mut modes = Modes::default();
        let mut after = |text: &str| {
            text.bytes().for_each(|byte| modes.take(byte));
            IS_ALTERNATE.load(Ordering::Relaxed)
        };
        assert!(!after("plain \x1b[1049h \x1b[?25l"));
        assert!(!after("\x1b[?10"));
        assert!(after("49h"));
        assert!(after("\x1b[?1049\x1b[?2004l"), "one that another sequence cuts off");
        assert!(!after("\x1b[?25;1049l"));
    }
}
