//! A paragraph as pieces: emphasis, code, links, mentions, rooms, emoji. One pass from left to right; what is not a mark
//! stays as it was written. Nothing here is ever read as HTML, and the only addresses that become links are those of
//! http, https and mailto.

use wardroom_protocol::RoomName;

use super::emoji;

/// A part of a paragraph.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Piece {
    /// As it was written.
    Plain(String),
    /// Between backticks.
    Code(String),
    /// Between two stars on each side.
    Bold(Vec<Piece>),
    /// Between stars or underscores.
    Italic(Vec<Piece>),
    /// Between two tildes on each side.
    Strike(Vec<Piece>),
    /// An address, and the words for it if it has others than itself.
    Link(String, Option<String>),
    /// `@name`, without the sign; also `here`.
    Mention(String),
    /// `#room`, without the sign: a link where there is such a room.
    Room(String),
}

/// Marks within marks; deeper ones stay as they were written.
const DEPTH_MAX: usize = 4;

/// Takes a text without blocks apart.
pub fn pieces(text: &str) -> Vec<Piece> {
    Reader { text, at: 0, before: None, hopeless: [0; 4], depth: 0 }.read()
}

/// The marks that stand on both sides, longest first.
const MARKS: [&str; 4] = ["**", "~~", "*", "_"];

struct Reader<'a> {
    text: &'a str,
    at: usize,
    before: Option<char>,
    /// For each of [`MARKS`]: before this place no closing mark is to be found. Without it, a line of opening marks would
    /// be searched to its end for each of them.
    hopeless: [usize; 4],
    depth: usize,
}

impl Reader<'_> {
    fn read(mut self) -> Vec<Piece> {
        let mut out = Vec::new();
        let mut plain = String::new();
        while let Some(c) = self.rest().chars().next() {
            if let Some((emoji, bytes)) = emoji::short(self.rest()).filter(|_| !is_word(self.before)) {
                plain.push_str(emoji);
                self.skip(bytes);
                continue;
            }
            match self.piece() {
                Some((piece, bytes)) => {
                    if !plain.is_empty() {
                        out.push(Piece::Plain(std::mem::take(&mut plain)));
                    }
                    out.push(piece);
                    self.skip(bytes);
                }
                None => {
                    plain.push(c);
                    self.skip(c.len_utf8());
                }
            }
        }
        if !plain.is_empty() {
            out.push(Piece::Plain(plain));
        }
        out
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        self.before = self.rest().get(..bytes).and_then(|taken| taken.chars().last());
        self.at = self.at.saturating_add(bytes.max(1));
    }

    /// The piece that begins here, and its bytes.
    fn piece(&mut self) -> Option<(Piece, usize)> {
        match self.rest().as_bytes().first()? {
            b'`' => code(self.rest()),
            b'*' | b'_' | b'~' => self.marked(),
            b'[' => named_link(self.rest()),
            b'h' | b'm' if !is_word(self.before) => {
                address(self.rest()).map(|url| (Piece::Link(url.to_owned(), None), url.len()))
            }
            b'@' if !is_word(self.before) => {
                let name = user(self.rest().get(1..)?);
                (!name.is_empty()).then(|| (Piece::Mention(name.to_owned()), name.len().saturating_add(1)))
            }
            b'#' if !is_word(self.before) && !matches!(self.before, Some('#' | '/' | '&')) => {
                let name = room(self.rest().get(1..)?)?;
                Some((Piece::Room(name.to_owned()), name.len().saturating_add(1)))
            }
            _ => None,
        }
    }

    fn marked(&mut self) -> Option<(Piece, usize)> {
        let (which, mark) = MARKS.iter().enumerate().find(|(_, mark)| self.rest().starts_with(**mark))?;
        let is_single = mark.len() == 1;
        if self.depth >= DEPTH_MAX || is_single && is_ascii_word(self.before) {
            return None;
        }
        let start = self.at.saturating_add(mark.len());
        let from = self.text.get(start..)?;
        let opens = from.chars().next().is_some_and(|c| {
            !(is_single && mark.starts_with(c))
                && (c.is_alphanumeric() || "\"'([{`*_~@#<:“‘（《".contains(c) || c > '\u{2190}')
        });
        if !opens || self.hopeless.get(which).is_some_and(|until| start < *until) {
            return None;
        }
        let line = from.split('\n').next().unwrap_or_default();
        let closes = |at: usize| {
            let inner = line.get(..at).unwrap_or_default();
            let after = line.get(at.saturating_add(mark.len())..).and_then(|rest| rest.chars().next());
            let is_end = inner.chars().last().is_some_and(|c| !c.is_whitespace());
            // A single star within two is theirs.
            let is_whole = !is_single || !(mark.starts_with('*') && (after == Some('*') || inner.ends_with('*')));
            is_end && is_whole && !(is_single && is_ascii_word(after))
        };
        let Some(end) = line.match_indices(mark).map(|(at, _)| at).find(|at| closes(*at)) else {
            if let Some(until) = self.hopeless.get_mut(which) {
                *until = start.saturating_add(line.len());
            }
            return None;
        };
        let inner = line.get(..end)?;
        let depth = self.depth.saturating_add(1);
        let inner_pieces = Reader { text: inner, at: 0, before: None, hopeless: [0; 4], depth }.read();
        let piece = match *mark {
            "**" => Piece::Bold(inner_pieces),
            "~~" => Piece::Strike(inner_pieces),
            _ => Piece::Italic(inner_pieces),
        };
        Some((piece, inner.len().saturating_add(2 * mark.len())))
    }
}

