//! The screen of a terminal at one offset of its output: the emulator, what it does not keep itself (`modes`), and the
//! beginning of what is not complete yet. Knows no disk and no watcher.

use avt::parser::{EdScope, Function, State};
use wardroom_protocol::messages::TermSize;
use wardroom_protocol::terminal_queries::QueryScanner;

use crate::limits::{SCROLLBACK_CELLS_MAX, SCROLLBACK_LINES_MAX};
use crate::modes::Modes;
use crate::{answers, paint};

/// Bytes kept of a sequence that is not complete. A longer one is a string that no screen shows.
const PARTIAL_BYTES_MAX: usize = 4_096;

/// A screen.
pub struct Screen {
    terminal: avt::Terminal,
    parser: avt::Parser,
    modes: Modes,
    scanner: QueryScanner,
    size: TermSize,
    /// The offset after the last byte that was read.
    off: u64,
    /// The beginning of a sequence.
    partial: Vec<u8>,
    /// The beginning of a character.
    cut: Vec<u8>,
}

/// The answer to a query.
#[derive(Debug, Eq, PartialEq)]
pub struct Reply {
    /// The offset after the query.
    pub at: u64,
    /// What the terminal says.
    pub bytes: Vec<u8>,
}

impl Screen {
    /// Creates an empty screen.
    pub fn new(size: TermSize, off: u64) -> Self {
        Self {
            terminal: emulator_of(size),
            parser: avt::Parser::new(),
            modes: Modes::default(),
            scanner: QueryScanner::default(),
            size,
            off,
            partial: Vec::new(),
            cut: Vec::new(),
        }
    }

    /// Creates the screen that a snapshot restores.
    pub fn restored(size: TermSize, off: u64, snapshot: &[u8]) -> Self {
        let mut screen = Self::new(size, 0);
        screen.feed(snapshot, &mut Vec::new());
        screen.off = off;
        screen
    }

    /// The offset of the first byte that it does not contain.
    pub fn off(&self) -> u64 {
        self.off
    }

    /// Its size.
    pub fn size(&self) -> TermSize {
        self.size
    }

    /// The title that the program has set.
    pub fn title(&self) -> &str {
        self.modes.title()
    }

    /// Reads output. Answers to the queries in it are appended to `replies`.
    pub fn feed(&mut self, bytes: &[u8], replies: &mut Vec<Reply>) {
        let mut asked = Vec::new();
        self.scanner.scan(bytes, |end, query| asked.push((end, query)));
        let mut from = 0;
        for (end, query) in asked {
            self.show(bytes.get(from..end).unwrap_or_default());
            from = end;
            if let Some(bytes) = answers::answer(&query, &self.terminal, &self.modes) {
                replies.push(Reply { at: self.off, bytes });
            }
        }
        self.show(bytes.get(from..).unwrap_or_default());
    }

    /// Changes the size.
    pub fn resize(&mut self, size: TermSize) {
        if scrollback_max(size) < scrollback_max(self.size) {
            // The emulator keeps its limit: another one gets what fits.
            let mut painted = Vec::new();
            paint::paint(&self.terminal, &mut painted);
            let (cols, rows) = self.terminal.size();
            self.terminal = emulator(cols, rows, scrollback_max(size));
            self.terminal.feed(String::from_utf8_lossy(&painted).as_ref());
        }
        self.size = size;
        self.terminal.resize(usize::from(size.cols), usize::from(size.rows));
    }

    /// Returns what a terminal of this size that was reset must read to show the same.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.modes.write(&mut out);
        paint::paint(&self.terminal, &mut out);
        out.extend_from_slice(&self.partial);
        out.extend_from_slice(&self.cut);
        out
    }

    /// Returns the visible rows as text, without spaces at their ends and without empty rows at the bottom.
    pub fn lines(&self) -> Vec<String> {
        let rows = self.terminal.screen().visible_lines();
        let mut lines: Vec<String> = rows.map(|line| line.text().trim_end().to_owned()).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    /// Returns the row with the cursor, from 0 on.
    pub fn cursor_row(&self) -> usize {
        self.terminal.cursor().row
    }

    fn show(&mut self, bytes: &[u8]) {
        self.off = self.off.saturating_add(bytes.len() as u64);
        self.modes.read(bytes);
        let joined;
        let bytes = if self.cut.is_empty() {
            bytes
        } else {
            self.cut.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.cut);
            joined.as_slice()
        };
        let mut rest = bytes.len();
        for chunk in bytes.utf8_chunks() {
            rest = rest.saturating_sub(chunk.valid().len().saturating_add(chunk.invalid().len()));
            chunk.valid().chars().for_each(|ch| self.show_char(ch));
            if chunk.invalid().is_empty() {
                continue;
            }
            if rest == 0 && is_beginning(chunk.invalid()) {
                self.cut = chunk.invalid().to_vec();
            } else {
                self.show_char(char::REPLACEMENT_CHARACTER);
            }
        }
    }

    fn show_char(&mut self, ch: char) {
        // The string that ESC ends stays until the ST is complete: the scanner takes both as one.
        let is_in_string =
            matches!(self.parser.state, State::OscString | State::DcsPassthrough | State::SosPmApcString);
        let function = self.parser.feed(ch);
        if self.parser.state == State::Ground {
            self.partial.clear();
        } else {
            if ch == '\x1b' && !is_in_string {
                self.partial.clear();
            }
            // A control within a sequence is obeyed at once.
            if function.is_none() && self.partial.len() < PARTIAL_BYTES_MAX {
                self.partial.extend_from_slice(ch.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        match function {
            // The emulator keeps what it has; terminals, which `clear` is written for, forget it.
            Some(Function::Ed(EdScope::SavedLines)) => self.forget_scrollback(),
            Some(function) => self.terminal.execute(function),
            None => {}
        }
    }

    fn forget_scrollback(&mut self) {
        let rows = usize::from(self.size.rows);
        if self.terminal.primary_screen().all_lines().nth(rows).is_some() {
            let dump = self.terminal.dump();
            self.terminal = emulator_of(self.size);
            self.terminal.feed(dump);
        }
    }

    /// Returns what sets the modes of keyboard and mouse, and the title, in a terminal that was reset.
    pub(crate) fn modes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.modes.write(&mut out);
        if self.modes.is_set(true, 1) == Some(true) {
            out.extend_from_slice(b"\x1b[?1h");
        }
        out
    }

    pub(crate) fn terminal(&self) -> &avt::Terminal {
        &self.terminal
    }
}

fn emulator_of(size: TermSize) -> avt::Terminal {
    emulator(usize::from(size.cols.max(1)), usize::from(size.rows.max(1)), scrollback_max(size))
}

fn emulator(cols: usize, rows: usize, scrollback: usize) -> avt::Terminal {
    #[expect(clippy::unwrap_used, reason = "it refuses only sizes of 0")]
    avt::Terminal::with_scrollback(cols, rows, Some(scrollback)).unwrap()
}

/// Returns the lines of scrollback that a terminal of this size may have.
fn scrollback_max(size: TermSize) -> usize {
    SCROLLBACK_LINES_MAX.min(SCROLLBACK_CELLS_MAX / usize::from(size.cols.max(1)))
}

/// Returns true if more bytes may make this a character.
fn is_beginning(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}
