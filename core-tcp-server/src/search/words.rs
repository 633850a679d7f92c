//! The words of a search: parsed from the query, and found in a text. The index only proposes; the comparison here
//! decides.

use wardroom_protocol::limits::QUERY_BYTES_MAX;

use super::fold::{self, Folded};
use super::limits::{EXCERPT_BEFORE_CHARS, EXCERPT_CHARS_MAX};
use crate::error::Error;

/// Returns the folded words of a query. Text in quotation marks is one word.
///
/// # Errors
/// `too_large`, `bad_request`.
pub fn parse(q: &str) -> Result<Vec<Vec<char>>, Error> {
    if q.len() > QUERY_BYTES_MAX {
        return Err(Error::too_large("a search has at most 1,024 bytes"));
    }
    let mut words: Vec<Vec<char>> = Vec::new();
    for (index, part) in q.split('"').enumerate() {
        // Every second part was in quotation marks.
        if index % 2 == 1 {
            words.push(fold::chars(part.trim()));
        } else {
            words.extend(part.split_whitespace().map(fold::chars));
        }
    }
    words.retain(|word| !word.is_empty());
    if words.is_empty() {
        return Err(Error::bad_request("say what to search for"));
    }
    Ok(words)
}

/// An excerpt of a text, and the positions of the words in it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Excerpt {
    /// The text of the excerpt.
    pub text: String,
    /// The first character and the number of characters of each match, ascending, without overlaps.
    pub marks: Vec<(u32, u32)>,
}

/// Returns the excerpt of `text` around the first of the words, if it contains them all.
pub fn find(text: &str, words: &[Vec<char>]) -> Option<Excerpt> {
    let folded = fold::fold(text);
    let mut places: Vec<(usize, usize)> = Vec::new();
    for word in words {
        let before = places.len();
        places.extend(occurrences(&folded, word));
        if places.len() == before {
            return None;
        }
    }
    let chars: Vec<char> = text.chars().collect();
    places.sort_unstable();
    let first = places.first().map_or(0, |place| place.0);
    let from = start_of(&chars, first);
    let upto = chars.len().min(from + EXCERPT_CHARS_MAX);
    // Overlapping words become one mark; a mark that crosses the edge is cut there.
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (at, end) in places {
        let end = end.min(upto);
        match spans.last_mut() {
            Some(last) if at < last.1 => last.1 = last.1.max(end),
            _ if at < end => spans.push((at, end)),
            _ => {}
        }
    }
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let marks = spans.into_iter().map(|(at, end)| (count(at - from), count(end - at))).collect();
    Some(Excerpt { text: chars.get(from..upto).unwrap_or_default().iter().collect(), marks })
}

/// Returns where an excerpt starts: at the start of the line or of a word, not far before the match.
fn start_of(chars: &[char], place: usize) -> usize {
    let earliest = place.saturating_sub(EXCERPT_BEFORE_CHARS);
    let before = chars.get(earliest..place).unwrap_or_default();
    if let Some(at) = before.iter().rposition(|c| *c == '\n') {
        return earliest + at + 1;
    }
    if earliest == 0 {
        return 0;
    }
    earliest + before.iter().position(|c| c.is_whitespace()).map_or(0, |at| at + 1)
}

/// Returns where a word occurs: the index of its first character in the text, and the index after its last.
fn occurrences<'a>(text: &'a [Folded], word: &'a [char]) -> impl Iterator<Item = (usize, usize)> + 'a {
    let is_word = move |window: &&[Folded]| window.iter().map(|folded| folded.c).eq(word.iter().copied());
    let place = |window: &[Folded]| Some((window.first()?.begin, window.last()?.end));
    text.windows(word.len().max(1)).filter(is_word).filter_map(place)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn found(text: &str, q: &str) -> Option<Excerpt> {
        find(text, &parse(q).unwrap())
    }

    #[test]
    fn words_are_parted_by_space_and_quotation_marks_keep_them() {
        let words = |q: &str| parse(q).unwrap().into_iter().map(String::from_iter).collect::<Vec<_>>();
        assert_eq!(words(" Disk  FULL "), ["disk", "full"]);
        assert_eq!(words("say \"disk  full\" now"), ["say", "disk  full", "now"]);
        assert_eq!(words("never \"closed again"), ["never", "closed again"]);
        assert_eq!(words("NEAR(a* -x col:y"), ["near(a*", "-x", "col:y"]);
        assert_eq!(words("a \" b \" 太 na\u{ef}ve"), ["a", "b", "太", "naive"]);
        for bad in ["", "  ", "\"\"", "\u{200b}"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
        assert!(parse(&"x".repeat(QUERY_BYTES_MAX)).is_ok());
        assert!(parse(&"x".repeat(QUERY_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn all_words_must_be_there_in_any_case_and_order() {
        assert!(found("Connection refused by DB-17", "db-17 REFUSED").is_some());
        assert!(found("Connection refused by DB-17", "db-18 refused").is_none());
        let excerpt = found("已经回滚到上一版", "回滚").unwrap();
        assert_eq!(excerpt.marks, [(2, 2)]);
        assert!(found("ÄRGER", "ärger").is_some());
        assert!(found("ÄRGER", "arger").is_some());
        let excerpt = found("nai\u{308}ve ｃａｆé", "naïve cafe").unwrap();
        assert_eq!(excerpt.marks, [(0, 6), (7, 4)]);
    }

    #[test]
    fn marks_count_characters_and_do_not_overlap() {
        let excerpt = found("ééé abab ab", "aba bab ab").unwrap();
        assert_eq!(excerpt.text, "ééé abab ab");
        assert_eq!(excerpt.marks, [(4, 4), (9, 2)]);
    }

    #[test]
    fn an_excerpt_is_short_and_begins_at_a_line_or_a_word() {
        let text = format!("{} needle {}", "hay ".repeat(100), "straw ".repeat(100));
        let excerpt = found(&text, "needle").unwrap();
        assert_eq!(excerpt.text.chars().count(), EXCERPT_CHARS_MAX);
        assert!(excerpt.text.starts_with("hay "), "{}", excerpt.text);
        let (at, count) = *excerpt.marks.first().unwrap();
        assert_eq!(excerpt.text.chars().skip(at as usize).take(count as usize).collect::<String>(), "needle");
        assert_eq!(found("first\nsecond needle", "needle").unwrap().text, "second needle");
    }
}
