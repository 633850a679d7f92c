//! Removes what is below the room's lines, writes lines, and draws it again beneath them. Nothing else writes to the
//! terminal during editing, so that no output lands in the middle of the edited text.

use std::fmt::Write as _;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::layout::{Frame, Layout, Style, layout};
use super::terminal::{Size, size};

/// Our part of the terminal.
#[derive(Debug)]
pub(crate) struct Screen {
    styles: bool,
    utf8: bool,
    /// What is drawn now.
    drawn: Option<Drawn>,
    /// The size that it was drawn for.
    size: Size,
}

/// What was drawn, by the widths of its rows.
#[derive(Debug)]
struct Drawn {
    layout: Layout,
    widths: Vec<usize>,
}

impl Screen {
    pub(crate) fn new(utf8: bool, styles: bool) -> Screen {
        Screen { styles, utf8, drawn: None, size: size() }
    }

    /// Handles a new size of the window.
    pub(crate) fn resize(&mut self) -> io::Result<()> {
        let mut out = String::new();
        self.size = size();
        self.erase(&mut out);
        emit(&out)
    }

    /// Writes a line above the edited text, which the next [`Screen::draw`] draws again.
    pub(crate) fn print(&mut self, line: &str) -> io::Result<()> {
        let mut out = String::with_capacity(line.len().saturating_add(16));
        self.erase(&mut out);
        out.push_str(line);
        out.push('\n');
        emit(&out)
    }

    /// Removes the edited text: another program writes, or the chat ends.
    pub(crate) fn leave(&mut self) -> io::Result<()> {
        let mut out = String::new();
        self.erase(&mut out);
        emit(&out)
    }

    /// Clears the screen.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.drawn = None;
        emit("\x1b[H\x1b[2J")
    }

    pub(crate) fn bell(&mut self) -> io::Result<()> {
        emit("\x07")
    }

    /// Draws the frame, if it has changed.
    pub(crate) fn draw(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let layout = layout(frame, self.size);
        if self.drawn.as_ref().is_some_and(|drawn| drawn.layout == layout) {
            return Ok(());
        }
        let mut out = String::new();
        self.erase(&mut out);
        for (at, row) in layout.rows.iter().enumerate() {
            if at > 0 {
                out.push_str("\r\n");
            }
            match row.style {
                Style::Dim if self.styles => push_styled(&mut out, "2", &row.words),
                Style::Bold if self.styles => push_styled(&mut out, "1", &row.words),
                _ => out.push_str(&row.words),
            }
        }
        let up = layout.rows.len().saturating_sub(1).saturating_sub(layout.caret_row);
        if up > 0 {
            let _ = write!(out, "\x1b[{up}A");
        }
        out.push('\r');
        if layout.caret_column > 0 {
            let _ = write!(out, "\x1b[{}C", layout.caret_column);
        }
        let widths = layout.rows.iter().map(|row| row.words.width()).collect();
        self.drawn = Some(Drawn { layout, widths });
        if !self.utf8 {
            out = out.replace('…', "~");
        }
        emit(&out)
    }

    /// Moves to the beginning of the drawn part, and clears from there on.
    fn erase(&mut self, out: &mut String) {
        let Some(drawn) = self.drawn.take() else { return };
        let columns = self.size.columns.max(1);
        // If the window has become narrower since, terminals break a row into several.
        let above = drawn.widths.iter().take(drawn.layout.caret_row).map(|width| width.div_ceil(columns).max(1));
        let up = above.sum::<usize>().saturating_add(drawn.layout.caret_column / columns);
        out.push('\r');
        if up > 0 {
            let _ = write!(out, "\x1b[{up}A");
        }
        out.push_str("\x1b[J");
    }
}

fn push_styled(out: &mut String, style: &str, words: &str) {
    let _ = write!(out, "\x1b[{style}m{words}\x1b[0m");
}

fn emit(bytes: &str) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    out.write_all(bytes.as_bytes())?;
    out.flush()
}
