//! A run's output as lines, up to a limit: its end for a card, or more of it for the output view.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::limits::{TAIL_BYTES_MAX, TAIL_LINE_BYTES_MAX};

/// The last lines of both streams in the order in which they were read, each line from one stream.
///
/// `S` is what a line inherits from the previous line of its stream, such as colours: see [`OutputTail::push`].
#[derive(Clone, Debug, PartialEq)]
pub struct OutputTail<S = ()> {
    bounds: TailLimits,
    lines: VecDeque<TailLine<S>>,
    lines_bytes: usize,
    open: [Open<S>; 2],
    begins_at: u64,
    skipped_bytes: u64,
    /// Lines that were dropped.
    dropped: u64,
    /// The byte whose line is wanted, and the number of that line.
    wanted: Option<u64>,
    found: Option<u64>,
}

/// How much a [`OutputTail`] keeps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TailLimits {
    /// Bytes of all lines.
    pub bytes: usize,
    /// Bytes of a line; longer ones are split.
    pub line_bytes: usize,
    /// Number of lines, because empty ones have no bytes.
    pub lines: usize,
}

impl Default for TailLimits {
    /// The limits for a card.
    fn default() -> Self {
        TailLimits { bytes: TAIL_BYTES_MAX, line_bytes: TAIL_LINE_BYTES_MAX, lines: TAIL_BYTES_MAX / 16 }
    }
}

/// One line of output.
#[derive(Clone, Debug, PartialEq)]
pub struct TailLine<S = ()> {
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// Its number, from 0, counted over all lines ever added: a key for a list.
    pub number: u64,
    /// Its text without the line ending; controls and colours included, invalid UTF-8 as `U+FFFD`.
    pub text: Arc<str>,
    /// The line is complete. At most the last line of each stream is not.
    pub ended: bool,
    /// What it inherits from the previous line.
    pub start: S,
}

/// The incomplete line of a stream: its bytes, and the line that shows them.
#[derive(Clone, Debug, Default, PartialEq)]
struct Open<S> {
    bytes: Vec<u8>,
    number: Option<u64>,
    next: S,
}

impl<S: Clone + Default> Default for OutputTail<S> {
    fn default() -> Self {
        OutputTail::beginning_at(0, None, TailLimits::default())
    }
}

