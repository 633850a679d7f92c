//! A line editor for a terminal: keys, the text and its history, and a screen that prints lines above the edited text.
//! It knows no rooms, commands or connection; `commands::chat` provides prompt, hints and names.
//! `docs/adr/0005-the-line-editor.md` explains why it is not a library's.

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
pub(crate) use terminal::{Capabilities, Keys, Size, size};
