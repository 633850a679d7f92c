//! A part of a run's output, as lines: what the output view has loaded around the place that is shown. The output may
//! have a gibibyte, so the view loads chunks of it, drops those that are far away, and knows every line by its offset.

use std::collections::VecDeque;
use std::rc::Rc;

use wardroom_protocol::ansi::{Span, Style, spans};

use super::output_find::Streams;
use crate::limits::{OUTPUT_CHUNK_BYTES, OUTPUT_LINE_BYTES_MAX, OUTPUT_LINES_MAX, OUTPUT_LOG_BYTES_MAX};

/// Bytes of one descriptor that were written at one time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Part {
    /// The offset of the first byte.
    pub off: u64,
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// When they were written, Unix milliseconds.
    pub at: u64,
}

/// Consecutive bytes of the output.
#[derive(Clone, Debug)]
pub struct Chunk {
    off: u64,
    bytes: Vec<u8>,
    /// Ascending; the first one holds the first byte.
    parts: Vec<Part>,
    /// Line ends in it.
    ends: u64,
}

impl Chunk {
    /// The bytes at `off`. Bytes before the first part count as standard output.
    pub fn new(off: u64, bytes: Vec<u8>, parts: Vec<Part>) -> Chunk {
        let ends = line_ends(&bytes);
        Chunk { off, bytes, parts, ends }
    }

    fn end(&self) -> u64 {
        self.off + self.bytes.len() as u64
    }

    /// Its bytes by part: offset, descriptor, time, bytes.
    fn pieces(&self) -> impl Iterator<Item = (u64, u8, u64, &[u8])> {
        let first = Part { off: self.off, fd: 1, at: 0 };
        let is_whole = self.parts.first().is_some_and(|part| part.off <= self.off);
        let parts = (!is_whole).then_some(first).into_iter().chain(self.parts.iter().copied());
        let ends = self.parts.iter().skip(usize::from(is_whole)).map(|part| part.off).chain([u64::MAX]);
        parts.zip(ends).filter_map(|(part, end)| {
            let (from, upto) = (part.off.max(self.off), end.min(self.end()));
            let range = usize::try_from(from - self.off).ok()?..usize::try_from(upto.checked_sub(self.off)?).ok()?;
            let bytes = self.bytes.get(range).filter(|bytes| !bytes.is_empty())?;
            Some((from, part.fd, part.at, bytes))
        })
    }
}

/// A line of output; a long one is split into several.
#[derive(Clone, Debug)]
pub struct Line {
    /// The offset of its first byte.
    pub off: u64,
    /// The offset after its last byte, its line end included.
    pub end: u64,
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// When its first byte was written, Unix milliseconds; 0 if unknown.
    pub at: u64,
    /// Its text without the line end; controls and colours included, invalid UTF-8 as `U+FFFD`.
    pub text: Rc<str>,
    /// How many line ends are before it in this log; `None` if it continues the line above.
    pub nth: Option<u64>,
    /// The colours with which it begins.
    start: Style,
    /// The columns that its text takes.
    columns: u32,
}

impl Line {
    /// Its text in pieces of one colour.
    pub fn spans(&self) -> Vec<Span> {
        spans(&self.text, &mut self.start.clone())
    }

    /// The rows that it takes if rows have `columns` columns; without, one.
    pub fn rows(&self, columns: Option<u32>) -> u32 {
        columns.map_or(1, |columns| self.columns.div_ceil(columns.max(1)).max(1))
    }
}

/// The incomplete line of a stream.
#[derive(Clone, Debug, Default)]
struct Open {
    bytes: Vec<u8>,
    /// Its place in the lines.
    index: Option<usize>,
    /// The colours of the next line.
    next: Style,
    /// The next line continues this one.
    is_split: bool,
}

/// The loaded part of an output.
#[derive(Clone, Debug, Default)]
pub struct OutputLog {
    streams: Streams,
    chunks: VecDeque<Chunk>,
    lines: Vec<Line>,
    open: [Open; 2],
    /// Line ends of all streams so far.
    ends: u64,
}

impl OutputLog {
    /// An empty log of these streams.
    pub fn new(streams: Streams) -> OutputLog {
        OutputLog { streams, ..OutputLog::default() }
    }

