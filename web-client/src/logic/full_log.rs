//! A run's output as the full view shows it: all lines that were fetched, each with the colours that it begins with,
//! and which of them are drawn. Fed by the engine, in order of offset; bounded in bytes.

use std::collections::VecDeque;

use crate::limits::{FULL_LINE_BYTES_MAX, FULL_LINES_MAX, FULL_LOG_BYTES_MAX, FULL_OVERSCAN_LINES};
use crate::text::ansi::{Span, Style, spans};

/// The lines.
#[derive(Clone, Debug, Default)]
pub struct FullLog {
    lines: VecDeque<LogLine>,
    lines_bytes: usize,
    open: [Open; 2],
    skipped_bytes: u64,
    skipped_lines: u64,
    /// The byte whose line is looked for.
    wanted: Option<u64>,
    /// Lines that ended, ever; and before the one that is looked for, once it has ended.
    ended: u64,
    found: Option<u64>,
}

/// One line.
#[derive(Clone, Debug)]
struct LogLine {
    fd: u8,
    start: Style,
    text: String,
}

/// The unfinished line of a stream, and the colours that the stream has come to.
#[derive(Clone, Debug, Default)]
struct Open {
    bytes: Vec<u8>,
    style: Style,
    /// The byte that is looked for is in it.
    is_wanted: bool,
}

impl FullLog {
    /// One that begins at this byte of the output, and looks for the line with that one.
    pub fn beginning_at(off: u64, wanted: Option<u64>) -> Self {
        FullLog { skipped_bytes: off, wanted, ..FullLog::default() }
    }

    /// Takes the next bytes of a stream, which stand at `off` in the output.
    pub fn push(&mut self, fd: u8, mut off: u64, bytes: &[u8]) {
        let stream = usize::from(fd == 2);
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|&b| b == b'\n') {
            let (line, after) = rest.split_at(at);
            self.look(stream, off, at as u64 + 1);
            self.take(fd, stream, line);
            self.end_line(fd, stream);
            off += at as u64 + 1;
            rest = after.get(1..).unwrap_or_default();
        }
        self.look(stream, off, rest.len() as u64);
        self.take(fd, stream, rest);
    }

    /// The index of the line that is looked for, once it is here and as long as it is kept.
    pub fn wanted(&self) -> Option<usize> {
        let dropped = self.ended - self.lines.len() as u64;
        let ended = self.found.and_then(|found| found.checked_sub(dropped)).map(|index| index as usize);
        ended.or_else(|| {
            let mut open = self.open.iter().filter(|open| !open.bytes.is_empty());
            open.position(|open| open.is_wanted).map(|nth| self.lines.len() + nth)
        })
    }

    /// How many lines there are, unfinished ones included.
    pub fn len(&self) -> usize {
        self.lines.len() + self.open.iter().filter(|open| !open.bytes.is_empty()).count()
    }

    /// There is no output.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of output before the first line.
    pub fn skipped_bytes(&self) -> u64 {
        self.skipped_bytes
    }

    /// The number of the line at `index`, from 1; `None` where the log does not begin at the output's start, so that
    /// nobody knows.
    pub fn number(&self, index: usize) -> Option<u64> {
        (self.skipped_bytes == 0 || self.skipped_lines > 0).then_some(index as u64 + self.skipped_lines + 1)
    }

    /// The line at `index`: its stream and its text in pieces.
    pub fn line(&self, index: usize) -> Option<(u8, Vec<Span>)> {
        if let Some(line) = self.lines.get(index) {
            let mut style = line.start;
            return Some((line.fd, spans(&line.text, &mut style)));
        }
        let mut open = self.open.iter().zip([1u8, 2]).filter(|(open, _)| !open.bytes.is_empty());
        let (open, fd) = open.nth(index.checked_sub(self.lines.len())?)?;
        let mut style = open.style;
        Some((fd, spans(&String::from_utf8_lossy(&open.bytes), &mut style)))
    }

    /// All text without colours, as it is copied.
    pub fn text(&self) -> String {
        let mut out = String::with_capacity(self.lines_bytes);
        for index in 0..self.len() {
            for span in self.line(index).map(|(_, spans)| spans).unwrap_or_default() {
                out.push_str(&span.text);
            }
            out.push('\n');
        }
        out
    }

    fn look(&mut self, stream: usize, off: u64, len: u64) {
        if let Some(open) = self.open.get_mut(stream)
            && self.wanted.is_some_and(|wanted| (off..off + len).contains(&wanted))
        {
            open.is_wanted = true;
        }
    }

    fn take(&mut self, fd: u8, stream: usize, mut bytes: &[u8]) {
        while let Some(open) = self.open.get_mut(stream) {
            let room = FULL_LINE_BYTES_MAX.saturating_sub(open.bytes.len());
            if bytes.len() <= room {
                open.bytes.extend_from_slice(bytes);
                return;
            }
            let (now, later) = bytes.split_at(room);
            open.bytes.extend_from_slice(now);
            self.end_line(fd, stream);
            bytes = later;
        }
    }

    fn end_line(&mut self, fd: u8, stream: usize) {
        let Some(open) = self.open.get_mut(stream) else { return };
        let text = String::from_utf8_lossy(open.bytes.strip_suffix(b"\r").unwrap_or(&open.bytes)).into_owned();
        open.bytes.clear();
        if std::mem::take(&mut open.is_wanted) {
            self.found = Some(self.ended);
        }
        self.ended += 1;
        let start = open.style;
        spans(&text, &mut open.style);
        self.lines_bytes += text.len() + 1;
        self.lines.push_back(LogLine { fd, start, text });
        while self.lines_bytes > FULL_LOG_BYTES_MAX || self.lines.len() > FULL_LINES_MAX {
            let Some(first) = self.lines.pop_front() else { break };
            self.lines_bytes = self.lines_bytes.saturating_sub(first.text.len() + 1);
            // Numbers stay right as long as they were known.
            if self.skipped_bytes == 0 || self.skipped_lines > 0 {
                self.skipped_lines += 1;
            }
            self.skipped_bytes += first.text.len() as u64 + 1;
        }
    }
}

