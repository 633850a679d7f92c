//! Makes other people's text safe to look at: shows characters that reverse the reading order or are invisible, and
//! cuts piles of combining marks. All user text goes through here before it becomes the text of an element.

use std::borrow::Cow;

use wardroom_protocol::visible::{exact, visible};

/// Combining marks allowed on one character: scripts need up to four (Vietnamese two, Hebrew with accents four), piles
/// have dozens.
pub const MARKS_MAX: usize = 6;

/// The safe text; line ends stay.
pub fn sanitized(text: &str) -> Cow<'_, str> {
    let text = without_mark_piles(text);
    if text.split('\n').all(|line| matches!(visible(line), Cow::Borrowed(_))) {
        return text;
    }
    Cow::Owned(text.split('\n').map(visible).collect::<Vec<_>>().join("\n"))
}

/// A command of many lines as one line in which nothing is hidden: what people read is what runs.
pub fn one_line(cmd: &str) -> String {
    let cmd = without_mark_piles(cmd);
    cmd.lines().map(|line| exact(line.trim())).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ⏎ ")
}

/// The text without more than [`MARKS_MAX`] combining marks on a character.
pub fn without_mark_piles(text: &str) -> Cow<'_, str> {
    let mut marks: usize = 0;
    let mut is_over = |c: char| {
        marks = if is_mark(c) { marks.saturating_add(1) } else { 0 };
        marks > MARKS_MAX
    };
    if !text.chars().any(&mut is_over) {
        return Cow::Borrowed(text);
    }
    marks = 0;
    let mut is_over = |c: char| {
        marks = if is_mark(c) { marks.saturating_add(1) } else { 0 };
        marks > MARKS_MAX
    };
    Cow::Owned(text.chars().filter(|c| !is_over(*c)).collect())
}

/// True for combining marks: the blocks from which piles are made.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}'
        | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}'
        | '\u{200d}' | '\u{e0100}'..='\u{e01ef}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pile_of_marks_is_cut() {
        let pile = format!("a{}b", "\u{301}".repeat(1_000_000));
        assert_eq!(sanitized(&pile).chars().count(), 2 + MARKS_MAX);
        assert!(matches!(sanitized("grüße tiê\u{309}ng 👩\u{200d}👩\u{200d}👧"), Cow::Borrowed(_)));
    }

    #[test]
    fn controls_and_turned_text_are_seen() {
        assert_eq!(sanitized("a\u{202e}b\nc\x07"), "a<U+202E>b\nc␇");
        assert_eq!(sanitized("x\u{2066}y\u{2069}"), "x<U+2066>y<U+2069>");
        assert_eq!(sanitized("abc \u{200f}\u{5e9}\u{5dc}"), "abc \u{200f}\u{5e9}\u{5dc}");
    }

    #[test]
    fn what_is_run_is_what_is_read() {
        assert_eq!(one_line("make\n\n  test"), "make ⏎ test");
        assert_eq!(one_line("rm -r /\u{202e}pmt/"), "rm -r /<U+202E>pmt/");
        assert_eq!(one_line("rm \u{200f}x"), "rm <U+200F>x");
        assert_eq!(one_line("echo a\u{200b}b\u{1b}c"), "echo a<U+200B>b␛c");
    }
}