    /// The lines, by ascending offset.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The offset of the first byte, and that after the last one.
    pub fn range(&self) -> Option<(u64, u64)> {
        Some((self.chunks.front()?.off, self.chunks.back()?.end()))
    }

    /// True if nothing more fits.
    pub fn is_full(&self) -> bool {
        self.bytes() >= OUTPUT_LOG_BYTES_MAX || self.lines.len() >= OUTPUT_LINES_MAX
    }

    /// The offset of each chunk, and how many line ends of this log are before it.
    pub fn line_ends_before(&self) -> impl Iterator<Item = (u64, u64)> {
        self.chunks.iter().scan(0, |sum, chunk| {
            let before = *sum;
            *sum += chunk.ends;
            Some((chunk.off, before))
        })
    }

    /// The index of the line that holds this byte.
    pub fn line_of(&self, off: u64) -> Option<usize> {
        let (begin, end) = self.range()?;
        let fd = self.fd_of(off);
        let holds = |line: &Line| line.off <= off && off < line.end && Some(line.fd) == fd;
        // Lines overlap where two streams were written at the same time: the last one that fits is the narrowest.
        let upto = self.lines.partition_point(|line| line.off <= off);
        let found = self.lines.get(..upto)?.iter().rposition(holds);
        // The byte may be of a stream that is not shown.
        found.or_else(|| (begin <= off && off < end).then(|| upto.saturating_sub(1)))
    }

    /// Adds a chunk after the last one. Drops what is too much from the beginning; returns true if it did.
    pub fn push_back(&mut self, chunk: Chunk) -> bool {
        self.parse(&chunk);
        self.chunks.push_back(chunk);
        let mut is_cut = false;
        while self.is_full() && self.chunks.len() > 2 {
            self.chunks.pop_front();
            is_cut = true;
        }
        if is_cut {
            self.parse_again();
        }
        is_cut
    }

    /// Adds a chunk before the first one, and drops what is too much from the end.
    pub fn push_front(&mut self, chunk: Chunk) {
        self.chunks.push_front(chunk);
        while self.bytes() >= OUTPUT_LOG_BYTES_MAX && self.chunks.len() > 2 {
            self.chunks.pop_back();
        }
        self.parse_again();
    }

    /// Adds output as it is written, after the last byte; `false` if it does not follow. If only one stream is shown,
    /// there may be others in between.
    pub fn append(&mut self, off: u64, fd: u8, at: u64, bytes: &[u8]) -> bool {
        let end = self.range().map_or(off, |(_, end)| end);
        if end > off || (end < off && self.streams == Streams::Both) {
            return false;
        }
        let part = Part { off, fd, at };
        let piece = Chunk::new(off, bytes.to_vec(), vec![part]);
        let has_room = |last: &&mut Chunk| end == off && last.bytes.len() + bytes.len() <= OUTPUT_CHUNK_BYTES as usize;
        match self.chunks.back_mut().filter(has_room) {
            Some(last) => {
                last.ends += piece.ends;
                last.bytes.extend_from_slice(bytes);
                if last.parts.last().is_none_or(|last| last.fd != fd || last.at != at) {
                    last.parts.push(part);
                }
                self.parse(&piece);
            }
            None => drop(self.push_back(piece)),
        }
        true
    }

    fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.bytes.len()).sum()
    }

    fn fd_of(&self, off: u64) -> Option<u8> {
        let chunk = self.chunks.iter().find(|chunk| chunk.off <= off && off < chunk.end())?;
        chunk.pieces().take_while(|(from, ..)| *from <= off).last().map(|(_, fd, ..)| fd)
    }

    fn parse_again(&mut self) {
        self.lines.clear();
        (self.open, self.ends) = Default::default();
        let chunks = std::mem::take(&mut self.chunks);
        chunks.iter().for_each(|chunk| self.parse(chunk));
        self.chunks = chunks;
    }

    fn parse(&mut self, chunk: &Chunk) {
        for (mut off, fd, at, mut bytes) in chunk.pieces() {
            if !self.streams.has(fd) {
                self.ends += line_ends(bytes);
                continue;
            }
            while !bytes.is_empty() {
                let eaten = self.extend(fd, at, off, bytes);
                off += eaten as u64;
                bytes = bytes.get(eaten..).unwrap_or_default();
            }
        }
    }

    /// Adds the first bytes to the line of their stream; returns how many.
    fn extend(&mut self, fd: u8, at: u64, off: u64, bytes: &[u8]) -> usize {
        let Some(open) = self.open.get_mut(usize::from(fd == 2)) else { return bytes.len() };
        let room = OUTPUT_LINE_BYTES_MAX.saturating_sub(open.bytes.len()).max(1);
        let reach = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        let line_end = reach.iter().position(|&byte| byte == b'\n');
        let piece = reach.get(..line_end.unwrap_or(reach.len())).unwrap_or_default();
        let eaten = line_end.map_or(reach.len(), |at| at + 1);
        open.bytes.extend_from_slice(piece);
        let is_over = line_end.is_some() || open.bytes.len() >= OUTPUT_LINE_BYTES_MAX;
        let shown = open.bytes.strip_suffix(b"\r").filter(|_| is_over).unwrap_or(&open.bytes);
        let text: Rc<str> = Rc::from(String::from_utf8_lossy(shown));
        let start = open.next;
        let mut style = start;
        let columns = spans(&text, &mut style).iter().map(|span| columns(&span.text)).sum();
        let end = off + eaten as u64;
        match open.index.and_then(|index| self.lines.get_mut(index)) {
            Some(line) => (line.text, line.columns, line.end) = (text, columns, end),
            None => {
                let nth = (!open.is_split).then_some(self.ends);
                open.index = Some(self.lines.len());
                self.lines.push(Line { off, end, fd, at, text, nth, start, columns });
            }
        }
        if is_over {
            *open = Open { next: style, is_split: line_end.is_none(), ..Open::default() };
        }
        self.ends += u64::from(line_end.is_some());
        eaten
    }
}

