//! What must hold of a message's text, whatever it says.

use wardroom_protocol::event::Format;
use wardroom_protocol::markdown::{Block, Inline};
use wardroom_protocol::tokens::{Kind, is_safe_link, tokens};
use wardroom_protocol::visible::{is_deceptive, is_direction_mark};
use wardroom_protocol::{ansi, markdown, mention};

/// A message's text: whatever it says, its parts are bounded, its links are safe, and no control reaches a screen.
pub fn text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut end = 0;
    for token in tokens(text) {
        assert!(token.range.start >= end && token.range.end > token.range.start, "in their order, none empty");
        end = token.range.end;
        let found = text.get(token.range).expect("between characters");
        assert!(token.kind != Kind::Link || is_safe_link(found), "{found:?}");
    }
    for format in [Format::Markdown, Format::Plain] {
        for name in mention::names(text, format) {
            assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()), "{name:?}");
            assert!(text.to_lowercase().contains(&format!("@{}", name.to_lowercase())), "{name:?}");
        }
    }
    let blocks = markdown::blocks(text);
    assert!(!blocks.is_empty() || text.trim().is_empty(), "nothing that is said is lost whole");
    check_blocks(&blocks, 0);
    for line in ansi::lines(text) {
        for span in line {
            let is_bad = |c: char| (c.is_control() && c != '\t') || is_deceptive(c) && !is_direction_mark(c);
            assert!(!span.text.chars().any(is_bad), "{:?}", span.text);
        }
    }
}

fn check_blocks(blocks: &[Block], depth: usize) {
    assert!(depth <= markdown::DEPTH_MAX + 1);
    for block in blocks {
        match block {
            Block::Paragraph(inlines) | Block::Heading(_, inlines) => check_inlines(inlines, 0),
            Block::Quote(inner) => check_blocks(inner, depth + 1),
            Block::List { items, .. } => items.iter().for_each(|item| check_blocks(&item.blocks, depth + 1)),
            Block::Table { rows, .. } => rows.iter().flatten().for_each(|cell| check_inlines(cell, 0)),
            Block::Code { .. } | Block::Rule | Block::Coloured(_) => {}
        }
    }
}

fn check_inlines(inlines: &[Inline], depth: usize) {
    assert!(depth <= markdown::DEPTH_MAX + 1);
    for inline in inlines {
        match inline {
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => check_inlines(inner, depth + 1),
            Inline::Link(url, words) => {
                assert!(is_safe_link(url) && !words.is_empty(), "{url:?}");
                check_inlines(words, depth + 1);
            }
            Inline::Text(text) | Inline::Mention(text) | Inline::Room(text) => assert!(!text.is_empty()),
            Inline::Code(_) => {}
        }
    }
}
