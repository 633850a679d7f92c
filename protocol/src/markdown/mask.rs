//! Replaces characters that Markdown must not interpret before parsing, and restores them in the result:
//! - `*`, `_`, `~` and `&` of a bare address: nothing in `https://x.example/__init__.py` is strong;
//! - Chinese and Japanese punctuation beside `*` or `~`: CommonMark's rule for the end of emphasis looks for spaces,
//!   and would leave `**注意：**请看` unchanged.

use std::borrow::Cow;

use crate::tokens::{Kind, is_wide_punctuation, tokens};

/// A character is replaced by the one with the same number in plane 15, which is for private use.
const PLANE: u32 = 0xf_0000;

/// Returns the text with those characters replaced. A text that uses plane 15 itself stays unchanged.
pub fn mask(text: &str) -> Cow<'_, str> {
    let links: Vec<_> = tokens(text)
        .into_iter()
        .filter(|token| token.kind == Kind::Link)
        .map(|token| token.range)
        .filter(|range| !text.get(..range.start).is_some_and(|before| before.ends_with("](") || before.ends_with('<')))
        .collect();
    if links.is_empty() && !text.chars().any(is_wide) || text.chars().any(is_masked) {
        return Cow::Borrowed(text);
    }
    let mut links = links.into_iter().peekable();
    let mut out = String::with_capacity(text.len().saturating_add(text.len() / 2));
    let mut chars = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = chars.next() {
        while links.next_if(|link| link.end <= at).is_some() {}
        let is_in_link = links.peek().is_some_and(|link| link.contains(&at));
        let is_mark = |c: char| matches!(c, '*' | '~');
        let is_beside_mark = is_mark(before) || chars.peek().is_some_and(|(_, next)| is_mark(*next));
        let is_hidden = is_in_link && matches!(c, '*' | '_' | '~' | '&') || is_wide(c) && is_beside_mark;
        let masked = char::from_u32(PLANE | u32::from(c)).filter(|_| is_hidden);
        out.push(masked.unwrap_or(c));
        before = c;
    }
    Cow::Owned(out)
}

/// Restores what was replaced.
pub fn unmask(text: &str) -> String {
    text.chars().map(|c| if is_masked(c) { char::from_u32(u32::from(c) & 0xffff).unwrap_or(c) } else { c }).collect()
}

/// Chinese quotation marks, dashes and dots are the same characters as Latin ones.
fn is_wide(c: char) -> bool {
    is_wide_punctuation(c) || matches!(c, '\u{2014}' | '\u{2018}'..='\u{201d}' | '\u{2026}')
}

fn is_masked(c: char) -> bool {
    u32::from(c) & !0xffff == PLANE
}