fn line_ends(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// The columns of a text. Tabs go to the next eighth column; wide characters take two.
fn columns(text: &str) -> u32 {
    text.chars().fold(0, |sum, c| match c {
        '\t' => (sum / 8 + 1) * 8,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{ffdc}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'.. => sum + 2,
        _ => sum + 1,
    })
}

/// How many rows are above each line, and at last how many there are.
pub fn rows_above(lines: &[Line], columns: Option<u32>) -> Vec<u32> {
    let mut sum = 0;
    let mut above: Vec<u32> = Vec::with_capacity(lines.len() + 1);
    for line in lines {
        above.push(sum);
        sum += line.rows(columns);
    }
    above.push(sum);
    above
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn chunk(off: u64, pieces: &[(u8, &str)]) -> Chunk {
        let (mut bytes, mut parts) = (Vec::new(), Vec::new());
        for (fd, text) in pieces {
            parts.push(Part { off: off + bytes.len() as u64, fd: *fd, at: 7 });
            bytes.extend_from_slice(text.as_bytes());
        }
        Chunk::new(off, bytes, parts)
    }

    fn texts(log: &OutputLog) -> Vec<(u64, u8, String)> {
        log.lines().iter().map(|line| (line.off, line.fd, line.text.to_string())).collect()
    }

    #[test]
    fn chunks_join_at_both_ends() {
        let mut log = OutputLog::new(Streams::Both);
        log.push_back(chunk(10, &[(1, "two\nthr")]));
        log.push_back(chunk(17, &[(1, "ee\n")]));
        log.push_front(chunk(3, &[(1, "one\ntwo")]));
        assert_eq!(texts(&log), [(3, 1, "one".to_owned()), (7, 1, "twotwo".to_owned()), (14, 1, "three".to_owned())]);
        assert_eq!(log.range(), Some((3, 20)));
        assert_eq!(log.line_ends_before().collect::<Vec<_>>(), [(3, 0), (10, 1), (17, 2)]);
        assert_eq!(log.lines().iter().map(|line| line.nth).collect::<Vec<_>>(), [Some(0), Some(1), Some(2)]);
    }

    #[test]
    fn lines_of_two_streams_do_not_mix() {
        let mut log = OutputLog::new(Streams::Both);
        log.push_back(chunk(0, &[(1, "ou"), (2, "err\nwor"), (1, "t\r\n"), (2, "se")]));
        assert_eq!(texts(&log), [(0, 1, "out".into()), (2, 2, "err".into()), (6, 2, "worse".into())]);
        for (byte, line) in [(0, "out"), (1, "out"), (2, "err"), (5, "err"), (6, "worse"), (9, "out"), (12, "worse")] {
            assert_eq!(&*log.lines()[log.line_of(byte).unwrap()].text, line, "{byte}");
        }
        assert_eq!(log.line_of(14), None);
        let mut errors = OutputLog::new(Streams::Err);
        errors.push_back(chunk(0, &[(1, "out\n"), (2, "err\n"), (1, "put\n")]));
        assert_eq!(texts(&errors), [(4, 2, "err".into())]);
        assert_eq!(errors.line_of(9), Some(0));
        assert!(errors.append(20, 2, 9, b"more\n"), "what is between is not shown");
        assert_eq!(texts(&errors), [(4, 2, "err".into()), (20, 2, "more".into())]);
    }

    #[test]
    fn colours_and_characters_go_over_the_ends_of_lines_and_chunks() {
        let mut log = OutputLog::new(Streams::Both);
        let bytes = "\x1b[31ma\nbü".as_bytes();
        let (first, second) = bytes.split_at(bytes.len() - 1);
        log.push_back(Chunk::new(0, first.to_vec(), vec![Part { off: 0, fd: 1, at: 7 }]));
        assert!(log.append(first.len() as u64, 1, 8, second));
        assert!(!log.append(99, 1, 8, b"gap"));
        let last = &log.lines()[1];
        assert_eq!((&*last.text, last.spans()[0].style.foreground, last.at), ("bü", Some(1), 7));
    }

    #[test]
    fn it_is_bounded() {
        let mut log = OutputLog::new(Streams::Both);
        let part = "x".repeat(OUTPUT_CHUNK_BYTES as usize - 1) + "\n";
        let mut off = 0;
        for _ in 0..2 * OUTPUT_LOG_BYTES_MAX / part.len() {
            log.push_back(chunk(off, &[(1, &part)]));
            off += part.len() as u64;
        }
        let (begin, end) = log.range().unwrap();
        assert!(end == off && end - begin <= OUTPUT_LOG_BYTES_MAX as u64, "{begin} {end}");
        assert!(log.lines().iter().all(|line| line.text.len() <= OUTPUT_LINE_BYTES_MAX));
        let last = log.lines().iter().rev().find_map(|line| line.nth).unwrap();
        assert_eq!(last + 1, log.chunks.iter().map(|chunk| chunk.ends).sum::<u64>());
        log.push_front(chunk(begin - part.len() as u64, &[(1, &part)]));
        let (_, end) = log.range().unwrap();
        assert!(end < off, "the end was dropped");
        let empty = "\n".repeat(OUTPUT_CHUNK_BYTES as usize);
        for at in 0..10 {
            log.push_back(chunk(end + at * OUTPUT_CHUNK_BYTES, &[(1, &empty)]));
        }
        assert!(log.lines().len() <= OUTPUT_LINES_MAX + OUTPUT_CHUNK_BYTES as usize);
    }

    #[test]
    fn long_lines_take_several_rows() {
        let mut log = OutputLog::new(Streams::Both);
        log.push_back(chunk(0, &[(1, "\x1b[31m0123456789\x1b[0m\n\n\tab\n回滚\n")]));
        let rows: Vec<u32> = log.lines().iter().map(|line| line.rows(Some(4))).collect();
        assert_eq!(rows, [3, 1, 3, 1]);
        assert_eq!(rows_above(log.lines(), Some(4)), [0, 3, 4, 7, 8]);
        assert_eq!(rows_above(log.lines(), None), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn bytes_without_a_part_are_standard_output() {
        let mut log = OutputLog::new(Streams::Both);
        log.push_back(Chunk::new(5, b"a\nb\n".to_vec(), vec![Part { off: 7, fd: 2, at: 1 }]));
        assert_eq!(texts(&log), [(5, 1, "a".into()), (7, 2, "b".into())]);
    }
}
