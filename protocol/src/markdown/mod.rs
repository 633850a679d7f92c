//! Parses a message's text as Markdown: CommonMark with GitHub's tables, strikethrough and task lists, parsed by
//! `pulldown-cmark`. Its events become values that clients turn into elements, never HTML; raw HTML is text, and an
//! image becomes a link. Prose is also split into mentions, rooms and links here, so that server and clients agree on
//! what is code.
//!
//! Any text takes bounded time and gives bounded values: see [`DEPTH_MAX`] and [`EVENTS_MAX`].

mod mask;
mod read;
#[cfg(test)]
mod tests;
mod tree;

use std::borrow::Cow;

use crate::ansi;

pub use tree::{Align, Block, DEPTH_MAX, EVENTS_MAX, Inline, Item};

/// Parses a text. The result is empty only if the text is.
pub fn blocks(text: &str) -> Vec<Block> {
    let masked = mask::mask(text);
    match read::blocks(&masked, matches!(masked, Cow::Owned(_))) {
        // A text of link definitions only would be invisible.
        Some(blocks) if !blocks.is_empty() => blocks,
        _ if text.trim().is_empty() => Vec::new(),
        _ => vec![Block::Paragraph(vec![Inline::Text(text.to_owned())])],
    }
}

/// Parses a text that is not Markdown: its links and mentions are found, and every character stays as it is.
pub fn plain(text: &str) -> Vec<Block> {
    if text.contains("\x1b[") {
        return vec![Block::Coloured(ansi::lines(text))];
    }
    vec![Block::Paragraph(read::inlines_of(text))]
}

/// Returns the names that a text mentions, in order.
pub fn mentions(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    of_blocks(&blocks(text), &mut |inline| {
        if let Inline::Mention(mention) = inline {
            names.push(mention.trim_start_matches('@').to_owned());
        }
    });
    names
}

fn of_blocks(blocks: &[Block], see: &mut impl FnMut(&Inline)) {
    for block in blocks {
        match block {
            Block::Paragraph(inlines) | Block::Heading(_, inlines) => of_inlines(inlines, see),
            Block::Quote(blocks) => of_blocks(blocks, see),
            Block::List { items, .. } => items.iter().for_each(|item| of_blocks(&item.blocks, see)),
            Block::Table { rows, .. } => rows.iter().flatten().for_each(|cell| of_inlines(cell, see)),
            Block::Code { .. } | Block::Rule | Block::Coloured(_) => {}
        }
    }
}

fn of_inlines(inlines: &[Inline], see: &mut impl FnMut(&Inline)) {
    for inline in inlines {
        see(inline);
        match inline {
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => of_inlines(inner, see),
            Inline::Text(_) | Inline::Code(_) | Inline::Link(..) | Inline::Mention(_) | Inline::Room(_) => {}
        }
    }
}
