//! The output of a chat: the room's lines to standard output, everything else to standard error; both to the screen if
//! a line is edited beneath them. All output of a chat passes through here, in order.

use std::io::{IsTerminal, Write};

use wardroom_protocol::visible::visible;

use super::super::Out;
use super::super::out::{failed, say};
use crate::edit::Screen;
use crate::exit::Failure;

/// The output.
pub(super) struct Output {
    out: Out,
    screen: Option<Screen>,
    /// Standard error is a terminal: the one used for editing.
    err_is_terminal: bool,
}

impl Output {
    /// Writes to a screen, if there is one.
    pub(super) fn new(screen: Option<Screen>) -> Output {
        Output { out: Out::new(), screen, err_is_terminal: std::io::stderr().is_terminal() }
    }

    pub(super) fn screen(&mut self) -> Option<&mut Screen> {
        self.screen.as_mut()
    }

    /// Writes a line of the room.
    pub(super) fn line(&mut self, line: &str) -> Result<(), Failure> {
        match &mut self.screen {
            Some(screen) => screen.print(line).map_err(|e| failed(&e)),
            None => self.out.line(line),
        }
    }

    /// Prints text for people. Failure is ignored.
    pub(super) fn say(&mut self, words: &str) {
        match &mut self.screen {
            Some(screen) if self.err_is_terminal => {
                screen.print(words).ok();
            }
            _ => say(words),
        }
    }

    /// Sets the window's title (OSC 2). Controls in it are made visible, so that they cannot end it. It moves no
    /// cursor.
    pub(super) fn title(&mut self, title: &str) {
        write!(std::io::stderr(), "\x1b]2;{}\x07", visible(title)).ok();
    }
}
