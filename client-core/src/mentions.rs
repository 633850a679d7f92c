//! Who is named in a text. The server counts by the same rule; this is for what has just come, and for drawing.

use wardroom_protocol::UserName;

/// `text` names this user, as `@ann`, or all, as `@here`. Before the `@` stands no Latin letter or digit (as in an address of
/// mail); scripts without spaces need none around it. A dot or the like that ends the sentence does not belong to the name.
pub fn is_mentioned(text: &str, user: &UserName) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let behind = text.get(at.saturating_add(1)..).unwrap_or_default();
        let end = behind.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')));
        let word = behind.get(..end.unwrap_or(behind.len())).unwrap_or_default();
        let bare = word.trim_end_matches(['.', '_', '-']);
        let is_name = |name: &str| word.eq_ignore_ascii_case(name) || bare.eq_ignore_ascii_case(name);
        !before.is_some_and(|c| c.is_ascii_alphanumeric()) && (is_name(user.as_str()) || is_name("here"))
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn names_are_words() {
        let ann = UserName::parse("ann").unwrap();
        for text in ["@ann", "hello @ann, look", "(@Ann)", "ask @ann.", "@bob @ann", "@here: it burns", "你好@ann看"]
        {
            assert!(is_mentioned(text, &ann), "{text}");
        }
        for text in ["ann", "x@ann", "@anna", "@ann.b", "@ann-2", "@", "@ ann", "@ünn"] {
            assert!(!is_mentioned(text, &ann), "{text}");
        }
    }
}
