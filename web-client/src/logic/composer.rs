//! What is written in the composer, and what a key does there: a state and the acts that change it. The view draws it, and says what
//! was typed; nothing here knows an element. Tested on the host.
//!
//! A draft is what is unsent. An edit and a command that is run again lay it aside, and their end brings it back; no reply, cancel
//! or other tab loses it.

/// What the composer writes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Writing {
    /// A new message.
    #[default]
    New,
    /// A reply to this message.
    Reply(u64),
    /// An edit of this message.
    Edit(u64),
    /// The command of the run that this line started, once more and on the same host.
    Again(u64),
}

/// The state.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Composer {
    /// The text in the field.
    pub text: String,
    /// The byte at which the caret stands.
    pub caret: usize,
    /// What it is.
    pub writing: Writing,
    /// The chosen suggestion.
    pub chosen: usize,
    /// Counts texts that did not come from the field: the view puts each of them there.
    pub written: u32,
    /// The draft that an edit, or a command that is run again, has laid aside.
    aside: String,
    /// The text for which the suggestions were closed.
    closed: Option<String>,
}

/// What changes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Act {
    /// The field has this text, with the caret at this byte.
    Typed(String, usize),
    /// The caret is there now.
    Moved(usize),
    /// Another suggestion is chosen.
    Choose(usize),
    /// The suggestions are closed, until the text is another.
    Close,
    /// This text takes the place of the field's, with the caret at this byte.
    Put(String, usize),
    /// Something else is written; of an edit, the message as it is, and of a run, its command.
    Begin(Writing, String),
    /// What was written is sent, or saved.
    Sent,
    /// This draft was sent from another tab.
    SentElsewhere(String),
}

impl Composer {
    /// Begins with the draft that was kept.
    pub fn with_draft(draft: String) -> Self {
        Composer { caret: draft.len(), text: draft, written: 1, ..Composer::default() }
    }

    /// What is unsent, and kept over a reload. An edit is not: the message is there, as is the run of a command.
    pub fn draft(&self) -> &str {
        if self.lays_aside() { &self.aside } else { &self.text }
    }

    /// What stands before the caret, if suggestions are wanted for it.
    pub fn before_caret(&self) -> Option<&str> {
        let is_closed = self.closed.as_deref() == Some(self.text.as_str());
        self.text.get(..self.caret).filter(|_| !is_closed)
    }

    fn lays_aside(&self) -> bool {
        matches!(self.writing, Writing::Edit(_) | Writing::Again(_))
    }

    /// The state after an act.
    #[must_use]
    pub fn after(mut self, act: Act) -> Self {
        match act {
            Act::Typed(text, caret) => {
                if text != self.text {
                    self.chosen = 0;
                }
                (self.text, self.caret) = (text, caret);
            }
            Act::Moved(caret) => self.caret = caret,
            Act::Choose(at) => self.chosen = at,
            Act::Close => self.closed = Some(self.text.clone()),
            Act::Put(text, caret) => self.put(text, caret),
            Act::Begin(writing, original) => self.begin(writing, original),
            Act::Sent => {
                if self.lays_aside() {
                    self.begin(Writing::New, String::new());
                } else {
                    self.put(String::new(), 0);
                }
                self.writing = Writing::New;
            }
            Act::SentElsewhere(text) if self.draft() == text => match self.lays_aside() {
                true => self.aside = String::new(),
                false => self.put(String::new(), 0),
            },
            Act::SentElsewhere(_) => {}
        }
        self
    }

    fn begin(&mut self, writing: Writing, original: String) {
        let (was_aside, before) = (self.lays_aside(), self.writing);
        self.writing = writing;
        match (was_aside, self.lays_aside()) {
            (false, true) => {
                self.aside = std::mem::take(&mut self.text);
                let caret = original.len();
                self.put(original, caret);
            }
            (true, true) if before != writing => {
                let caret = original.len();
                self.put(original, caret);
            }
            (true, false) => {
                let draft = std::mem::take(&mut self.aside);
                let caret = draft.len();
                self.put(draft, caret);
            }
            (true, true) | (false, false) => {}
        }
    }

    fn put(&mut self, text: String, caret: usize) {
        (self.text, self.caret, self.chosen) = (text, caret, 0);
        self.written = self.written.wrapping_add(1);
    }
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// Its name, as browsers have it.
    pub name: &'a str,
    /// With the shift key.
    pub shift: bool,
    /// An input method is composing: its keys choose words. Safari says so only by the code 229.
    pub is_composing: bool,
}

/// What else there is when a key is pressed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around {
    /// A long paste waits for a decision.
    pub has_paste: bool,
    /// Suggestions.
    pub suggestions: usize,
    /// The text is a whole command of the suggestions.
    pub is_whole_command: bool,
}

/// What a key does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Does {
    /// The paste becomes a file.
    FilePaste,
    /// The paste is forgotten.
    DropPaste,
    /// Another suggestion.
    Choose(usize),
    /// The chosen suggestion goes into the text.
    Take(usize),
    /// The suggestions go.
    Close,
    /// The text is sent.
    Send,
    /// The reply or edit is cancelled.
    Cancel,
    /// The last message is edited.
    EditLast,
}

