//! Mentions (`@ann`), rooms (`#ops`) and links in prose. One tokenizer for the server, which counts and notifies, and
//! for clients, which colour, link and complete. It knows no Markdown: [`crate::markdown`] decides what is prose. It
//! returns candidates; only the caller knows whether such a user or room exists.

use std::ops::Range;

use crate::limits::{ROOM_NAME_BYTES_MAX, USER_NAME_MAX};
use crate::visible::is_deceptive;

/// The kind of a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `@name`. [`user_readings`] lists the users that it may mean.
    Mention,
    /// `#name`. [`room_readings`] lists the rooms that it may mean.
    Room,
    /// An address of http, https or mailto.
    Link,
}

/// A token in prose.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its bytes, including its sign.
    pub range: Range<usize>,
}

/// Returns all tokens, in order. Takes time linear in the length of the text.
pub fn tokens(prose: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut before = None;
    let mut next = 0;
    for (at, c) in prose.char_indices() {
        if at >= next
            && let Some(rest) = prose.get(at..)
            && let Some((kind, len)) = token(c, before, rest, is_behind_mention(&out, before, at))
        {
            next = at.saturating_add(len);
            out.push(Token { kind, range: at..next });
        }
        before = Some(c);
    }
    out
}

/// `@ann/@ben` is two mentions, but `x.example/@ben` is none.
fn is_behind_mention(tokens: &[Token], before: Option<char>, at: usize) -> bool {
    before == Some('/')
        && tokens.last().is_some_and(|last| last.kind == Kind::Mention && last.range.end.saturating_add(1) == at)
}

/// Returns the token that begins with this sign, and its length.
fn token(sign: char, before: Option<char>, rest: &str, is_behind_mention: bool) -> Option<(Kind, usize)> {
    match sign {
        '@' if is_behind_mention || may_begin(sign, before) => mention(rest).map(|len| (Kind::Mention, len)),
        '#' if may_begin(sign, before) => room(rest).map(|len| (Kind::Room, len)),
        'h' | 'H' | 'm' | 'M' if !before.is_some_and(is_of_word) => link(rest).map(|len| (Kind::Link, len)),
        _ => None,
    }
}

/// Returns true if a mention (`@`), a room (`#`) or an emoji's short name (`:`) may begin with this sign after that
/// character.
pub fn may_begin(sign: char, before: Option<char>) -> bool {
    let Some(before) = before else { return true };
    // Not `ann@example.com`, `x.example/@ann`, `\@ann`.
    let is_inside = is_of_word(before) || matches!(before, '.' | '_' | '-' | '/' | '\\');
    !(is_inside || before == sign || sign == '#' && before == '&')
}

fn mention(rest: &str) -> Option<usize> {
    let name = rest.get(1..)?;
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let end = name.find(|c| !is_inner(c)).unwrap_or(name.len());
    let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric()) && end <= USER_NAME_MAX.saturating_mul(2);
    let mut behind = name.get(end..)?.chars();
    let goes_on = match behind.next() {
        // `@scope/package`
        Some('/') => behind.next().is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '*')),
        // `@annä`
        next => next.is_some_and(is_of_word),
    };
    (is_name && !goes_on).then(|| end.saturating_add(1))
}

fn room(rest: &str) -> Option<usize> {
    let name = rest.get(1..)?;
    let is_inner = |c: char| c.is_alphanumeric() || is_combining(c) || matches!(c, '.' | '_' | '-');
    let end = name.find(|c| !is_inner(c)).unwrap_or(name.len());
    let end = name.get(..end)?.trim_end_matches(['.', '_', '-']).len();
    let is_name = name.starts_with(char::is_alphanumeric) && end <= ROOM_NAME_BYTES_MAX;
    is_name.then(|| end.saturating_add(1))
}

/// Returns true for marks that belong to the letter before them, as a room's name may have.
fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}' | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}')
}

/// Returns the length of the address at the start of the text.
fn link(rest: &str) -> Option<usize> {
    let scheme = ["https://", "http://", "mailto:"].into_iter().find(|scheme| has_prefix(rest, scheme))?;
    let after = rest.get(scheme.len()..)?;
    if !after.starts_with(|c: char| c.is_alphanumeric() && !is_east_asian(c) || c == '[') {
        return None;
    }
    let end = rest.find(is_not_of_link).unwrap_or(rest.len());
    let url = without_sentence(rest.get(..end)?);
    (scheme != "mailto:" || url.contains('@')).then_some(url.len())
}

/// Returns true if a link may lead to this address: only http, https and mailto are harmless.
pub fn is_safe_link(url: &str) -> bool {
    let is_safe = ["https://", "http://", "mailto:"].into_iter().any(|scheme| has_prefix(url, scheme));
    is_safe && !url.chars().any(|c| c.is_control() || is_deceptive(c))
}

