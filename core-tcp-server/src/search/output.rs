//! The output of runs as text: cut into pieces at line ends, without sequences that only move a terminal's cursor or
//! set colours.

use super::limits::{PIECE_BYTES_MAX, PIECE_OVERLAP_BYTES};
use super::words::{self, Excerpt};

/// A piece of output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Piece {
    /// The offset of its first byte in the text that was cut.
    pub at: usize,
    /// The number of its bytes.
    pub len: usize,
}

/// Returns the first piece of `bytes` and the start of the next one, or `None` if more must be read to decide.
pub fn first_piece(bytes: &[u8], at: usize, is_last: bool) -> Option<(Piece, usize)> {
    let rest = bytes.get(at..).unwrap_or_default();
    if rest.is_empty() || (rest.len() < PIECE_BYTES_MAX && !is_last) {
        return None;
    }
    let head = rest.get(..PIECE_BYTES_MAX).unwrap_or(rest);
    if head.len() == rest.len() && is_last {
        return Some((Piece { at, len: head.len() }, at + head.len()));
    }
    let line_end =
        head.iter().rposition(|byte| *byte == b'\n').or_else(|| head.iter().rposition(|byte| *byte == b'\r'));
    if let Some(end) = line_end {
        return Some((Piece { at, len: end + 1 }, at + end + 1));
    }
    // The line is longer than a piece. It is cut between characters, so that the next piece starts with a whole one.
    let is_start = |at: usize| head.get(at).is_none_or(|byte| byte & 0xC0 != 0x80);
    let next = (0..4).map(|back| PIECE_BYTES_MAX - PIECE_OVERLAP_BYTES - back).find(|at| is_start(*at));
    Some((Piece { at, len: head.len() }, at + next.unwrap_or(PIECE_BYTES_MAX - PIECE_OVERLAP_BYTES)))
}

/// Returns the text of a piece; empty if it is binary.
pub fn text(bytes: &[u8]) -> String {
    let (mut out, mut strange) = (String::with_capacity(bytes.len()), 0usize);
    for line in lines(bytes) {
        let line = plain(line.1);
        strange += line.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER || c.is_control() && *c != '\t').count();
        out.push_str(&line);
        out.push('\n');
    }
    if strange * 8 > bytes.len() { String::new() } else { out }
}

/// Returns the lines that contain all the words: the offset of each in the piece, and an excerpt with the words.
pub fn find<'a>(bytes: &'a [u8], words: &'a [Vec<char>]) -> impl Iterator<Item = (usize, Excerpt)> + 'a {
    lines(bytes).filter_map(|(at, line)| Some((at, words::find(plain(line).trim_end(), words)?)))
}

/// Returns the lines of a piece with their offsets. Each overwritten state of a progress bar is a line, too.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    bytes.split(|byte| *byte == b'\n' || *byte == b'\r').filter_map(move |line| {
        let begin = at;
        at += line.len() + 1;
        (!line.is_empty()).then_some((begin, line))
    })
}

/// Returns a line without escape sequences: ECMA-48's CSI, the strings of OSC and the like, and the short ones.
fn plain(line: &[u8]) -> String {
    if !line.contains(&0x1b) {
        return String::from_utf8_lossy(line).into_owned();
    }
    let mut out = Vec::with_capacity(line.len());
    let mut bytes = line.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != 0x1b {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'[') => {
                let last = bytes.find(|byte| (0x40..=0x7e).contains(byte));
                // What is written elsewhere on the screen is another word.
                if last.is_some_and(|last| b"ABCDEFGHdf".contains(&last))
                    && out.last().is_some_and(|byte| *byte != b' ')
                {
                    out.push(b' ');
                }
            }
            Some(b']' | b'P' | b'X' | b'^' | b'_') => {
                while let Some(byte) = bytes.next() {
                    if byte == 0x07 || (byte == 0x1b && bytes.next_if_eq(&b'\\').is_some()) {
                        break;
                    }
                }
            }
            Some(0x20..=0x2f) => while bytes.next().is_some_and(|byte| (0x20..=0x2f).contains(&byte)) {},
            _ => {}
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn pieces(bytes: &[u8]) -> Vec<Piece> {
        let (mut at, mut all) = (0, Vec::new());
        while let Some((piece, next)) = first_piece(bytes, at, true) {
            assert!(next > at && next <= at + piece.len, "each piece goes on, and none is left out");
            all.push(piece);
            at = next;
        }
        assert_eq!(at, bytes.len());
        all
    }

    #[test]
    fn pieces_end_at_line_ends() {
        let bytes = "a line of output\n".repeat(1_000);
        let pieces = pieces(bytes.as_bytes());
        assert!(pieces.iter().all(|p| p.len <= PIECE_BYTES_MAX && p.len % 17 == 0 && p.at % 17 == 0));
        assert_eq!(first_piece(b"short", 0, false), None, "more may come");
        assert_eq!(first_piece(b"short", 0, true), Some((Piece { at: 0, len: 5 }, 5)));
    }

    #[test]
    fn what_stands_over_the_edge_of_pieces_of_a_long_line_is_in_one_of_them() {
        let mut text = "é".repeat(3_000);
        for at in (0..6_000).step_by(90) {
            let mut line = text.clone();
            line.replace_range(at..at + 2, "needle");
            let words = words::parse("needle").unwrap();
            let bytes = line.as_bytes();
            let hit = |p: &Piece| find(bytes.get(p.at..p.at + p.len).unwrap(), &words).next().is_some();
            assert!(pieces(bytes).iter().any(hit), "at {at}");
        }
        text.clear();
        assert!(pieces(text.as_bytes()).is_empty());
    }

    #[test]
    fn colours_and_titles_are_not_text() {
        assert_eq!(plain(b"\x1b[1;31merr\x1b[0mor\x1b]0;title\x07 at\x1b]8;;x\x1b\\ 3\x1b(B\x1b7"), "error at 3");
        assert_eq!(plain(b"cut \x1b[3"), "cut ");
        assert_eq!(plain(b"\x1b[H\x1b[2Jtop\x1b[1;70Hload\x1b[1;31m 3\x1b[m\x1b[2;1H Tasks"), "top load 3  Tasks");
    }

    #[test]
    fn a_line_has_all_the_words_and_its_place() {
        let words = words::parse("refused 10.4.1.74").unwrap();
        let bytes = b"connect 10.4.1.74\n\x1b[31mrefused\x1b[0m: 10.4.1.74\r\nrefused";
        let (at, excerpt) = find(bytes, &words).next().unwrap();
        assert_eq!((at, excerpt.text.as_str()), (18, "refused: 10.4.1.74"));
        assert!(find(b"refused\n10.4.1.74", &words).next().is_none(), "not on one line");
    }

    #[test]
    fn bytes_are_no_text() {
        assert_eq!(text(b"a\nb\r\n"), "a\nb\n");
        assert_eq!(text(&[0u8; 64]), "");
        assert_eq!(text(&[0xff; 64]), "");
    }
}
