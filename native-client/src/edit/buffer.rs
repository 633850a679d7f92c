//! The edited text and its caret. It moves by user-perceived characters (UAX 29, grapheme clusters), so that one
//! Backspace deletes an emoji of seven code points. Called by the editor; knows no keys.

use unicode_segmentation::UnicodeSegmentation;

/// Text and caret.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    text: String,
    /// A byte offset between two characters.
    at: usize,
}

impl Buffer {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the byte offset of the caret.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn before(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    fn behind(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Replaces the text, with the caret at its end.
    pub(crate) fn set(&mut self, text: String) {
        self.at = text.len();
        self.text = text;
    }

    /// Takes the text, which leaves the buffer empty.
    pub(crate) fn take(&mut self) -> String {
        self.at = 0;
        std::mem::take(&mut self.text)
    }

    pub(crate) fn insert(&mut self, text: &str) {
        self.text.insert_str(self.at, text);
        self.at = self.at.saturating_add(text.len());
    }

    /// Replaces the text between `from` and the caret.
    pub(crate) fn replace_from(&mut self, from: usize, with: &str) {
        if self.text.is_char_boundary(from) && from <= self.at {
            self.text.replace_range(from..self.at, with);
            self.at = from.saturating_add(with.len());
        }
    }

    /// Removes the text between the caret and this offset, and moves there.
    fn cut_to(&mut self, to: usize) -> String {
        let (from, to) = (self.at.min(to), self.at.max(to));
        let cut = self.text.get(from..to).unwrap_or_default().to_owned();
        self.text.replace_range(from..to, "");
        self.at = from;
        cut
    }

    pub(crate) fn left(&mut self) {
        self.at = self.place_left();
    }

    pub(crate) fn right(&mut self) {
        self.at = self.place_right();
    }

    pub(crate) fn word_left(&mut self) {
        self.at = self.place_word_left(|c| c.is_alphanumeric());
    }

    pub(crate) fn word_right(&mut self) {
        self.at = self.place_word_right();
    }

    /// Moves to the beginning of its line.
    pub(crate) fn home(&mut self) {
        self.at = self.line_begin();
    }

    /// Moves to the end of its line.
    pub(crate) fn end(&mut self) {
        self.at = self.line_end();
    }

    /// Moves a line up; returns `false` if there is none.
    pub(crate) fn up(&mut self) -> bool {
        let begin = self.line_begin();
        let Some(above_end) = begin.checked_sub(1) else { return false };
        let column = self.text.get(begin..self.at).unwrap_or_default().graphemes(true).count();
        let above = self.text.get(..above_end).unwrap_or_default().rfind('\n').map_or(0, |feed| feed.saturating_add(1));
        self.at = self.column(above, above_end, column);
        true
    }

    /// Moves a line down; returns `false` if there is none.
    pub(crate) fn down(&mut self) -> bool {
        let end = self.line_end();
        if end == self.text.len() {
            return false;
        }
        let column = self.text.get(self.line_begin()..self.at).unwrap_or_default().graphemes(true).count();
        let below = end.saturating_add(1);
        let rest = self.text.get(below..).unwrap_or_default();
        let below_end = rest.find('\n').map_or(self.text.len(), |feed| below.saturating_add(feed));
        self.at = self.column(below, below_end, column);
        true
    }

    fn column(&self, begin: usize, end: usize, column: usize) -> usize {
        let line = self.text.get(begin..end).unwrap_or_default();
        line.grapheme_indices(true).nth(column).map_or(end, |(at, _)| begin.saturating_add(at))
    }

    pub(crate) fn backspace(&mut self) {
        self.cut_to(self.place_left());
    }

    pub(crate) fn delete(&mut self) {
        self.cut_to(self.place_right());
    }

    /// Cuts what a move by a word to the left would pass; returns it.
    pub(crate) fn cut_word_left(&mut self) -> String {
        self.cut_to(self.place_word_left(|c| !c.is_whitespace()))
    }

    pub(crate) fn cut_word_right(&mut self) -> String {
        self.cut_to(self.place_word_right())
    }

    pub(crate) fn cut_home(&mut self) -> String {
        self.cut_to(self.line_begin())
    }

    /// Cuts to the end of the line, or at its end the line feed, so that it can be repeated.
    pub(crate) fn cut_end(&mut self) -> String {
        let end = self.line_end();
        self.cut_to(if end == self.at { self.place_right() } else { end })
    }

    fn place_left(&self) -> usize {
        let len = self.before().graphemes(true).next_back().map_or(0, str::len);
        self.at.saturating_sub(len)
    }

    fn place_right(&self) -> usize {
        let len = self.behind().graphemes(true).next().map_or(0, str::len);
        self.at.saturating_add(len)
    }

    fn place_word_left(&self, is_of_word: impl Fn(char) -> bool) -> usize {
        let before = self.before().trim_end_matches(|c| !is_of_word(c));
        before.trim_end_matches(is_of_word).len()
    }

    fn place_word_right(&self) -> usize {
        let behind = self.behind().trim_start_matches(|c: char| !c.is_alphanumeric());
        let rest = behind.trim_start_matches(char::is_alphanumeric);
        self.text.len().saturating_sub(rest.len())
    }

    fn line_begin(&self) -> usize {
        self.before().rfind('\n').map_or(0, |at| at.saturating_add(1))
    }

    fn line_end(&self) -> usize {
        self.behind().find('\n').map_or(self.text.len(), |at| self.at.saturating_add(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(text: &str) -> Buffer {
        let mut buffer = Buffer::default();
        buffer.set(text.to_owned());
        buffer
    }

    #[test]
    fn one_backspace_takes_what_looks_like_one_character() {
        for (text, left) in [("ab", "a"), ("a👩‍👩‍👧‍👦", "a"), ("cafe\u{301}", "caf"), ("🇩🇪🇫🇷", "🇩🇪"), ("", "")]
        {
            let mut buffer = buffer(text);
            buffer.backspace();
            assert_eq!(buffer.text(), left, "{text}");
        }
    }

    #[test]
    fn words_and_lines() {
        let mut text = buffer("one two-three\nfour");
        text.word_left();
        assert_eq!(text.before(), "one two-three\n");
        assert!(text.up());
        assert_eq!(text.before(), "");
        text.word_right();
        assert_eq!(text.before(), "one");
        assert_eq!(text.cut_end(), " two-three");
        assert_eq!(text.cut_end(), "\n");
        assert_eq!(text.text(), "onefour");
        text.end();
        assert_eq!(text.cut_word_left(), "onefour");
        let mut text = buffer("deploy web-1 now");
        assert_eq!((text.cut_word_left(), text.cut_word_left()), ("now".to_owned(), "web-1 ".to_owned()));
        assert!(!text.up() && !text.down());
    }

    #[test]
    fn a_column_is_kept_as_far_as_a_line_goes() {
        let mut text = buffer("日志abc\nx\nlong line");
        assert!(text.up() && text.before().ends_with('x') && text.up());
        assert_eq!(text.before(), "日");
        assert!(text.down() && text.down() && !text.down());
        assert_eq!(text.before(), "日志abc\nx\nl");
    }

    #[test]
    fn what_is_completed_is_put_in_the_place_of_its_beginning() {
        let mut text = buffer("ask @be");
        text.replace_from(4, "@ben ");
        assert_eq!((text.text(), text.at()), ("ask @ben ", 9));
        text.replace_from(99, "no");
        assert_eq!(text.text(), "ask @ben ");
    }
}