fn has_prefix(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Returns true for characters that end a link: spaces, quotation marks, and characters of scripts without spaces.
fn is_not_of_link(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || is_deceptive(c)
        || is_east_asian(c)
        || matches!(c, '<' | '>' | '"' | '`' | '\u{2018}'..='\u{201f}' | '\u{2026}' | '«' | '»')
}

/// Returns an address without the punctuation of the sentence around it, and without a bracket that was opened before
/// it.
fn without_sentence(url: &str) -> &str {
    let count = |c: char| url.matches(c).count();
    let mut open = [(')', count('('), count(')')), (']', count('['), count(']'))];
    let mut end = url;
    while let Some(last) = end.chars().next_back() {
        let bracket = open.iter_mut().find(|(closing, ..)| *closing == last);
        let is_sentence = match bracket {
            Some((_, opened, closed)) if *closed > *opened => {
                *closed = closed.saturating_sub(1);
                true
            }
            _ => matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '~' | '_'),
        };
        if !is_sentence {
            break;
        }
        end = end.strip_suffix(last).unwrap_or_default();
    }
    end
}

/// Returns the users' names that a mention may mean: without its sign, first as written, then without each trailing
/// sign: `ann.`, then `ann`.
pub fn user_readings(mention: &str) -> impl Iterator<Item = &str> {
    let name = mention.strip_prefix('@').unwrap_or(mention);
    std::iter::successors(Some(name), |name| name.strip_suffix(['.', '_', '-']).filter(|name| !name.is_empty()))
}

/// Returns the rooms' names that may be meant, longest first: `ops频道`, then `ops`, since text in a script without
/// spaces directly follows a name in Latin letters.
pub fn room_readings(room: &str) -> impl Iterator<Item = &str> {
    let name = room.strip_prefix('#').unwrap_or(room);
    let is_latin = name.starts_with(|c| !has_no_spaces(c));
    let cut = name.find(has_no_spaces).filter(|_| is_latin).and_then(|at| name.get(..at));
    std::iter::once(name).chain(cut.map(|name| name.trim_end_matches(['.', '_', '-'])))
}

/// Returns true for a letter or digit that would form one word with an adjacent name. In scripts without spaces between
/// words a name is directly surrounded by text: `请@ann看一下`.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() && !has_no_spaces(c)
}

fn has_no_spaces(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' // Thai, Lao, Burmese, Khmer
        | '\u{3005}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' // Kana, Han
        | '\u{ac00}'..='\u{d7a3}') // Hangul, whose particles follow a name
}

/// Returns true for characters of scripts without spaces, and for wide punctuation.
fn is_east_asian(c: char) -> bool {
    has_no_spaces(c) || is_wide_punctuation(c)
}

/// Returns true for punctuation as wide as a Han character.
pub fn is_wide_punctuation(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '\u{3030}' | '\u{ff01}'..='\u{ff0f}'
        | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        tokens(text).into_iter().filter_map(|token| text.get(token.range)).collect()
    }

    #[test]
    fn mentions_are_words_behind_an_at_sign() {
        for (text, expected) in [
            ("@ann: look", &["@ann"][..]),
            ("(@Ann) and @ben-2, @c.d.", &["@Ann", "@ben-2", "@c.d."]),
            ("ann@example.com, a.@b, @@ann, @ann@ben", &["@ann"]),
            ("@annä ä@ann @ @. \\@ann x/@ann", &[]),
            ("请@ann看一下, @ben님 (@chen)", &["@ann", "@ben", "@chen"]),
            ("npm i @ben/pkg @ben/* @ann/@ben @ann/ x", &["@ann", "@ben", "@ann"]),
            ("find . -name x@2.png", &[]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
        assert_eq!(user_readings("@c.d.-").collect::<Vec<_>>(), ["c.d.-", "c.d.", "c.d"]);
        assert_eq!(tokens(&format!("@{}", "x".repeat(1_000))), []);
    }

    #[test]
    fn rooms_are_words_behind_a_number_sign() {
        for (text, expected) in [
            ("see #ops, (#db-alerts) #ops.", &["#ops", "#db-alerts", "#ops"][..]),
            ("看#ops 或#运维", &["#ops", "#运维"]),
            ("a#b ##x &#38; x/#y # #-", &[]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
        assert_eq!(room_readings("#ops频道").collect::<Vec<_>>(), ["ops频道", "ops"]);
        assert_eq!(room_readings("#运维ops").collect::<Vec<_>>(), ["运维ops"]);
    }

    #[test]
    fn links_end_with_their_sentence() {
        for (text, expected) in [
            ("见https://x.example/a", &["https://x.example/a"][..]),
            ("日本https://x.example/a語", &["https://x.example/a"]),
            ("https://a.example/b，然后重启", &["https://a.example/b"]),
            ("（https://a.example/b）。", &["https://a.example/b"]),
            ("(https://x.y/z(1)), https://x.y/z.", &["https://x.y/z(1)", "https://x.y/z"]),
            ("https://x.example/@ben #ops", &["https://x.example/@ben", "#ops"]),
            ("mailto:a@b.c, mailto:nobody HTTP://X.Y/ü", &["mailto:a@b.c", "HTTP://X.Y/ü"]),
            ("xhttps://a.b https:// http://[::1]:80/ **https://a.b**", &["http://[::1]:80/", "https://a.b"]),
            ("https://a.b/\u{202e}gnp https://a.b/\"onclick=x", &["https://a.b/", "https://a.b/"]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
        assert!(is_safe_link("HTTPS://x") && !is_safe_link("javascript:x") && !is_safe_link("https://a\u{202e}b"));
    }
}