/// Which lines are drawn, of `all`, where the view is scrolled to `top` and `height` pixels high, and each line
/// `line_height` pixels: those in sight and some on both sides.
pub fn window(all: usize, top: f64, height: f64, line_height: f64) -> std::ops::Range<usize> {
    let line_height = line_height.max(1.0);
    let first = (top.max(0.0) / line_height) as usize;
    let count = (height.max(0.0) / line_height) as usize + 1;
    let from = first.saturating_sub(FULL_OVERSCAN_LINES).min(all);
    from..(first.saturating_add(count).saturating_add(FULL_OVERSCAN_LINES)).min(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(log: &FullLog) -> Vec<(u8, String)> {
        (0..log.len())
            .filter_map(|i| log.line(i))
            .map(|(fd, spans)| (fd, spans.into_iter().map(|s| s.text).collect()))
            .collect()
    }

    #[test]
    fn two_streams_do_not_mix() {
        let mut log = FullLog::default();
        log.push(1, 0, b"on");
        log.push(2, 0, b"bad\nwor");
        log.push(1, 0, b"e\ntwo\n");
        assert_eq!(texts(&log), [(2, "bad"), (1, "one"), (1, "two"), (2, "wor")].map(|(fd, t)| (fd, t.to_owned())));
        assert_eq!(log.number(0), Some(1));
        assert_eq!(log.text(), "bad\none\ntwo\nwor\n");
    }

    #[test]
    fn colours_go_over_line_ends() {
        let mut log = FullLog::default();
        log.push(1, 0, b"\x1b[31ma\nb\n");
        let (_, second) = log.line(1).unwrap_or_default();
        assert_eq!(second.first().and_then(|s| s.style.ink), Some(1));
    }

    #[test]
    fn it_is_bounded() {
        let mut log = FullLog::default();
        log.push(1, 0, &vec![b'x'; FULL_LINE_BYTES_MAX * 2 + 1]);
        assert_eq!(log.len(), 3);
        for _ in 0..FULL_LOG_BYTES_MAX / FULL_LINE_BYTES_MAX + 4 {
            log.push(1, 0, &vec![b'x'; FULL_LINE_BYTES_MAX]);
        }
        assert!(log.lines_bytes <= FULL_LOG_BYTES_MAX);
        assert!(log.skipped_bytes() > 0 && log.number(0).is_some_and(|n| n > 1));
        assert_eq!(FullLog::beginning_at(7, None).number(0), None);
        let mut empty_lines = FullLog::default();
        empty_lines.push(1, 0, &vec![b'\n'; FULL_LINES_MAX + 5]);
        assert_eq!((empty_lines.len(), empty_lines.number(0)), (FULL_LINES_MAX, Some(6)));
    }

    #[test]
    fn the_line_of_a_byte() {
        let pieces: [(u8, &[u8]); 4] = [(1, b"tail\none\ntw"), (2, b"bad\nwor"), (1, b"o\n"), (2, b"se")];
        let index_of = |wanted: u64| {
            let (mut log, mut off) = (FullLog::beginning_at(100, Some(wanted)), 100);
            for (fd, bytes) in pieces {
                log.push(fd, off, bytes);
                off += bytes.len() as u64;
            }
            log.wanted().and_then(|index| texts(&log).into_iter().nth(index)).map(|(_, text)| text)
        };
        for (wanted, line) in [
            (100, "tail"),
            (104, "tail"),
            (105, "one"),
            (110, "two"),
            (111, "bad"),
            (115, "worse"),
            (118, "two"),
            (121, "worse"),
        ] {
            assert_eq!(index_of(wanted).as_deref(), Some(line), "{wanted}");
        }
        assert_eq!((index_of(99), index_of(122)), (None, None));
        let mut log = FullLog::beginning_at(0, Some(0));
        log.push(1, 0, b"first\n");
        log.push(1, 6, &vec![b'\n'; FULL_LINES_MAX]);
        assert_eq!(log.wanted(), None, "it is kept no more");
    }

    #[test]
    fn only_what_is_seen_is_drawn() {
        let drawn = window(1_000_000, 500_000.0, 600.0, 20.0);
        assert!(drawn.contains(&25_000) && drawn.contains(&25_030) && drawn.len() < 30 + 2 * FULL_OVERSCAN_LINES + 3);
        assert_eq!(window(3, 9999.0, 600.0, 20.0), 3..3);
        assert_eq!(window(0, 0.0, 0.0, 0.0), 0..0);
    }
}
