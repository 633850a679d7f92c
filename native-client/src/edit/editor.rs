//! The effect of each key on the edited text, on the history, and on a paste that is too long for a message. It knows
//! no terminal and no room: what the caller must do is returned as an [`Act`].

use super::buffer::Buffer;
use super::history::{Entry, History};
use super::keys::Key;
use super::menu::Menu;
use crate::files::LongText;
use crate::limits::{LINE_BYTES_MAX, PASTE_LINES_MAX};
use wardroom_protocol::limits::TEXT_BYTES_MAX;

/// What the caller must do about a key.
#[derive(Debug)]
pub(crate) enum Act {
    /// Only draw.
    Draw,
    /// The text has changed.
    Changed,
    /// This text was entered.
    Enter(String),
    /// This text becomes a file.
    File(LongText),
    /// Completion was requested: [`Editor::offer_names`].
    Complete,
    /// Ctrl-C with nothing to clear.
    HowToLeave,
    Leave,
    Suspend,
    /// Clear the screen first.
    Clear,
    /// The key has no effect here.
    Bell,
}

/// The editor.
#[derive(Debug, Default)]
pub(crate) struct Editor {
    buffer: Buffer,
    history: History,
    /// A text that is too long for a message, until the user decides about it.
    big: Option<LongText>,
    /// It was typed, or came from a terminal without bracketed paste: more of it may follow.
    big_grows: bool,
    menu: Option<Menu>,
    /// The last cut text.
    cut: String,
}

impl Editor {
    pub(crate) fn text(&self) -> &str {
        self.buffer.text()
    }

    pub(crate) fn caret(&self) -> usize {
        self.buffer.at()
    }

    pub(crate) fn before(&self) -> &str {
        self.buffer.before()
    }

    /// Returns the text that waits for a decision.
    pub(crate) fn big(&self) -> Option<&LongText> {
        self.big.as_ref()
    }

    pub(crate) fn menu(&self) -> Option<&Menu> {
        self.menu.as_ref()
    }

    /// Puts an entered text that cannot be handled now back into the line.
    pub(crate) fn give_back(&mut self, text: String) {
        self.history.forget_last();
        self.buffer.set(text);
    }

    /// Puts a text that was entered earlier but not carried out back into the line, if that is empty.
    pub(crate) fn put_back(&mut self, text: &str) -> bool {
        let is_free = self.big.is_none() && self.text().is_empty();
        if is_free {
            self.buffer.set(text.to_owned());
        }
        is_free
    }

    /// Handles a key.
    pub(crate) fn key(&mut self, key: Key) -> Act {
        if self.big.is_some() {
            return self.decide(key);
        }
        if let (Key::Tab | Key::BackTab, Some(menu)) = (&key, &mut self.menu) {
            let (from, name) = menu.next(matches!(key, Key::Tab));
            self.buffer.replace_from(from, &name);
            return Act::Changed;
        }
        self.menu = None;
        match key {
            Key::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            Key::NewLine => self.insert("\n"),
            Key::Paste(text) => self.paste(text),
            Key::Enter => self.enter(),
            Key::Tab => Act::Complete,
            Key::Esc | Key::BackTab | Key::Alt(_) | Key::Ctrl(_) => self.control(key),
            Key::Up | Key::Down => self.up_or_down(&key),
            key => self.move_or_cut(&key),
        }
    }

    fn control(&mut self, key: Key) -> Act {
        match key {
            Key::Ctrl('c') if self.text().is_empty() => Act::HowToLeave,
            Key::Ctrl('c') => {
                self.buffer.take();
                self.history.leave();
                Act::Changed
            }
            Key::Ctrl('d') if self.text().is_empty() => Act::Leave,
            Key::Ctrl('z') => Act::Suspend,
            Key::Ctrl('l') => Act::Clear,
            Key::Esc => Act::Draw,
            Key::Ctrl('y') => {
                let cut = self.cut.clone();
                self.insert(&cut)
            }
            Key::Ctrl('p') => self.up_or_down(&Key::Up),
            Key::Ctrl('n') => self.up_or_down(&Key::Down),
            Key::Ctrl('b') => self.move_or_cut(&Key::Left),
            Key::Ctrl('f') => self.move_or_cut(&Key::Right),
            Key::Ctrl('a') => self.move_or_cut(&Key::Home),
            Key::Ctrl('e') => self.move_or_cut(&Key::End),
            Key::Alt('b') => self.move_or_cut(&Key::WordLeft),
            Key::Alt('f') => self.move_or_cut(&Key::WordRight),
            Key::Ctrl('d') => self.move_or_cut(&Key::Delete),
            Key::Ctrl('w') => self.cut_with(Buffer::cut_word_left),
            Key::Alt('d') => self.cut_with(Buffer::cut_word_right),
            Key::Ctrl('u') => self.cut_with(Buffer::cut_home),
            Key::Ctrl('k') => self.cut_with(Buffer::cut_end),
            _ => Act::Bell,
        }
    }

    fn cut_with(&mut self, cut: fn(&mut Buffer) -> String) -> Act {
        let cut = cut(&mut self.buffer);
        if cut.is_empty() {
            return Act::Bell;
        }
        self.cut = cut;
        Act::Changed
    }

