//! A screen drawn in a window of another size. A terminal's output cannot be passed on to such a window: lines would wrap
//! and scroll elsewhere.

use avt::{Cell, Line, Pen};

use crate::Screen;
use crate::paint::set_pen;

/// A window in which a screen is drawn: from its upper left corner on or, if the screen is larger, the part with its
/// cursor. The last row may have a note.
#[derive(Debug)]
pub struct Window {
    cols: usize,
    rows: usize,
    /// What was drawn last, by row.
    drawn: Vec<Vec<u8>>,
    /// The modes that were written last.
    modes: Vec<u8>,
}

impl Window {
    /// Creates an empty window of this size.
    pub fn new(cols: u16, rows: u16) -> Window {
        Window { cols: usize::from(cols), rows: usize::from(rows), drawn: Vec::new(), modes: Vec::new() }
    }

    /// Returns what makes the window show the screen, and a note in its last row: rows that have changed, and the cursor.
    pub fn draw(&mut self, screen: &Screen, note: Option<&str>) -> Vec<u8> {
        let cursor = screen.terminal().cursor();
        let lines: Vec<&Line> = screen.terminal().screen().visible_lines().collect();
        let height = self.rows.saturating_sub(usize::from(note.is_some()));
        let top = lines.len().saturating_sub(height).min(cursor.row);
        let left = cursor.col.saturating_sub(self.cols.saturating_sub(1));
        let mut rows: Vec<Vec<u8>> =
            lines.iter().skip(top).take(height).map(|line| drawn(line.cells(), left, self.cols)).collect();
        rows.resize(height, b"\x1b[K".to_vec());
        if let Some(note) = note {
            let note: String = note.chars().take(self.cols).collect();
            rows.push(format!("\x1b[7m{note}\x1b[0m\x1b[K").into_bytes());
        }

        let mut out = b"\x1b[?25l".to_vec();
        for (nth, row) in rows.iter().enumerate().filter(|(nth, row)| self.drawn.get(*nth) != Some(*row)) {
            out.extend_from_slice(format!("\x1b[{};1H", nth + 1).as_bytes());
            out.extend_from_slice(row);
        }
        self.drawn = rows;
        // A cursor behind the last column waits there for the next character to wrap.
        let (row, col) = (cursor.row.saturating_sub(top), cursor.col.saturating_sub(left));
        out.extend_from_slice(format!("\x1b[{};{}H", row + 1, col + 1).as_bytes());
        if cursor.visible && row < height {
            out.extend_from_slice(b"\x1b[?25h");
        }
        out
    }

    /// Returns the modes of keyboard and mouse, and the title, that the program has set, if they have changed since the
    /// last call. They follow what resets the modes of a terminal.
    pub fn new_modes(&mut self, screen: &Screen) -> Option<Vec<u8>> {
        let modes = screen.modes();
        (modes != self.modes).then(|| {
            self.modes.clone_from(&modes);
            modes
        })
    }
}

/// Returns the part of a line that a window shows, from a column on.
fn drawn(cells: &[Cell], left: usize, cols: usize) -> Vec<u8> {
    let is_blank = |cell: &Cell| cell.char() == ' ' && cell.width() == 1 && cell.pen().is_default();
    let used = cells.iter().rposition(|cell| !is_blank(cell)).map_or(0, |last| last + 1);
    let (mut out, mut pen, mut col) = (Vec::new(), Pen::default(), 0);
    for cell in cells.iter().take(used).skip(left).take(cols) {
        if *cell.pen() != pen {
            pen = *cell.pen();
            set_pen(&pen, &mut out);
        }
        match cell.width() {
            // The second half of a wide character, whose first half may be left of the window.
            0 if col == 0 => out.push(b' '),
            0 => {}
            // Only its first half would fit.
            2 if col + 1 == cols => out.push(b' '),
            _ => out.extend_from_slice(cell.char().encode_utf8(&mut [0; 4]).as_bytes()),
        }
        col += 1;
    }
    if !pen.is_default() {
        out.extend_from_slice(b"\x1b[m");
    }
    // In the last column it would remove the last character.
    if col < cols {
        out.extend_from_slice(b"\x1b[K");
    }
    out
}

