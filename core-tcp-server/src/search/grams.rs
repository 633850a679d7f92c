//! What the index contains of a text: its trigrams, which SQLite makes, its bigrams, which are made here, and marks for
//! the room, the author and the kind, so that a search for a common word in a quiet room does not scan all others.
//!
//! The index only proposes rows. Each is read from the store and compared: see `words`.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::limits::{GRAMS_MAX, GRAMS_OF_WORD_MAX};
use crate::store::{RoomId, UserId};

/// A property of a row that a search may ask for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mark {
    /// In this room.
    Room(RoomId),
    /// In a public room.
    Public,
    /// By this user.
    By(UserId),
    /// Of this kind.
    Kind(i64),
}

/// Private use characters: no normal text contains them, and if one did, it would only be examined once in vain.
const PLANE: u32 = 0xF_0000;
const DIGITS: u32 = 0x8000;

impl Mark {
    fn parts(self) -> (u32, &'static str, i64) {
        match self {
            Mark::Room(room) => (0, "room", room.0),
            Mark::Public => (1, "public", 0),
            Mark::By(user) => (2, "by", user.0),
            Mark::Kind(kind) => (3, "kind", kind),
        }
    }

    /// Returns the mark as one trigram.
    pub fn trigram(self) -> String {
        let (tag, _, n) = self.parts();
        let n = u32::try_from(n.unsigned_abs() % u64::from(DIGITS * DIGITS)).unwrap_or(0);
        [PLANE + tag, PLANE + 16 + n / DIGITS, PLANE + 16 + n % DIGITS].into_iter().filter_map(char::from_u32).collect()
    }

    /// Returns the mark as a word among the bigrams; it is longer than they are.
    pub fn word(self) -> String {
        let (_, tag, n) = self.parts();
        format!("{tag}x{n}")
    }
}

/// Returns the bigrams of a folded text as words between spaces, each once, and its characters beyond ASCII, so that a
/// single Chinese character can be found. None contains white space.
pub fn bigrams(text: &[char]) -> String {
    let mut seen = HashSet::new();
    let mut alone = HashSet::new();
    let mut out = String::new();
    let mut before: Option<char> = None;
    for c in text.iter().copied() {
        if is_indexed_alone(c) && alone.insert(c) {
            out.push(c);
            out.push(' ');
        }
        if let Some(first) = before
            && !first.is_whitespace()
            && !c.is_whitespace()
            && seen.insert((first, c))
        {
            out.push(shown(first));
            out.push(shown(c));
            out.push(' ');
        }
        before = Some(c);
    }
    out
}

/// ASCII characters are in nearly every text: a search for a single one examines the newest lines instead.
fn is_indexed_alone(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace()
}

/// SQLite's `ascii` tokenizer treats letters, digits and everything beyond ASCII as parts of words.
fn shown(c: char) -> char {
    if c.is_ascii() && !c.is_ascii_alphanumeric() { char::from_u32(0xE000 + u32::from(c)).unwrap_or(c) } else { c }
}

/// A query to one of the two tables.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// The table's name.
    pub table: &'static str,
    /// The expression to match, in FTS5's syntax, with every word quoted. Empty if every row must be examined.
    pub expression: String,
}

