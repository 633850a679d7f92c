//! A message's text as blocks and pieces: code, bold, links and mentions. Parsed to values that the page turns into
//! elements, so that nothing a person writes is ever read as HTML. What is not a mark stays as it was written.

/// A part of a message that stands by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Block {
    /// Text with pieces in it; line ends are kept.
    Text(Vec<Piece>),
    /// What stood between two lines of ` ``` `.
    Code(String),
}

/// A part of a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Piece {
    /// As it was written.
    Plain(String),
    /// Between backticks.
    Code(String),
    /// Between two stars on each side.
    Bold(String),
    /// An address that begins with `http://` or `https://`; no other scheme becomes a link.
    Link(String),
    /// `@name`, without the sign.
    Mention(String),
}

/// Takes a text apart.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut plain: Vec<&str> = Vec::new();
    let mut lines = text.split('\n');
    while let Some(line) = lines.next() {
        if !line.starts_with("```") {
            plain.push(line);
            continue;
        }
        flush(&mut plain, &mut out);
        let code: Vec<&str> = lines.by_ref().take_while(|l| l.trim_end() != "```").collect();
        out.push(Block::Code(code.join("\n")));
    }
    flush(&mut plain, &mut out);
    out
}

fn flush(plain: &mut Vec<&str>, out: &mut Vec<Block>) {
    let text = plain.join("\n");
    plain.clear();
    let text = text.trim_matches('\n');
    if !text.is_empty() {
        out.push(Block::Text(pieces(text)));
    }
}

/// Takes a text without code blocks apart.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    let mut before: Option<char> = None;
    while let Some(c) = rest.chars().next() {
        let Some((piece, len)) = piece_at(rest, before) else {
            plain.push(c);
            before = Some(c);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            continue;
        };
        if !plain.is_empty() {
            out.push(Piece::Plain(std::mem::take(&mut plain)));
        }
        out.push(piece);
        before = rest.get(..len).and_then(|taken| taken.chars().last());
        rest = rest.get(len..).unwrap_or_default();
    }
    if !plain.is_empty() {
        out.push(Piece::Plain(plain));
    }
    out
}

/// The piece that begins here, and its bytes.
fn piece_at(rest: &str, before: Option<char>) -> Option<(Piece, usize)> {
    match rest.as_bytes().first()? {
        b'`' => between(rest, "`").map(|(code, len)| (Piece::Code(code), len)),
        b'*' => between(rest, "**").map(|(bold, len)| (Piece::Bold(bold), len)),
        b'h' if !before.is_some_and(char::is_alphanumeric) => {
            link(rest).map(|url| (Piece::Link(url.to_owned()), url.len()))
        }
        b'@' if !before.is_some_and(char::is_alphanumeric) => {
            let name = mention(rest.get(1..)?);
            (!name.is_empty()).then(|| (Piece::Mention(name.to_owned()), name.len() + 1))
        }
        _ => None,
    }
}

/// What stands between two equal marks on one line.
fn between(rest: &str, mark: &str) -> Option<(String, usize)> {
    let inner = rest.strip_prefix(mark)?;
    let end = inner.find(mark)?;
    let inner = inner.get(..end)?;
    let is_good = !inner.is_empty() && !inner.contains('\n') && (mark == "`" || inner.trim() == inner);
    is_good.then(|| (inner.to_owned(), inner.len() + 2 * mark.len()))
}

/// An address, without the punctuation of the sentence around it.
fn link(rest: &str) -> Option<&str> {
    let after = rest.strip_prefix("https://").or_else(|| rest.strip_prefix("http://"))?;
    if !after.starts_with(|c: char| c.is_alphanumeric() || c == '[') {
        return None;
    }
    let end = rest
        .find(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`'))
        .unwrap_or(rest.len());
    let mut url = rest.get(..end)?;
    while let Some(last) = url.chars().last() {
        let is_sentence = matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '，' | '。' | '）')
            || last == ')' && url.matches(')').count() > url.matches('(').count()
            || last == ']' && url.matches(']').count() > url.matches('[').count();
        if !is_sentence {
            break;
        }
        url = url.strip_suffix(last)?;
    }
    Some(url)
}

/// A user's name, as far as it goes; a dot at its end ends the sentence.
fn mention(rest: &str) -> &str {
    let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-')));
    let name = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default().trim_end_matches(['.', '-', '_']);
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) { name } else { "" }
}

/// True if a text names this user.
pub fn names(text: &str, user: &str) -> bool {
    text.contains('@')
        && blocks(text).iter().any(|block| match block {
            Block::Text(pieces) => pieces.iter().any(|p| matches!(p, Piece::Mention(name) if name == user)),
            Block::Code(_) => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(s: &str) -> Piece {
        Piece::Plain(s.to_owned())
    }

    #[test]
    fn pieces_are_found() {
        assert_eq!(
            pieces("see `a*b`, **now**: https://x.y/z(1), @ann."),
            [
                plain("see "),
                Piece::Code("a*b".into()),
                plain(", "),
                Piece::Bold("now".into()),
                plain(": "),
                Piece::Link("https://x.y/z(1)".into()),
                plain(", "),
                Piece::Mention("ann".into()),
                plain("."),
            ]
        );
    }

    #[test]
    fn what_is_no_mark_stays() {
        for text in [
            "a * b ** c",
            "``",
            "** x **",
            "me@example.org",
            "javascript:alert(1)",
            "https://",
            "`open",
            "<b>x</b>",
            "@Ann",
        ] {
            assert_eq!(pieces(text), [plain(text)], "{text}");
        }
    }

    #[test]
    fn code_blocks_stand_by_themselves() {
        assert_eq!(
            blocks("look:\n```sh\nls -l\n\necho\n```\nthat"),
            [Block::Text(vec![plain("look:")]), Block::Code("ls -l\n\necho".into()), Block::Text(vec![plain("that")])]
        );
        assert_eq!(blocks("```\nnever closed"), [Block::Code("never closed".into())]);
    }

    #[test]
    fn only_a_mention_names_one() {
        assert!(names("hey @ann, look", "ann"));
        assert!(!names("hey @anna", "ann"));
        assert!(!names("`@ann`", "ann"));
        assert!(!names("x@ann", "ann"));
    }

    #[test]
    fn every_text_comes_back_whole() {
        for text in ["日志 `日` **志** https://例.cn。好", "a\n\nb", "@@ann @"] {
            let joined: String = pieces(text)
                .into_iter()
                .map(|p| match p {
                    Piece::Plain(s) | Piece::Link(s) => s,
                    Piece::Code(s) => format!("`{s}`"),
                    Piece::Bold(s) => format!("**{s}**"),
                    Piece::Mention(s) => format!("@{s}"),
                })
                .collect();
            assert_eq!(joined, text);
        }
    }
}
