//! A message's text as blocks: paragraphs, fenced code, quotes, lists, coloured output. Parsed to values that the page
//! turns into elements, so that nothing a person writes is ever read as HTML. The pieces of a paragraph are in `inline`.

use super::ansi::{Span, Style, spans};
pub use super::inline::{Piece, pieces};

/// A part of a message that stands by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Block {
    /// Text with pieces in it; line ends are kept.
    Text(Vec<Piece>),
    /// Lines with a terminal's colours.
    Coloured(Vec<Vec<Span>>),
    /// What stood between two lines of ` ``` `, and the language that the first named.
    Code(String, String),
    /// Lines that began with `>`.
    Quote(Vec<Block>),
    /// Lines that began with a dash or a star; or with numbers, from this one on.
    List(Option<u64>, Vec<Vec<Block>>),
}

/// Quotes and lists within each other; what is deeper is shown flat.
const DEPTH_MAX: usize = 4;

/// Takes a text apart.
pub fn blocks(text: &str) -> Vec<Block> {
    blocks_at(&text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect::<Vec<_>>(), 0)
}

fn blocks_at(lines: &[&str], depth: usize) -> Vec<Block> {
    let mut out = Vec::new();
    let mut plain: Vec<&str> = Vec::new();
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        let (block, taken) = if let Some(fence) = Fence::of(line) {
            let end = after.iter().position(|line| fence.is_closed_by(line));
            let code = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
            (Block::Code(fence.lang.to_owned(), code.join("\n")), code.len() + 1 + usize::from(end.is_some()))
        } else if depth < DEPTH_MAX && quoted(line).is_some() {
            let inner: Vec<&str> = rest.iter().map_while(|line| quoted(line)).collect();
            (Block::Quote(blocks_at(&inner, depth + 1)), inner.len())
        } else if let Some(item) = Item::of(line).filter(|_| depth < DEPTH_MAX) {
            list(rest, item.number, depth)
        } else {
            plain.push(line);
            rest = after;
            continue;
        };
        flush(&mut plain, &mut out);
        out.push(block);
        rest = rest.get(taken..).unwrap_or_default();
    }
    flush(&mut plain, &mut out);
    out
}

fn flush(plain: &mut Vec<&str>, out: &mut Vec<Block>) {
    let text = plain.join("\n");
    plain.clear();
    let text = text.trim_matches('\n');
    if text.contains("\x1b[") {
        let mut style = Style::default();
        out.push(Block::Coloured(text.split('\n').map(|line| spans(line, &mut style)).collect()));
    } else if !text.is_empty() {
        out.push(Block::Text(pieces(text)));
    }
}

/// Three backticks or more, and a language.
struct Fence<'a> {
    ticks: usize,
    lang: &'a str,
}

impl<'a> Fence<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let after = line.trim_start_matches('`');
        let ticks = line.len() - after.len();
        (ticks >= 3 && !after.contains('`')).then(|| Fence { ticks, lang: after.trim() })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let line = line.trim_end();
        line.len() >= self.ticks && line.bytes().all(|byte| byte == b'`')
    }
}

fn quoted(line: &str) -> Option<&str> {
    let inner = line.strip_prefix('>')?;
    // `>>> x` of a Python session, `>=` and `>file` are text.
    (inner.is_empty() || inner.starts_with([' ', '>']) && !line.starts_with(">>>"))
        .then(|| inner.strip_prefix(' ').unwrap_or(inner))
}

/// A line that begins an item of a list.
struct Item<'a> {
    number: Option<u64>,
    indent: usize,
    text: &'a str,
}

impl<'a> Item<'a> {
    fn of(line: &'a str) -> Option<Self> {
        const INDENT_MAX: usize = 16;
        let bare = line.trim_start_matches(' ');
        let indent = line.len() - bare.len();
        let digits = bare.len() - bare.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, text) = if let Some(text) = bare.strip_prefix("- ").or_else(|| bare.strip_prefix("* ")) {
            (None, text)
        } else {
            let text = bare.get(digits..)?.strip_prefix(". ")?;
            (Some(bare.get(..digits)?.parse().ok().filter(|_| digits <= 6)?), text)
        };
        (indent <= INDENT_MAX && !text.trim().is_empty()).then_some(Item { number, indent, text })
    }
}

/// The items that begin here, and the lines that they take.
fn list<'a>(lines: &[&'a str], first: Option<u64>, depth: usize) -> (Block, usize) {
    let indent = lines.first().and_then(|line| Item::of(line)).map_or(0, |item| item.indent);
    let mut items: Vec<Vec<&'a str>> = Vec::new();
    let mut taken = 0;
    for line in lines {
        match Item::of(line) {
            Some(item) if item.indent <= indent && item.number.is_some() == first.is_some() => {
                items.push(vec![item.text])
            }
            // What is indented belongs to the item before it.
            _ if line.starts_with(&" ".repeat(indent + 2)) && !line.trim().is_empty() => {
                let Some(last) = items.last_mut() else { break };
                last.push(line.get(indent + 2..).unwrap_or_default());
            }
            _ => break,
        }
        taken += 1;
    }
    (Block::List(first, items.iter().map(|lines| blocks_at(lines, depth + 1)).collect()), taken.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(s: &str) -> Block {
        Block::Text(vec![Piece::Plain(s.to_owned())])
    }

    #[test]
    fn code_blocks_stand_by_themselves() {
        assert_eq!(
            blocks("look:\n```sh\nls -l\n\necho\n```\nthat"),
            [text("look:"), Block::Code("sh".into(), "ls -l\n\necho".into()), text("that")]
        );
        assert_eq!(blocks("```\nnever closed"), [Block::Code(String::new(), "never closed".into())]);
        assert_eq!(blocks("````\n```\n````"), [Block::Code(String::new(), "```".into())]);
    }

    #[test]
    fn quotes_and_lists() {
        assert_eq!(blocks("> a\n> > b\nc"), [Block::Quote(vec![text("a"), Block::Quote(vec![text("b")])]), text("c")]);
        assert_eq!(
            blocks("- a\n  more\n- b\n  - c\nend"),
            [
                Block::List(
                    None,
                    vec![vec![text("a\nmore")], vec![text("b"), Block::List(None, vec![vec![text("c")]])]]
                ),
                text("end")
            ]
        );
        assert_eq!(blocks("3. x\n4. y"), [Block::List(Some(3), vec![vec![text("x")], vec![text("y")]])]);
        for line in ["-x", "1.5 s", ">= 3", ">>> print(1)", "- ", "*", "99999999. x"] {
            assert_eq!(blocks(line), [text(line.trim_end_matches('\n'))], "{line}");
        }
    }

    #[test]
    fn deep_nests_are_shown_flat() {
        for deep in [">".repeat(16_000), "> ".repeat(8_000) + "x", "- ".repeat(8_000) + "x"] {
            assert!(!blocks(&deep).is_empty());
        }
    }

    #[test]
    fn colours_of_a_terminal() {
        let blocks = blocks("\x1b[31mred\x1b[0m\nplain");
        let [Block::Coloured(lines)] = blocks.as_slice() else { panic!("one block of lines") };
        assert_eq!(lines.len(), 2);
        assert_eq!(super::super::ansi::classes(lines[0][0].style), "f-1");
    }
}