/// Returns the query for these folded words. If the index cannot help with them, it asks only for the marks.
pub fn question(words: &[Vec<char>], must: &[Mark], any: &[Mark]) -> Question {
    let is_short = words.iter().any(|word| word.len() < 3);
    let mut grams: Vec<String> = Vec::new();
    // The longest words first, because they are the rarest.
    let mut by_length: Vec<&Vec<char>> = words.iter().collect();
    by_length.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in by_length {
        let size = if is_short { word.len().min(2) } else { 3 };
        for gram in grams_of(word, size) {
            let text: String = if is_short { gram.iter().copied().map(shown).collect() } else { gram.iter().collect() };
            let is_alone = matches!(gram, [c] if !is_indexed_alone(*c));
            let is_unknown = gram.contains(&'\0') || is_alone || (is_short && gram.iter().any(|c| c.is_whitespace()));
            if !is_unknown && grams.len() < GRAMS_MAX && !grams.contains(&text) {
                grams.push(text);
            }
        }
    }
    let marked = |mark: &Mark| if is_short { mark.word() } else { mark.trigram() };
    let mut expression = String::new();
    for part in grams.into_iter().chain(must.iter().map(marked)) {
        let and = if expression.is_empty() { "" } else { " AND " };
        // Writing to a string cannot fail.
        let _ = write!(expression, "{and}{}", quoted(&part));
    }
    if !any.is_empty() {
        let any: Vec<String> = any.iter().map(|mark| quoted(&marked(mark))).collect();
        let and = if expression.is_empty() { "" } else { " AND " };
        let _ = write!(expression, "{and}({})", any.join(" OR "));
    }
    Question { table: if is_short { "bigrams" } else { "trigrams" }, expression }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Returns all grams of a short word; of a long one the maximum number, spread over it and including its end.
fn grams_of(word: &[char], size: usize) -> Vec<&[char]> {
    let all: Vec<&[char]> = word.windows(size.max(1)).collect();
    if all.len() <= GRAMS_OF_WORD_MAX {
        return all;
    }
    let last = all.len() - 1;
    let step = last.div_ceil(GRAMS_OF_WORD_MAX - 1);
    let mut spread: Vec<&[char]> = all.iter().step_by(step).copied().collect();
    spread.extend(all.last());
    spread
}

#[cfg(test)]
mod tests {
    use super::super::fold;
    use super::*;

    fn ask(words: &[&str], must: &[Mark], any: &[Mark]) -> Question {
        let words: Vec<Vec<char>> = words.iter().map(|word| fold::chars(word)).collect();
        question(&words, must, any)
    }

    #[test]
    fn bigrams_are_words_and_white_space_parts_them() {
        let bigrams = |text| bigrams(&fold::chars(text));
        assert_eq!(bigrams("DB down 回滚"), "db do ow wn 回 滚 回滚 ");
        assert_eq!(bigrams("aaaa"), "aa ");
        assert_eq!(bigrams("太太"), "太 太太 ");
        assert_eq!(bigrams("a.b").chars().filter(|c| *c == ' ').count(), 2);
        assert!(!bigrams("a\"b").contains('"'));
    }

    #[test]
    fn one_character_is_asked_for_alone_if_it_is_no_ascii() {
        let asked = ask(&["太"], &[], &[]);
        assert_eq!((asked.table, asked.expression.as_str()), ("bigrams", "\"太\""));
        assert_eq!(ask(&["x"], &[], &[]).expression, "");
        assert_eq!(
            ask(&["x", "error"], &[], &[Mark::Public]).expression,
            r#""er" AND "rr" AND "ro" AND "or" AND ("publicx0")"#
        );
        assert_eq!(ask(&["x"], &[Mark::By(UserId(7))], &[Mark::Public]).expression, r#""byx7" AND ("publicx0")"#);
    }

    #[test]
    fn what_is_asked_is_always_quoted() {
        assert_eq!(ask(&["a\"*b"], &[], &[]).expression, "\"a\"\"*\" AND \"\"\"*b\"");
        let asked = ask(&["回滚", "error"], &[Mark::By(UserId(7))], &[Mark::Public, Mark::Room(RoomId(3))]);
        assert_eq!(asked.table, "bigrams");
        let end = "AND \"byx7\" AND (\"publicx0\" OR \"roomx3\")";
        assert!(asked.expression.ends_with(end), "{}", asked.expression);
    }

    #[test]
    fn a_long_word_is_touched_everywhere_but_asked_for_in_few_grams() {
        let word: String = ('a'..='z').cycle().take(300).collect();
        let asked = ask(&[&word], &[], &[]).expression;
        let count = asked.matches(" AND ").count() + 1;
        assert!(count > 8 && count <= GRAMS_OF_WORD_MAX + 1, "{count}");
        assert_eq!(ask(&["\0\0\0"], &[], &[]).expression, "");
    }

    #[test]
    fn marks_are_three_characters_and_their_own() {
        let marks =
            [Mark::Room(RoomId(1)), Mark::By(UserId(1)), Mark::Kind(1), Mark::Public, Mark::Room(RoomId(40_000))];
        let all: HashSet<String> = marks.iter().map(|mark| mark.trigram()).collect();
        assert_eq!(all.len(), marks.len());
        assert!(all.iter().all(|trigram| trigram.chars().count() == 3));
    }
}
