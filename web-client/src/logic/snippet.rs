//! A search hit as a timeline would show it, on a few lines: Markdown and colours are rendered, and the matches are marked.

use wardroom_client_core::protocol::ansi::Style;
use wardroom_client_core::protocol::markdown::{self, Block, Inline};

use super::highlight::highlighted;

/// Stand around a match while Markdown is parsed. Private characters, which people do not type; those in the text are dropped.
const MATCH_START: char = '\u{f8f0}';
const MATCH_END: char = '\u{f8f1}';

/// How a piece is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Look {
    /// As the text around it.
    Plain,
    /// As code.
    Code,
    /// Strong.
    Strong,
    /// Emphasized.
    Emphasis,
    /// Struck out.
    Strike,
    /// In a terminal's colours.
    Coloured(Style),
}

/// A part of a hit that is set alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Its text.
    pub text: String,
    /// How it is set.
    pub look: Look,
    /// It is what was searched for.
    pub is_match: bool,
}

/// The pieces of a hit. If not Markdown, it only has colours.
pub fn pieces(text: &str, marks: &[(u32, u32)], is_markdown: bool) -> Vec<Piece> {
    let mut marked = String::with_capacity(text.len() + 16);
    for (part, is_match) in highlighted(text, marks) {
        marked.extend(is_match.then_some(MATCH_START));
        marked.extend(part.chars().filter(|c| ![MATCH_START, MATCH_END].contains(c)));
        marked.extend(is_match.then_some(MATCH_END));
    }
    let blocks = if is_markdown { markdown::blocks(&marked) } else { markdown::plain(&marked) };
    let mut out = Pieces::default();
    out.blocks(&blocks);
    out.all
}

#[derive(Default)]
struct Pieces {
    all: Vec<Piece>,
    is_match: bool,
}

impl Pieces {
    fn blocks(&mut self, blocks: &[Block]) {
        for (nth, block) in blocks.iter().enumerate() {
            if nth > 0 {
                self.push(" ", Look::Plain);
            }
            match block {
                Block::Paragraph(inlines) | Block::Heading(_, inlines) => self.inlines(inlines, Look::Plain),
                Block::Code { text, .. } => self.push(text, Look::Code),
                Block::Quote(inner) => self.blocks(inner),
                Block::List { items, .. } => {
                    for item in items {
                        self.push("• ", Look::Plain);
                        self.blocks(&item.blocks);
                        self.push(" ", Look::Plain);
                    }
                }
                Block::Table { rows, .. } => {
                    for cell in rows.iter().flatten() {
                        self.inlines(cell, Look::Plain);
                        self.push(" ", Look::Plain);
                    }
                }
                Block::Rule => {}
                Block::Coloured(lines) => {
                    for (nth, line) in lines.iter().enumerate() {
                        if nth > 0 {
                            self.push("\n", Look::Plain);
                        }
                        line.iter().for_each(|span| self.push(&span.text, Look::Coloured(span.style)));
                    }
                }
            }
        }
    }

    fn inlines(&mut self, inlines: &[Inline], look: Look) {
        for inline in inlines {
            match inline {
                Inline::Text(text) | Inline::Mention(text) | Inline::Room(text) => self.push(text, look),
                Inline::Code(text) => self.push(text, Look::Code),
                Inline::Strong(inner) => self.inlines(inner, Look::Strong),
                Inline::Emphasis(inner) => self.inlines(inner, Look::Emphasis),
                Inline::Strike(inner) => self.inlines(inner, Look::Strike),
                Inline::Link(address, inner) => {
                    self.inlines(inner, look);
                    // A match that ends in the address ends with what is shown of the link.
                    self.is_match &= !address.contains(MATCH_END);
                }
            }
        }
    }

    fn push(&mut self, text: &str, look: Look) {
        for part in text.split_inclusive([MATCH_START, MATCH_END]) {
            let shown = part.trim_end_matches([MATCH_START, MATCH_END]);
            if !shown.is_empty() {
                self.all.push(Piece { text: shown.to_owned(), look, is_match: self.is_match });
            }
            match part.chars().next_back() {
                Some(MATCH_START) => self.is_match = true,
                Some(MATCH_END) => self.is_match = false,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, marks: &[(u32, u32)], is_markdown: bool) -> Vec<(String, Look, bool)> {
        pieces(text, marks, is_markdown).into_iter().map(|piece| (piece.text, piece.look, piece.is_match)).collect()
    }

    fn piece(text: &str, look: Look, is_match: bool) -> (String, Look, bool) {
        (text.to_owned(), look, is_match)
    }

    #[test]
    fn a_message_is_rendered_and_its_matches_are_marked() {
        assert_eq!(
            shown("**disk** full on `web1`", &[(2, 4), (18, 4)], true),
            [
                piece("disk", Look::Strong, true),
                piece(" full on ", Look::Plain, false),
                piece("web1", Look::Code, true)
            ]
        );
        assert_eq!(
            shown("- one\n- two", &[(8, 3)], true),
            [
                piece("• ", Look::Plain, false),
                piece("one", Look::Plain, false),
                piece(" ", Look::Plain, false),
                piece("• ", Look::Plain, false),
                piece("two", Look::Plain, true),
                piece(" ", Look::Plain, false)
            ]
        );
    }

    #[test]
    fn a_match_may_go_over_the_end_of_what_is_set_alike() {
        assert_eq!(
            shown("**disk** full", &[(2, 11)], true),
            [piece("disk", Look::Strong, true), piece(" full", Look::Plain, true)]
        );
    }

    #[test]
    fn a_match_that_ends_in_an_address_ends_with_its_link() {
        let found = shown("[the runbook](https://example.org/disk) says", &[(5, 30)], true);
        assert_eq!(found.last(), Some(&piece(" says", Look::Plain, false)), "{found:?}");
    }

    #[test]
    fn output_keeps_its_signs_and_shows_its_colours() {
        assert_eq!(shown("a **b**", &[], false), [piece("a **b**", Look::Plain, false)]);
        let red = shown("\x1b[31mfailed\x1b[0m at 3", &[(5, 6)], false);
        assert_eq!(red.iter().map(|(text, ..)| text.as_str()).collect::<String>(), "failed at 3");
        assert!(
            red.iter().any(|(text, look, is_match)| text == "failed" && *is_match && matches!(look, Look::Coloured(_)))
        );
    }

    #[test]
    fn private_characters_mark_nothing() {
        assert_eq!(shown("a\u{f8f0}b", &[], true), [piece("ab", Look::Plain, false)]);
    }
}