impl Composer {
    /// What a key does; `None`: what it does in any field.
    pub fn key(&self, key: Key<'_>, around: Around) -> Option<Does> {
        if key.is_composing {
            return None;
        }
        let count = around.suggestions;
        let (at, has_list) = (self.chosen.min(count.saturating_sub(1)), count > 0);
        match key.name {
            "Enter" if key.shift => None,
            "Enter" if around.has_paste => Some(Does::FilePaste),
            "Escape" if around.has_paste => Some(Does::DropPaste),
            "ArrowDown" if has_list => Some(Does::Choose((at + 1) % count)),
            "ArrowUp" if has_list => Some(Does::Choose((at + count - 1) % count)),
            "Tab" if has_list && !key.shift => Some(Does::Take(at)),
            // A command that is written out is sent, not completed.
            "Enter" if has_list && !around.is_whole_command => Some(Does::Take(at)),
            "Escape" if has_list => Some(Does::Close),
            "Enter" => Some(Does::Send),
            "Escape" if self.writing != Writing::New => Some(Does::Cancel),
            "ArrowUp" if self.text.is_empty() => Some(Does::EditLast),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Composer {
        Composer::default().after(Act::Typed(text.to_owned(), text.len()))
    }

    fn begin(writing: Writing) -> Act {
        Act::Begin(writing, "the message".to_owned())
    }

    #[test]
    fn a_reply_and_its_cancel_keep_the_draft() {
        let state = typed("half a sentence").after(begin(Writing::Reply(7)));
        assert_eq!((state.text.as_str(), state.draft()), ("half a sentence", "half a sentence"));
        let state = state.after(Act::Typed("half a sentence, more".into(), 21)).after(begin(Writing::New));
        assert_eq!((state.text.as_str(), state.writing), ("half a sentence, more", Writing::New));
    }

    #[test]
    fn an_edit_lays_the_draft_aside_and_every_end_brings_it_back() {
        let edit = typed("a draft").after(begin(Writing::Edit(7)));
        assert_eq!((edit.text.as_str(), edit.draft(), edit.caret), ("the message", "a draft", 11));
        let edit = edit.after(Act::Typed("the message, better".into(), 19));
        assert_eq!(edit.draft(), "a draft", "what is kept over a reload is the draft");
        for end in [Act::Sent, begin(Writing::New), begin(Writing::Reply(3))] {
            let state = edit.clone().after(end);
            assert_eq!((state.text.as_str(), state.draft()), ("a draft", "a draft"));
            assert!(state.written > edit.written, "the view puts it into the field");
        }
        let other = edit.clone().after(Act::Begin(Writing::Edit(9), "another".into()));
        assert_eq!((other.text.as_str(), other.draft()), ("another", "a draft"));
        assert_eq!(edit.clone().after(begin(Writing::Edit(7))), edit, "the same edit goes on as it is");
    }

    #[test]
    fn a_command_that_is_run_again_lays_the_draft_aside_too() {
        let again = typed("half a sentence").after(Act::Begin(Writing::Again(7), "$ uptime".into()));
        assert_eq!((again.text.as_str(), again.draft()), ("$ uptime", "half a sentence"));
        for end in [Act::Sent, begin(Writing::New)] {
            assert_eq!(again.clone().after(end).text, "half a sentence");
        }
    }

    #[test]
    fn what_is_sent_is_no_draft_any_more() {
        let state = typed("hello").after(begin(Writing::Reply(7))).after(Act::Sent);
        assert_eq!((state.draft(), state.text.as_str(), state.writing), ("", "", Writing::New));
    }

    #[test]
    fn another_tab_takes_only_what_it_sent() {
        assert_eq!(typed("same").after(Act::SentElsewhere("same".into())).text, "");
        assert_eq!(typed("other").after(Act::SentElsewhere("same".into())).text, "other");
        let edit = typed("same").after(begin(Writing::Edit(7))).after(Act::SentElsewhere("same".into()));
        assert_eq!((edit.text.as_str(), edit.draft()), ("the message", ""));
    }

    #[test]
    fn suggestions_close_until_the_text_is_another() {
        let state = typed("@be").after(Act::Choose(2)).after(Act::Close);
        assert_eq!(state.before_caret(), None);
        let state = state.after(Act::Typed("@ben".into(), 4));
        assert_eq!((state.before_caret(), state.chosen), (Some("@ben"), 0));
        assert_eq!(state.after(Act::Moved(2)).before_caret(), Some("@b"));
    }

    #[test]
    fn keys_do_what_is_in_front() {
        let key = |name| Key { name, shift: false, is_composing: false };
        let none = Around::default();
        let list = Around { suggestions: 3, ..none };
        let whole = Around { is_whole_command: true, ..list };
        let paste = Around { has_paste: true, ..none };
        let (empty, text) = (Composer::default(), typed("hi"));
        let reply = typed("hi").after(begin(Writing::Reply(7)));
        for (state, name, around, does) in [
            (&text, "Enter", none, Some(Does::Send)),
            (&text, "Enter", list, Some(Does::Take(0))),
            (&text, "Enter", whole, Some(Does::Send)),
            (&text, "Enter", paste, Some(Does::FilePaste)),
            (&text, "Escape", paste, Some(Does::DropPaste)),
            (&text, "Escape", list, Some(Does::Close)),
            (&text, "Escape", none, None),
            (&reply, "Escape", none, Some(Does::Cancel)),
            (&text, "ArrowUp", list, Some(Does::Choose(2))),
            (&text, "ArrowDown", list, Some(Does::Choose(1))),
            (&text, "ArrowUp", none, None),
            (&empty, "ArrowUp", none, Some(Does::EditLast)),
            (&text, "Tab", list, Some(Does::Take(0))),
            (&text, "Tab", none, None),
        ] {
            assert_eq!(state.key(key(name), around), does, "{name} {around:?}");
        }
        let shift = Key { shift: true, ..key("Enter") };
        assert_eq!(text.key(shift, none), None);
        let composing = Key { is_composing: true, ..key("Enter") };
        assert_eq!(text.key(composing, none), None, "an input method takes the key");
    }
}
