//! Writes an emulator's state as bytes that restore it in another terminal. The emulator's own dump has everything but
//! the scrollback, which is printed and scrolled out first.

use avt::{Color, Line, Pen};

use crate::limits::SCROLLBACK_BYTES_MAX;

/// Writes what restores scrollback, both buffers, cursor, tabs, margins, character sets and the modes that change how
/// text is placed.
pub(super) fn paint(terminal: &avt::Terminal, out: &mut Vec<u8>) {
    let (_, rows) = terminal.size();
    let primary = terminal.primary_screen();
    let count = primary.all_lines().count().saturating_sub(rows);
    let scrollback: Vec<&Line> = primary.all_lines().take(count).collect();
    let lines = last_lines(&scrollback);
    let is_wrapped = scrollback.last().is_some_and(|line| line.is_wrapped());
    for line in lines.iter().rev() {
        out.extend_from_slice(line);
    }
    if !lines.is_empty() {
        if is_wrapped {
            // Anything wraps the last line; what is on the screen overwrites it.
            out.push(b' ');
        }
        // What has not scrolled out yet does now.
        out.extend_from_slice(format!("\x1b[{rows};1H").as_bytes());
        out.extend(std::iter::repeat_n(b'\n', lines.len().min(rows.saturating_sub(1))));
        out.extend_from_slice(b"\x1b[H");
    }
    common(&terminal.dump(), out);
}

/// Writes the emulator's dump with sequences that every terminal knows: characters instead of repetitions (REP), and
/// HTS and TBC for tabs instead of CTC.
fn common(dump: &str, out: &mut Vec<u8>) {
    let mut last = "";
    let mut rest = dump;
    while let Some(at) = rest.find('\x1b') {
        let (text, sequence) = rest.split_at(at);
        out.extend_from_slice(text.as_bytes());
        last = text.char_indices().last().and_then(|(at, _)| text.get(at..)).unwrap_or(last);
        let end = match sequence.as_bytes().get(1) {
            Some(b'[') => sequence
                .char_indices()
                .skip(2)
                .find(|(_, ch)| ('@'..='~').contains(ch))
                .map_or(usize::MAX, |(at, _)| at + 1),
            Some(0x20..=0x2f) => 3,
            _ => 2,
        };
        let end = sequence.ceil_char_boundary(end.min(sequence.len()));
        let (sequence, after) = sequence.split_at(end);
        rest = after;
        let count = sequence.strip_prefix("\x1b[").and_then(|digits| digits.strip_suffix('b'));
        match (sequence, count.map(str::parse::<usize>)) {
            (_, Some(Ok(count))) => out.extend_from_slice(last.repeat(count).as_bytes()),
            ("\x1b[5W", _) => out.extend_from_slice(b"\x1b[3g"),
            ("\x1b[W" | "\x1b[0W", _) => out.extend_from_slice(b"\x1bH"),
            _ => out.extend_from_slice(sequence.as_bytes()),
        }
    }
    out.extend_from_slice(rest.as_bytes());
}

/// Returns the last lines that fit, the last one first.
fn last_lines(scrollback: &[&Line]) -> Vec<Vec<u8>> {
    let (mut lines, mut bytes) = (Vec::new(), 0);
    for (index, line) in scrollback.iter().enumerate().rev() {
        let before = index.checked_sub(1).and_then(|before| scrollback.get(before));
        let mut text = Vec::new();
        print(line, before.is_some_and(|before| before.is_wrapped()), &mut text);
        bytes += text.len();
        if bytes > SCROLLBACK_BYTES_MAX {
            break;
        }
        lines.push(text);
    }
    lines
}

/// Prints a line from its first column on. `is_continued` if the line before wraps into it.
fn print(line: &Line, is_continued: bool, out: &mut Vec<u8>) {
    let cells = line.cells();
    let is_blank = |cell: &avt::Cell| cell.char() == ' ' && cell.width() == 1 && cell.pen().is_default();
    let used = if line.is_wrapped() {
        cells.len()
    } else {
        let used = cells.iter().rposition(|cell| !is_blank(cell)).map_or(0, |last| last + 1);
        // A wrap happens with the first character after it.
        used.max(usize::from(is_continued))
    };
    let mut pen = Pen::default();
    for cell in cells.iter().take(used).filter(|cell| cell.width() > 0) {
        if *cell.pen() != pen {
            pen = *cell.pen();
            set_pen(&pen, out);
        }
        out.extend_from_slice(cell.char().encode_utf8(&mut [0; 4]).as_bytes());
    }
    if !pen.is_default() {
        out.extend_from_slice(b"\x1b[m");
    }
    if line.is_wrapped() {
        return;
    }
    if is_continued && used < cells.len() {
        // The row that a wrap has opened has the colour of its first character.
        out.extend_from_slice(b"\x1b[K");
    }
    out.extend_from_slice(b"\r\n");
}

pub(super) fn set_pen(pen: &Pen, out: &mut Vec<u8>) {
    let mut sgr = "\x1b[0".to_owned();
    for (code, is_on) in [
        (1, pen.is_bold()),
        (2, pen.is_faint()),
        (3, pen.is_italic()),
        (4, pen.is_underline()),
        (5, pen.is_blink()),
        (7, pen.is_inverse()),
        (9, pen.is_strikethrough()),
    ] {
        if is_on {
            sgr.push_str(&format!(";{code}"));
        }
    }
    for (base, colour) in [(38, pen.foreground()), (48, pen.background())] {
        match colour {
            Some(Color::Indexed(n)) => sgr.push_str(&format!(";{base};5;{n}")),
            Some(Color::RGB(rgb)) => sgr.push_str(&format!(";{base};2;{};{};{}", rgb.r, rgb.g, rgb.b)),
            None => {}
        }
    }
    sgr.push('m');
    out.extend_from_slice(sgr.as_bytes());
}