    fn move_or_cut(&mut self, key: &Key) -> Act {
        let before = self.text().len();
        match key {
            Key::Left => self.buffer.left(),
            Key::Right => self.buffer.right(),
            Key::WordLeft => self.buffer.word_left(),
            Key::WordRight => self.buffer.word_right(),
            Key::Home => self.buffer.home(),
            Key::End => self.buffer.end(),
            Key::Backspace => self.buffer.backspace(),
            Key::Delete => self.buffer.delete(),
            _ => return Act::Bell,
        }
        if self.text().len() == before { Act::Draw } else { Act::Changed }
    }

    /// Moves to another line of the text; from the first or last one through the history.
    fn up_or_down(&mut self, key: &Key) -> Act {
        let is_up = matches!(key, Key::Up);
        if if is_up { self.buffer.up() } else { self.buffer.down() } {
            return Act::Draw;
        }
        let found = if is_up { self.history.older(self.buffer.text()) } else { self.history.newer() };
        match found {
            Some(Entry::Text(text)) => self.buffer.set(text),
            Some(Entry::Big(text)) => {
                self.buffer.set(self.history.leave().unwrap_or_default());
                self.big = Some(text);
            }
            None => return Act::Bell,
        }
        Act::Draw
    }

    fn insert(&mut self, text: &str) -> Act {
        if self.text().len().saturating_add(text.len()) <= LINE_BYTES_MAX {
            self.buffer.insert(text);
            return Act::Changed;
        }
        if self.caret() < self.text().len() {
            return Act::Bell;
        }
        let mut big = LongText::from(self.buffer.take());
        big.push(text.as_bytes());
        (self.big, self.big_grows) = (Some(big), true);
        Act::Changed
    }

    /// Handles a paste, which is one text, whatever its lines. A paste that is too long for a message is kept out of
    /// the line: laying out megabytes with each key would make editing impossible.
    fn paste(&mut self, text: LongText) -> Act {
        let whole = text.bytes().saturating_add(self.text().len() as u64);
        match text.text() {
            Some(short) if text.lines() <= PASTE_LINES_MAX && whole <= TEXT_BYTES_MAX as u64 => {
                self.insert(short.strip_suffix('\n').unwrap_or(&short))
            }
            _ => {
                self.big = Some(text);
                Act::Draw
            }
        }
    }

    fn enter(&mut self) -> Act {
        let text = self.buffer.take();
        // A command is parsed, whatever its length; it is not posted.
        if text.len() > TEXT_BYTES_MAX && !is_command(&text) {
            self.big = Some(LongText::from(text));
            return Act::Draw;
        }
        self.history.add(&text);
        Act::Enter(text)
    }

    /// Handles a key while an overlong text waits: one key makes a file of it, one drops it, and one sends it as a
    /// message if that may hold it.
    fn decide(&mut self, key: Key) -> Act {
        let Some(mut big) = self.big.take() else { return Act::Draw };
        let grows = std::mem::take(&mut self.big_grows);
        match key {
            Key::Char(c) if grows => {
                big.push(c.encode_utf8(&mut [0; 4]).as_bytes());
                (self.big, self.big_grows) = (Some(big), true);
                Act::Draw
            }
            Key::Enter => Act::File(big),
            Key::Esc | Key::Ctrl('c') => {
                self.history.add_big(big);
                Act::Draw
            }
            Key::Char('t') if fits_a_message(&big, self.text()) => {
                let text = big.text().unwrap_or_default();
                self.insert(text.trim_end_matches('\n'))
            }
            // A further paste is added to it.
            Key::Paste(more) => match more.text() {
                Some(more) => {
                    big.push(more.as_bytes());
                    self.big = Some(big);
                    Act::Draw
                }
                None => {
                    self.history.add_big(big);
                    self.big = Some(more);
                    Act::Draw
                }
            },
            _ => {
                self.big = Some(big);
                Act::Bell
            }
        }
    }

    /// Offers names to replace the text from this byte to the caret: inserts a single name, or the common beginning of
    /// several, which are then shown; Tab cycles through them.
    pub(crate) fn offer_names(&mut self, from: usize, names: Vec<String>) -> Act {
        let (written, menu) = match Menu::new(from, names) {
            Some(menu) => menu.first(self.before().get(from..).unwrap_or_default()),
            None => return Act::Bell,
        };
        self.menu = menu;
        match written {
            Some(written) => {
                // An existing blank is not doubled.
                let has_blank = self.text().get(self.caret()..).is_some_and(|behind| behind.starts_with(' '));
                let written = if has_blank { written.trim_end() } else { &written };
                self.buffer.replace_from(from, written);
                Act::Changed
            }
            None => Act::Draw,
        }
    }
}

/// Returns true if the text begins with a command of the table.
pub(crate) fn is_command(text: &str) -> bool {
    text.starts_with("$ ") || (text.starts_with('/') && !text.starts_with("//"))
}

