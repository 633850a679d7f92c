//! A line editor for a terminal: keys, the text and its history, a screen whose lines are printed above what is edited. It knows
//! nothing of rooms, of commands, or of the connection; `commands::chat` gives it its prompt, its hints and its names. Why it is
//! not a library's: `docs/adr/0005-the-line-editor.md`.

mod buffer;
mod editor;
mod history;
mod keys;
mod layout;
mod menu;
mod screen;
mod terminal;

pub(crate) use editor::{Act, Editor, fits_a_message, is_command};
pub(crate) use keys::{Decoder, Key};
pub(crate) use layout::{Frame, Row, cut};
pub(crate) use screen::Screen;
pub(crate) use terminal::{Capabilities, Keys};