impl<S: Clone + Default> OutputTail<S> {
    /// A tail that starts at this byte of the output and finds the line with the wanted byte.
    pub fn beginning_at(off: u64, wanted: Option<u64>, bounds: TailLimits) -> Self {
        OutputTail {
            bounds,
            lines: VecDeque::new(),
            lines_bytes: 0,
            open: Default::default(),
            begins_at: off,
            skipped_bytes: off,
            dropped: 0,
            wanted,
            found: None,
        }
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &TailLine<S>> + ExactSizeIterator {
        self.lines.iter()
    }

    /// The line at this index.
    pub fn at(&self, index: usize) -> Option<&TailLine<S>> {
        self.lines.get(index)
    }

    /// Bytes of output before the first kept line.
    pub fn skipped_bytes(&self) -> u64 {
        self.skipped_bytes
    }

    /// The number of a line in the whole output, from 1; `None` if the tail did not start at the beginning.
    pub fn number(&self, line: &TailLine<S>) -> Option<u64> {
        (self.begins_at == 0).then(|| line.number.saturating_add(1))
    }

    /// The index of the wanted line, once it has arrived and while it is kept.
    pub fn wanted(&self) -> Option<usize> {
        let index = usize::try_from(self.found?.checked_sub(self.dropped)?).ok()?;
        (index < self.lines.len()).then_some(index)
    }

    /// Adds the next bytes of a stream, which are at `off` in the output. `carry` reads a complete line and leaves what
    /// the next line of that stream inherits.
    pub fn push(&mut self, fd: u8, mut off: u64, mut bytes: &[u8], mut carry: impl FnMut(&mut S, &str)) {
        while !bytes.is_empty() {
            let stream = usize::from(fd == 2);
            let open_len = self.open.get(stream).map_or(0, |open| open.bytes.len());
            let room = self.bounds.line_bytes.saturating_sub(open_len).max(1);
            let reach = bytes.get(..room.min(bytes.len())).unwrap_or_default();
            let (piece, eaten, ended) = match reach.iter().position(|&byte| byte == b'\n') {
                Some(at) => (reach.get(..at).unwrap_or_default(), at.saturating_add(1), true),
                None => (reach, reach.len(), open_len.saturating_add(reach.len()) >= self.bounds.line_bytes),
            };
            let number = self.extend_line(fd, stream, piece, ended, &mut carry);
            let end = off.saturating_add(eaten as u64);
            if self.wanted.is_some_and(|wanted| (off..end).contains(&wanted)) {
                self.found = number;
            }
            off = end;
            bytes = bytes.get(eaten.max(1)..).unwrap_or_default();
        }
        self.trim();
    }

    fn extend_line(
        &mut self,
        fd: u8,
        stream: usize,
        piece: &[u8],
        ended: bool,
        carry: &mut impl FnMut(&mut S, &str),
    ) -> Option<u64> {
        let next_number = self.dropped.saturating_add(self.lines.len() as u64);
        let open = self.open.get_mut(stream)?;
        open.bytes.extend_from_slice(piece);
        let shown = open.bytes.strip_suffix(b"\r").filter(|_| ended).unwrap_or(&open.bytes);
        let text: Arc<str> = Arc::from(String::from_utf8_lossy(shown));
        let at = open.number.and_then(|number| usize::try_from(number.checked_sub(self.dropped)?).ok());
        let start = open.next.clone();
        if ended {
            carry(&mut open.next, &text);
            open.bytes.clear();
        }
        let number = match at.and_then(|at| self.lines.get_mut(at)) {
            Some(line) => {
                self.lines_bytes = self.lines_bytes.saturating_add(text.len()).saturating_sub(line.text.len());
                line.text = text;
                line.ended = ended;
                line.number
            }
            None => {
                self.lines_bytes = self.lines_bytes.saturating_add(text.len());
                self.lines.push_back(TailLine { fd, number: next_number, text, ended, start });
                next_number
            }
        };
        open.number = (!ended).then_some(number);
        Some(number)
    }

    /// Drops the oldest lines beyond the limits.
    fn trim(&mut self) {
        while (self.lines_bytes > self.bounds.bytes || self.lines.len() > self.bounds.lines) && self.lines.len() > 2 {
            let Some(line) = self.lines.pop_front() else { return };
            self.dropped = self.dropped.saturating_add(1);
            self.lines_bytes = self.lines_bytes.saturating_sub(line.text.len());
            self.skipped_bytes = self.skipped_bytes.saturating_add(line.text.len() as u64).saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(tail: &mut OutputTail, fd: u8, bytes: &[u8]) {
        tail.push(fd, 0, bytes, |(), _| ());
    }

    fn texts(tail: &OutputTail) -> Vec<(u8, String, bool)> {
        tail.lines().map(|line| (line.fd, line.text.to_string(), line.ended)).collect()
    }

    #[test]
    fn lines_of_two_streams_do_not_mix() {
        let mut tail: OutputTail = OutputTail::default();
        push(&mut tail, 1, b"ou");
        push(&mut tail, 2, b"err\n");
        push(&mut tail, 1, b"t\r\nnext");
        assert_eq!(
            texts(&tail),
            [(1, "out".to_owned(), true), (2, "err".to_owned(), true), (1, "next".to_owned(), false)]
        );
    }

    #[test]
    fn a_character_may_be_cut() {
        let mut tail: OutputTail = OutputTail::default();
        let (a, b) = "ü\n".as_bytes().split_at(1);
        push(&mut tail, 1, a);
        push(&mut tail, 1, b);
        assert_eq!(texts(&tail), [(1, "ü".to_owned(), true)]);
    }

    #[test]
    fn it_is_bounded_and_says_what_it_skipped() {
        let mut tail: OutputTail = OutputTail::beginning_at(10, None, TailLimits::default());
        push(&mut tail, 1, &vec![b'x'; TAIL_LINE_BYTES_MAX * 40]);
        push(&mut tail, 1, &b"\n".repeat(TAIL_BYTES_MAX));
        let bytes: usize = tail.lines().map(|line| line.text.len()).sum();
        assert!(bytes <= TAIL_BYTES_MAX && tail.lines().len() <= TAIL_BYTES_MAX / 16);
        assert!(tail.skipped_bytes() > 10);
        let numbers: Vec<u64> = tail.lines().map(|line| line.number).collect();
        assert!(numbers.windows(2).all(|pair| matches!(pair, [a, b] if a + 1 == *b)));
    }

    #[test]
    fn numbers_are_known_from_the_start_of_the_output_only() {
        let bounds = TailLimits { bytes: 100, line_bytes: 10, lines: 3 };
        let mut tail: OutputTail = OutputTail::beginning_at(0, None, bounds);
        tail.push(1, 0, b"a\nb\nc\nd\ne", |(), _| ());
        assert_eq!(tail.lines().map(|line| tail.number(line)).collect::<Vec<_>>(), [3, 4, 5].map(Some));
        let mut tail: OutputTail = OutputTail::beginning_at(7, None, bounds);
        tail.push(1, 7, b"a\n", |(), _| ());
        assert_eq!(tail.number(tail.at(0).unwrap()), None);
    }

    #[test]
    fn what_a_line_takes_over_goes_on_in_its_stream() {
        let mut tail: OutputTail<usize> = OutputTail::default();
        let count = |sum: &mut usize, text: &str| *sum += text.len();
        tail.push(1, 0, b"four\nse", count);
        tail.push(2, 7, b"x\ny\n", count);
        tail.push(1, 11, b"ven\n\n", count);
        let starts: Vec<(u8, usize)> = tail.lines().map(|line| (line.fd, line.start)).collect();
        assert_eq!(starts, [(1, 0), (1, 4), (2, 0), (2, 1), (1, 9)]);
    }

    #[test]
    fn the_line_of_a_byte() {
        let pieces: [(u8, &[u8]); 4] = [(1, b"tail\none\ntw"), (2, b"bad\nwor"), (1, b"o\n"), (2, b"se")];
        let line_of = |wanted: u64| {
            let (mut tail, mut off) = (OutputTail::<()>::beginning_at(100, Some(wanted), TailLimits::default()), 100);
            for (fd, bytes) in pieces {
                tail.push(fd, off, bytes, |(), _| ());
                off += bytes.len() as u64;
            }
            tail.wanted().and_then(|index| tail.at(index)).map(|line| line.text.to_string())
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
            assert_eq!(line_of(wanted).as_deref(), Some(line), "{wanted}");
        }
        assert_eq!((line_of(99), line_of(122)), (None, None));
        let mut tail: OutputTail =
            OutputTail::beginning_at(0, Some(0), TailLimits { bytes: 100, line_bytes: 10, lines: 3 });
        tail.push(1, 0, b"first\n\n\n\n", |(), _| ());
        assert_eq!(tail.wanted(), None, "it is kept no more");
    }
}