/// Returns true if an overlong paste still fits a message.
pub(crate) fn fits_a_message(big: &LongText, beside: &str) -> bool {
    big.text().is_some() && big.bytes().saturating_add(beside.len() as u64) <= TEXT_BYTES_MAX as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(editor: &mut Editor, text: &str) {
        for c in text.chars() {
            editor.key(Key::Char(c));
        }
    }

    fn paste(editor: &mut Editor, text: &str) -> Act {
        editor.key(Key::Paste(LongText::from(text.to_owned())))
    }

    #[test]
    fn what_is_entered_can_be_had_again() {
        let mut editor = Editor::default();
        for line in ["one", "two", "two", " "] {
            typed(&mut editor, line);
            assert!(matches!(editor.key(Key::Enter), Act::Enter(text) if text == line));
        }
        typed(&mut editor, "begun");
        let seen: Vec<String> = [Key::Up, Key::Up, Key::Up, Key::Down, Key::Down]
            .into_iter()
            .map(|key| {
                editor.key(key);
                editor.text().to_owned()
            })
            .collect();
        assert_eq!(seen, ["two", "one", "one", "two", "begun"]);
    }

    #[test]
    fn a_paste_of_some_lines_is_one_message() {
        let mut editor = Editor::default();
        paste(&mut editor, "a\nb\nc\n");
        assert_eq!(editor.text(), "a\nb\nc");
        assert!(matches!(editor.key(Key::Enter), Act::Enter(text) if text == "a\nb\nc"));
        typed(&mut editor, "look: ");
        assert!(matches!(paste(&mut editor, &"line\n".repeat(30)), Act::Changed), "thirty lines are text");
    }

    #[test]
    fn what_is_too_much_becomes_a_file_by_one_key() {
        for text in ["line\n".repeat(31), "x".repeat(TEXT_BYTES_MAX + 1)] {
            let mut editor = Editor::default();
            typed(&mut editor, "look: ");
            paste(&mut editor, &text);
            assert!(editor.big().is_some_and(|big| big.bytes() == text.len() as u64));
            assert!(matches!(editor.key(Key::Char('x')), Act::Bell));
            assert!(matches!(editor.key(Key::Enter), Act::File(big) if big.bytes() == text.len() as u64));
            assert_eq!((editor.text(), editor.big().is_none()), ("look: ", true));
        }
    }

    #[test]
    fn what_was_dropped_is_not_lost() {
        for key in [Key::Esc, Key::Ctrl('c')] {
            let mut editor = Editor::default();
            paste(&mut editor, &"line\n".repeat(40));
            editor.key(key);
            assert!(editor.big().is_none());
            editor.key(Key::Up);
            assert!(editor.big().is_some_and(|big| big.lines() == 40));
            assert!(matches!(editor.key(Key::Char('t')), Act::Changed), "two hundred bytes may be said");
            assert_eq!(editor.text().lines().count(), 40);
        }
    }

    #[test]
    fn a_long_line_becomes_a_file_but_a_long_command_stays_one() {
        let mut editor = Editor::default();
        typed(&mut editor, &"é".repeat(TEXT_BYTES_MAX / 2 + 1));
        editor.key(Key::Enter);
        assert!(editor.big().is_some());
        editor.key(Key::Esc);
        typed(&mut editor, &format!("/run {}", "x".repeat(TEXT_BYTES_MAX)));
        assert!(matches!(editor.key(Key::Enter), Act::Enter(_)));
    }

    #[test]
    fn what_comes_as_keys_is_not_cut_off_either() {
        let mut editor = Editor::default();
        let all = "x".repeat(2 * LINE_BYTES_MAX);
        typed(&mut editor, &all);
        assert!(matches!(editor.key(Key::Enter), Act::File(big) if big.bytes() == all.len() as u64));
        assert_eq!(editor.text(), "");
    }

    #[test]
    fn control_keys_clear_and_leave() {
        let mut editor = Editor::default();
        typed(&mut editor, "x");
        assert!(matches!(editor.key(Key::Ctrl('c')), Act::Changed));
        assert!(matches!(editor.key(Key::Ctrl('c')), Act::HowToLeave));
        assert!(matches!(editor.key(Key::Ctrl('d')), Act::Leave));
    }

    #[test]
    fn tab_writes_what_is_sure_and_then_goes_through_the_rest() {
        let mut editor = Editor::default();
        typed(&mut editor, "/un");
        assert!(matches!(editor.key(Key::Tab), Act::Complete));
        let names = ["/unread", "/unreact"].map(str::to_owned).to_vec();
        editor.offer_names(0, names);
        assert_eq!(editor.text(), "/unrea");
        editor.key(Key::Tab);
        assert_eq!(editor.text(), "/unread");
        editor.key(Key::Tab);
        assert_eq!(editor.text(), "/unreact");
        typed(&mut editor, "x");
        assert!(editor.menu().is_none());
        editor.key(Key::Ctrl('u'));
        typed(&mut editor, "ask @b");
        editor.offer_names(4, vec!["@ben".to_owned()]);
        assert_eq!(editor.text(), "ask @ben ");
        assert!(matches!(editor.offer_names(4, Vec::new()), Act::Bell));
    }
}
