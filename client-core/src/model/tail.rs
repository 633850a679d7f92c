//! The end of a run's output as lines: what a card shows. Bounded in bytes; the whole of it is fetched by offset.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::limits::{TAIL_BYTES_MAX, TAIL_LINE_BYTES_MAX};

/// The last lines of both streams in the order in which they were read, each line from one stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tail {
    lines: VecDeque<Line>,
    lines_bytes: usize,
    open: [Open; 2],
    skipped_bytes: u64,
}

/// One line of output.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// Its number, from 0, counted over all lines that were ever here: a key for a list.
    pub number: u64,
    /// Its text without the line's end, controls and colours as they came; bytes that are no UTF-8 as `U+FFFD`.
    pub text: Arc<str>,
    /// Its end has come. Of each stream at most the last line is unfinished.
    pub ended: bool,
}

/// The unfinished line of a stream: its bytes, and which line shows them.
#[derive(Clone, Debug, Default, PartialEq)]
struct Open {
    bytes: Vec<u8>,
    number: Option<u64>,
}

impl Tail {
    /// The lines, oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Line> + ExactSizeIterator {
        self.lines.iter()
    }

    /// Bytes of output before the first line, which are not here.
    pub fn skipped_bytes(&self) -> u64 {
        self.skipped_bytes
    }

    /// Begins at this offset of the output.
    pub(crate) fn begin(&mut self, off: u64) {
        *self = Tail { skipped_bytes: off, ..Tail::default() };
    }

    /// Takes the next bytes of a stream.
    pub(crate) fn push(&mut self, fd: u8, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let stream = usize::from(fd == 2);
            let open_len = self.open.get(stream).map_or(0, |open| open.bytes.len());
            let room = TAIL_LINE_BYTES_MAX.saturating_sub(open_len).max(1);
            let reach = bytes.get(..room.min(bytes.len())).unwrap_or_default();
            let (piece, eaten, ended) = match reach.iter().position(|&byte| byte == b'\n') {
                Some(at) => (reach.get(..at).unwrap_or_default(), at.saturating_add(1), true),
                None => (reach, reach.len(), open_len.saturating_add(reach.len()) >= TAIL_LINE_BYTES_MAX),
            };
            self.extend_line(fd, stream, piece, ended);
            bytes = bytes.get(eaten.max(1)..).unwrap_or_default();
        }
        self.trim();
    }

    fn extend_line(&mut self, fd: u8, stream: usize, piece: &[u8], ended: bool) {
        let next_number = self.lines.back().map_or(0, |line| line.number.saturating_add(1));
        let Some(open) = self.open.get_mut(stream) else { return };
        open.bytes.extend_from_slice(piece);
        let shown = open.bytes.strip_suffix(b"\r").filter(|_| ended).unwrap_or(&open.bytes);
        let text: Arc<str> = Arc::from(String::from_utf8_lossy(shown));
        let first = self.lines.front().map_or(next_number, |line| line.number);
        let at = open.number.and_then(|number| usize::try_from(number.checked_sub(first)?).ok());
        match at.and_then(|at| self.lines.get_mut(at)) {
            Some(line) => {
                self.lines_bytes = self.lines_bytes.saturating_add(text.len()).saturating_sub(line.text.len());
                line.text = text;
                line.ended = ended;
            }
            None => {
                open.number = Some(next_number);
                self.lines_bytes = self.lines_bytes.saturating_add(text.len());
                self.lines.push_back(Line { fd, number: next_number, text, ended });
            }
        }
        if ended {
            open.bytes.clear();
            open.number = None;
        }
    }

    /// Drops the oldest lines beyond the bound, which empty lines count towards as well.
    fn trim(&mut self) {
        const LINE_COST_BYTES: usize = 16;
        while self.lines_bytes.saturating_add(self.lines.len().saturating_mul(LINE_COST_BYTES)) > TAIL_BYTES_MAX
            && self.lines.len() > 2
        {
            let Some(line) = self.lines.pop_front() else { return };
            self.lines_bytes = self.lines_bytes.saturating_sub(line.text.len());
            self.skipped_bytes = self.skipped_bytes.saturating_add(line.text.len() as u64).saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(tail: &Tail) -> Vec<(u8, String, bool)> {
        tail.lines().map(|line| (line.fd, line.text.to_string(), line.ended)).collect()
    }

    #[test]
    fn lines_of_two_streams_do_not_mix() {
        let mut tail = Tail::default();
        tail.push(1, b"ou");
        tail.push(2, b"err\n");
        tail.push(1, b"t\r\nnext");
        assert_eq!(
            texts(&tail),
            [(1, "out".to_owned(), true), (2, "err".to_owned(), true), (1, "next".to_owned(), false)]
        );
    }

    #[test]
    fn a_character_may_be_cut() {
        let mut tail = Tail::default();
        let (a, b) = "ü\n".as_bytes().split_at(1);
        tail.push(1, a);
        tail.push(1, b);
        assert_eq!(texts(&tail), [(1, "ü".to_owned(), true)]);
    }

    #[test]
    fn it_is_bounded_and_says_what_it_skipped() {
        let mut tail = Tail::default();
        tail.begin(10);
        tail.push(1, &vec![b'x'; TAIL_LINE_BYTES_MAX * 40]);
        tail.push(1, &b"\n".repeat(TAIL_BYTES_MAX));
        let bytes: usize = tail.lines().map(|line| line.text.len()).sum();
        assert!(bytes <= TAIL_BYTES_MAX && tail.lines().len() <= TAIL_BYTES_MAX / 16);
        assert!(tail.skipped_bytes() > 10);
        let numbers: Vec<u64> = tail.lines().map(|line| line.number).collect();
        assert!(numbers.windows(2).all(|pair| matches!(pair, [a, b] if a + 1 == *b)));
    }
}
