//! Makes text of others harmless for a terminal: characters that could move a cursor, set a title, answer a query or
//! reverse the reading order are shown, never passed on. Used by the face for `nc` and by the command line.

use std::borrow::Cow;

/// Returns true for invisible characters that change the text or its reading order: bidirectional controls (Unicode
/// Technical Report 36, "Trojan Source") and zero-width characters other than the joiners that scripts and emoji need.
pub fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}'
        | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{180e}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
    )
}

/// Returns true for the implicit direction marks, which Hebrew and Arabic text needs as it needs the joiners. They
/// order the punctuation between words and reverse no letter; names may still not contain them ([`is_deceptive`]).
pub fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}')
}

fn is_harmless(c: char) -> bool {
    is_direction_mark(c) || is_exact(c)
}

fn is_exact(c: char) -> bool {
    c == '\t' || !(c.is_control() || is_deceptive(c) || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// Returns one line of text with its controls made visible: `ESC` becomes `␛`, other C0 controls their picture, the
/// rest `<U+202E>`. A tab stays; a line feed becomes `␊`, so that one line stays one line.
pub fn visible(text: &str) -> Cow<'_, str> {
    with(text, is_harmless)
}

/// Like [`visible`], with direction marks shown too: for commands, so that what is run is what is read.
pub fn exact(text: &str) -> Cow<'_, str> {
    with(text, is_exact)
}

fn with(text: &str, is_harmless: fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if is_harmless(c) => out.push(c),
            '\0'..='\x1f' => out.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{2426}')),
            '\x7f' => out.push('\u{2421}'),
            c => out.push_str(&format!("<U+{:04X}>", c as u32)),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::{exact, visible};

    #[test]
    fn controls_are_shown() {
        assert_eq!(visible("a\x1b[31mb"), "a␛[31mb");
        assert_eq!(visible("a\nb\r"), "a␊b␍");
        assert_eq!(visible("\u{9b}31m"), "<U+009B>31m");
        assert_eq!(visible("x\u{202e}y"), "x<U+202E>y");
        assert_eq!(visible("\x7f"), "␡");
        assert_eq!(visible("app\u{200b}.log"), "app<U+200B>.log");
    }

    #[test]
    fn marks_of_direction_are_as_invisible_as_joiners() {
        for text in ["abc \u{200f}\u{5e9}\u{5dc}\u{5d5}\u{5dd}", "\u{200e}x", "\u{61c}y", "a\u{200c}b\u{200d}c"] {
            assert_eq!(visible(text), text);
        }
        for turned in ['\u{202a}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{200b}', '\u{feff}'] {
            assert!(visible(&format!("x{turned}y")).contains("<U+"), "{turned:?}");
        }
        assert_eq!(exact("rm \u{200f}x"), "rm <U+200F>x");
    }

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(visible("grüße 回滚\t👍🏽"), std::borrow::Cow::Borrowed(_)));
    }
}