#[cfg(test)]
mod tests {
    use wardroom_protocol::messages::TermSize;

    use super::*;

    fn screen(cols: u16, rows: u16, output: &[u8]) -> Screen {
        let mut screen = Screen::new(TermSize { cols, rows }, 0);
        screen.feed(output, &mut Vec::new());
        screen
    }

    /// What a terminal of the window's size shows after these bytes.
    fn shown(cols: u16, rows: u16, drawn: &[Vec<u8>]) -> (Vec<String>, usize) {
        let shown = screen(cols, rows, &drawn.concat());
        (shown.lines(), shown.cursor_row())
    }

    #[test]
    fn a_smaller_screen_is_in_the_corner_and_scrolls_as_it_would() {
        let (mut small, mut window) = (Screen::new(TermSize { cols: 10, rows: 3 }, 0), Window::new(40, 8));
        let mut drawn = vec![window.draw(&small, Some("note"))];
        for part in ["one\r\ntwo\r\n", "three\r\nfour", "\r\nwrapped beyond it", "\x1b[1;31m 中文"] {
            small.feed(part.as_bytes(), &mut Vec::new());
            drawn.push(window.draw(&small, Some("note")));
        }
        let (lines, row) = shown(40, 8, &drawn);
        assert_eq!(lines, ["wrapped be", "yond it 中", "文", "", "", "", "", "note"]);
        assert_eq!(row, 2);
    }

    #[test]
    fn of_a_larger_screen_the_part_with_the_cursor_is_seen() {
        let mut output: Vec<u8> =
            (1..=20).flat_map(|n| format!("line {n} {}\r\n", "x".repeat(20)).into_bytes()).collect();
        let mut window = Window::new(10, 5);
        let bottom = window.draw(&screen(40, 21, &output), Some("a note that is cut"));
        let (lines, row) = shown(10, 5, std::slice::from_ref(&bottom));
        assert_eq!(lines, ["line 18 xx", "line 19 xx", "line 20 xx", "", "a note tha"]);
        assert_eq!(row, 3);
        output.extend_from_slice("\x1b[2;12H中\x1b[2;14H".as_bytes());
        let right = window.draw(&screen(40, 21, &output), Some("a note that is cut"));
        let (lines, row) = shown(10, 5, &[bottom, right]);
        assert_eq!(lines.first().map(String::as_str), Some(" 2 xxxx中x"), "{lines:?}");
        assert_eq!(row, 0);
    }

    #[test]
    fn halves_of_wide_characters_are_spaces() {
        let mut window = Window::new(4, 3);
        let bytes = window.draw(&screen(12, 2, "中文字\x1b[1;5H".as_bytes()), None);
        assert_eq!(shown(4, 3, &[bytes]).0, [" 文"], "the cursor is in the fifth column");
    }

    #[test]
    fn only_what_has_changed_is_drawn() {
        let mut window = Window::new(20, 4);
        let (first, second) = (screen(10, 2, b"same\r\none"), screen(10, 2, b"same\r\ntwo"));
        window.draw(&first, Some("note"));
        let bytes = window.draw(&second, Some("note"));
        assert_eq!(String::from_utf8_lossy(&bytes), "\x1b[?25l\x1b[2;1Htwo\x1b[K\x1b[2;4H\x1b[?25h");
    }

    #[test]
    fn modes_are_told_once() {
        let (mut window, mouse) = (Window::new(20, 4), screen(10, 2, b"\x1b[?1000h\x1b[?1h"));
        let modes = window.new_modes(&mouse).unwrap_or_default();
        assert_eq!(String::from_utf8_lossy(&modes), "\x1b[?1000h\x1b[?1h");
        assert_eq!(window.new_modes(&mouse), None);
        assert_eq!(window.new_modes(&screen(10, 2, b"")), Some(Vec::new()), "and that they are no more");
    }
}