fn is_word(before: Option<char>) -> bool {
    before.is_some_and(char::is_alphanumeric)
}

/// In scripts without spaces a mark stands right behind a word.
fn is_ascii_word(before: Option<char>) -> bool {
    before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// One or two backticks, on one line.
fn code(rest: &str) -> Option<(Piece, usize)> {
    let mark = if rest.starts_with("``") { "``" } else { "`" };
    let inner = rest.strip_prefix(mark)?;
    let line = inner.split('\n').next()?;
    let inner = line.get(..line.find(mark)?)?;
    let bytes = inner.len().saturating_add(2 * mark.len());
    let inner = if mark == "``" { inner.trim() } else { inner };
    (!inner.is_empty()).then(|| (Piece::Code(inner.to_owned()), bytes))
}

/// `[words](address)`
fn named_link(rest: &str) -> Option<(Piece, usize)> {
    const WORDS_BYTES_MAX: usize = 512;
    let end = rest.bytes().take(WORDS_BYTES_MAX).position(|byte| byte == b']')?;
    let words = rest.get(1..end)?.trim();
    let inner = rest.get(end..)?.strip_prefix("](")?;
    let url = address(inner)?;
    let is_good = !words.is_empty() && !words.contains(['\n', '[']) && inner.get(url.len()..)?.starts_with(')');
    let bytes = end.saturating_add(url.len()).saturating_add(3);
    is_good.then(|| (Piece::Link(url.to_owned(), Some(words.to_owned())), bytes))
}

/// An address of a scheme that is harmless, without the punctuation of the sentence around it.
fn address(rest: &str) -> Option<&str> {
    let after = ["https://", "http://", "mailto:"].iter().find_map(|scheme| rest.strip_prefix(scheme))?;
    if !after.starts_with(|c: char| c.is_alphanumeric() || c == '[') {
        return None;
    }
    let is_end = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`') || !is_plain(c);
    let end = rest.find(is_end).unwrap_or(rest.len());
    let mut url = rest.get(..end)?;
    while let Some(last) = url.chars().last() {
        let is_sentence = matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '~' | '，' | '。' | '）')
            || last == ')' && url.matches(')').count() > url.matches('(').count()
            || last == ']' && url.matches(']').count() > url.matches('[').count();
        if !is_sentence {
            break;
        }
        url = url.strip_suffix(last)?;
    }
    if rest.starts_with("mailto:") && !url.contains('@') { None } else { Some(url) }
}

/// What turns the reading order does not belong to an address.
fn is_plain(c: char) -> bool {
    !wardroom_protocol::visible::is_deceptive(c)
}

/// A user's name, as far as it goes; a dot at its end ends the sentence.
fn user(rest: &str) -> &str {
    let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-')));
    let name = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default().trim_end_matches(['.', '-', '_']);
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) { name } else { "" }
}

/// A room's name, as far as it goes.
fn room(rest: &str) -> Option<&str> {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-')));
    let name = rest.get(..end.unwrap_or(rest.len()))?.trim_end_matches(['.', '-', '_']);
    RoomName::parse(name).is_ok().then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(s: &str) -> Piece {
        Piece::Plain(s.to_owned())
    }

    fn link(url: &str) -> Piece {
        Piece::Link(url.to_owned(), None)
    }

    #[test]
    fn pieces_are_found() {
        assert_eq!(
            pieces("see `a*b`, **now**: https://x.y/z(1), @ann."),
            [
                plain("see "),
                Piece::Code("a*b".into()),
                plain(", "),
                Piece::Bold(vec![plain("now")]),
                plain(": "),
                link("https://x.y/z(1)"),
                plain(", "),
                Piece::Mention("ann".into()),
                plain("."),
            ]
        );
        assert_eq!(
            pieces("*a **b** c* ~~d~~ _e_ #ops"),
            [
                Piece::Italic(vec![plain("a "), Piece::Bold(vec![plain("b")]), plain(" c")]),
                plain(" "),
                Piece::Strike(vec![plain("d")]),
                plain(" "),
                Piece::Italic(vec![plain("e")]),
                plain(" "),
                Piece::Room("ops".into()),
            ]
        );
        assert_eq!(pieces("请**注意**这里"), [plain("请"), Piece::Bold(vec![plain("注意")]), plain("这里")]);
        assert_eq!(
            pieces("[the runbook](https://wiki/x), mailto:a@b.c"),
            [Piece::Link("https://wiki/x".into(), Some("the runbook".into())), plain(", "), link("mailto:a@b.c"),]
        );
        assert_eq!(pieces("done :tada:!"), [plain("done 🎉!")]);
        assert_eq!(pieces("``a`b``"), [Piece::Code("a`b".into())]);
    }

    #[test]
    fn what_is_no_mark_stays() {
        for text in [
            "a * b ** c",
            "``",
            "** x **",
            "snake_case_name and __init__",
            "2*3*4",
            "rm *.log,*.txt",
            "me@example.org",
            "https://",
            "`open",
            "12:30:45",
            "~~ no ~~",
            "a#b",
            "mailto:nobody",
            "[a]",
            "@Ann",
        ] {
            assert_eq!(pieces(text), [plain(text)], "{text}");
        }
    }

    #[test]
    fn nothing_is_injected() {
        for text in [
            "<script>alert(1)</script>",
            "<b>x</b>",
            "javascript:alert(1)",
            "[x](javascript:alert(1))",
            "[x](data:text/html,<script>)",
            "[x](JaVaScRiPt:alert(1))",
            "vbscript:x",
        ] {
            assert_eq!(pieces(text), [plain(text)], "{text}");
        }
        // What turns the reading order ends an address.
        assert_eq!(pieces("https://a.b/\u{202e}gnp"), [link("https://a.b/"), plain("\u{202e}gnp")]);
        assert_eq!(pieces("https://a.b/\"onclick=x"), [link("https://a.b/"), plain("\"onclick=x")]);
    }

    #[test]
    fn marks_without_end_cost_little() {
        let start = std::time::Instant::now();
        for mark in ["*a ", "**a ", "_a ", "~~a ", "[", "`", "[a](", "*", "@", ":a", "#"] {
            let text = mark.repeat(16_384 / mark.len());
            assert!(!pieces(&text).is_empty());
        }
        // A bound against quadratic time, which would take minutes; not a measurement.
        assert!(start.elapsed().as_secs() < 20);
        assert!(!pieces(&"**a *b ".repeat(2_000)).is_empty());
    }
}
