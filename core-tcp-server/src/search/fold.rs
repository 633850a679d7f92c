//! Folds text for comparison, so that everything that looks or reads the same is equal. The index and the query are
//! both folded by this function.
//!
//! Compatibility forms are decomposed (NFKD: full width, ligatures, circled digits) and case is folded as Unicode says.
//! Accents of Latin, Greek and Cyrillic letters and invisible characters (zero-width characters, variation selectors,
//! soft hyphens) are removed. The rest is composed again (NFC), so that marks which are part of a letter in other
//! scripts are kept: が is not か.

use caseless::Caseless as _;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A folded character, and the characters of the text that it represents.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Folded {
    /// The folded character.
    pub c: char,
    /// The index of the first character in the text.
    pub begin: usize,
    /// The index after the last one.
    pub end: usize,
}

/// Folds a text.
pub fn fold(text: &str) -> Vec<Folded> {
    let mut folded = Vec::with_capacity(text.len());
    let mut chars = text.chars().enumerate().peekable();
    // A character is folded together with the marks that follow it.
    let mut cluster = String::new();
    while let Some((begin, c)) = chars.next() {
        let mut end = begin + 1;
        cluster.clear();
        cluster.push(c);
        while let Some((_, mark)) = chars.next_if(|(_, next)| goes_on(*next)) {
            cluster.push(mark);
            end += 1;
        }
        if c.is_ascii() && end == begin + 1 {
            folded.push(Folded { c: c.to_ascii_lowercase(), begin, end });
            continue;
        }
        let seen = cluster.chars().filter(|c| !is_unseen(*c)).nfkd().default_case_fold();
        folded.extend(seen.nfkd().filter(|c| !is_accent(*c)).nfc().map(|c| Folded { c, begin, end }));
    }
    folded
}

/// Returns only the folded characters.
pub fn chars(text: &str) -> Vec<char> {
    fold(text).into_iter().map(|folded| folded.c).collect()
}

/// Returns true for characters that belong to the one before them: marks, vowels and finals of Korean syllables,
/// half-width voicing marks of kana, and invisible characters.
fn goes_on(c: char) -> bool {
    is_combining_mark(c) || is_unseen(c) || matches!(c, '\u{1161}'..='\u{11ff}' | '\u{ff9e}'..='\u{ff9f}')
}

/// Returns true for combining marks that only vary a letter: U+0300 to U+036F and the blocks that extend it. The vowels
/// of Indic scripts and the like are not accents.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Returns true for characters without a visible form (Unicode's Default_Ignorable_Code_Point, as far as it is
/// assigned).
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        chars(text).into_iter().collect()
    }

    #[test]
    fn what_looks_alike_is_the_same() {
        for (a, b) in [
            ("nai\u{308}ve cafe\u{301}", "naive cafe"),
            ("naïve café", "naive cafe"),
            ("ｆｕｌｌｗｉｄｔｈ", "fullwidth"),
            ("a\u{200b}b", "ab"),
            ("soft\u{ad}hyphen", "softhyphen"),
            ("ÄRGER", "arger"),
            ("Straße", "STRASSE"),
            ("ΣΊΣΥΦΟΣ", "σισυφος"),
            ("ﬁle №5", "file no5"),
            ("İstanbul", "istanbul"),
            ("❤\u{fe0f}", "❤"),
            ("한국", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"),
            ("ｶﾞ", "ガ"),
            ("Йод", "иод"),
        ] {
            assert_eq!(folded(a), folded(b), "{a} and {b}");
        }
        assert_ne!(folded("が"), folded("か"));
        assert_ne!(folded("कि"), folded("का"));
        assert_eq!(folded("\u{200b}\u{200d}"), "");
        assert_eq!(folded("10.4.1.74 -> OK"), "10.4.1.74 -> ok");
    }

    #[test]
    fn each_character_knows_what_it_stands_for() {
        let text = "a\u{200b}é e\u{301} ﬁ";
        let chars: Vec<char> = text.chars().collect();
        let stands: Vec<(char, String)> = fold(text)
            .into_iter()
            .map(|f| (f.c, chars.get(f.begin..f.end).unwrap_or_default().iter().collect()))
            .collect();
        let expected =
            [('a', "a\u{200b}"), ('e', "é"), (' ', " "), ('e', "e\u{301}"), (' ', " "), ('f', "ﬁ"), ('i', "ﬁ")];
        assert_eq!(stands, expected.map(|(c, text)| (c, text.to_owned())));
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for text in ["ǅ ΐ ŉ ẞ ﷺ", "Ⅷ ½ ㎏ ｶﾞ ℌ", "\u{1e9b}\u{323} \u{390}\u{3b0}", "ᾳ ῼ İ ı"] {
            assert_eq!(folded(text), folded(&folded(text)), "{text}");
        }
    }
}
