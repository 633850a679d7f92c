//! Where the words of a chat go: the room's lines to standard output, all others to standard error; and both to the one screen where
//! a line is being edited beneath them. Everything that a chat says goes through here, in its order.

use std::io::{IsTerminal, Write};

use wardroom_protocol::visible::visible;

use super::super::Out;
use super::super::out::{failed, say};
use crate::edit::Screen;
use crate::exit::Failure;

/// The way out.
pub(super) struct Output {
    out: Out,
    screen: Option<Screen>,
    /// Standard error is a terminal: the one that is edited on.
    err_is_terminal: bool,
}

impl Output {
    /// Onto a screen, if there is one.
    pub(super) fn new(screen: Option<Screen>) -> Output {
        Output { out: Out::new(), screen, err_is_terminal: std::io::stderr().is_terminal() }
    }

    pub(super) fn screen(&mut self) -> Option<&mut Screen> {
        self.screen.as_mut()
    }

    /// A line of the room.
    pub(super) fn line(&mut self, line: &str) -> Result<(), Failure> {
        match &mut self.screen {
            Some(screen) => screen.print(line).map_err(|e| failed(&e)),
            None => self.out.line(line),
        }
    }

    /// Words for people. Nobody reading them is no reason to stop.
    pub(super) fn say(&mut self, words: &str) {
        match &mut self.screen {
            Some(screen) if self.err_is_terminal => {
                screen.print(words).ok();
            }
            _ => say(words),
        }
    }

    /// The window's title (OSC 2). Controls in it are shown, so that the title ends where it is to end. It moves no cursor.
    pub(super) fn title(&mut self, title: &str) {
        write!(std::io::stderr(), "\x1b]2;{}\x07", visible(title)).ok();
    }
}
