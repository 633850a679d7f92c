//! Who is named in a text: `@ann`, and `@here` for all. One rule for the server, which counts, and for clients, which
//! draw and ring.

use crate::ids::UserName;
use crate::limits::USER_NAME_MAX;

/// Names all.
pub const HERE: &str = "here";

/// What follows an `@` that begins a word, in the letters that it was written in; no longer than a name can be with some
/// signs behind it. [`readings`] says whose name that may be.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('@').filter_map(|(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        // Not `ann@example.com`.
        if before.is_some_and(|c| is_of_word(c) || matches!(c, '.' | '_' | '-' | '@')) {
            return None;
        }
        let rest = text.get(at.saturating_add(1)..)?;
        let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let end = rest.find(|c| !is_inner(c)).unwrap_or(rest.len());
        // Nor `@annä`.
        if rest.get(end..)?.chars().next().is_some_and(is_of_word) {
            return None;
        }
        rest.get(..end).filter(|name| !name.is_empty() && name.len() <= USER_NAME_MAX.saturating_mul(2))
    })
}

/// A name as it was written, and what is left of it without the signs at its end, one by one: `ann.`, then `ann`.
pub fn readings(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.strip_suffix(['.', '_', '-']).filter(|name| !name.is_empty()))
}

/// `text` names this user, or all.
pub fn is_mentioned(text: &str, user: &UserName) -> bool {
    let is_meant = |name: &str| name.eq_ignore_ascii_case(user.as_str()) || name.eq_ignore_ascii_case(HERE);
    names(text).any(|name| readings(name).any(is_meant))
}

/// A letter or digit that would be of one word with a name that it touches. In scripts that put no spaces between words a
/// name stands right between them: `请@ann看一下`.
fn is_of_word(c: char) -> bool {
    let has_no_spaces = matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' // Thai, Lao, Burmese, Khmer
        | '\u{3005}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' // Kana, Han
        | '\u{ac00}'..='\u{d7a3}'); // Hangul, whose particles follow a name
    c.is_alphanumeric() && !has_no_spaces
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_behind_an_at_sign() {
        for (text, expected) in [
            ("@ann: look", &["ann"][..]),
            ("(@Ann) and @ben-2, @c.d.", &["Ann", "ben-2", "c.d."]),
            ("ann@example.com, a.@b, @@ann, @ann@ben", &["ann"]),
            ("@annä ä@ann @ @.", &["."]),
            ("请@ann看一下, @ben님", &["ann", "ben"]),
            ("`@ann`\n@ben", &["ann", "ben"]),
        ] {
            assert_eq!(names(text).collect::<Vec<_>>(), expected, "{text}");
        }
        assert_eq!(readings("c.d.-").collect::<Vec<_>>(), ["c.d.-", "c.d.", "c.d"]);
        assert_eq!(names(&format!("@{}", "x".repeat(1_000))).count(), 0);
    }

    #[test]
    fn one_is_meant_by_name_or_with_all() {
        let ann = UserName::parse("ann").unwrap();
        for text in ["@ann", "hello @ann, look", "(@Ann)", "ask @ann.", "@bob @ann", "@here: it burns", "你好@ann看"]
        {
            assert!(is_mentioned(text, &ann), "{text}");
        }
        for text in ["ann", "x@ann", "@anna", "@ann.b", "@ann-2", "@", "@ ann", "@ünn", "@hereby"] {
            assert!(!is_mentioned(text, &ann), "{text}");
        }
    }
}
