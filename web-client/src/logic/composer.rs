//! The state of the composer and what keys do there. The view draws it and reports input; nothing here knows an
//! element. Tested on the host.
//!
//! A draft is unsent text. Editing a message or running a command again puts it aside, and ending that brings it back;
//! no reply, cancel or other tab loses it.

/// What the composer is used for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ComposeMode {
    /// A new message.
    #[default]
    New,
    /// A reply to this message.
    Reply(u64),
    /// An edit of this message.
    Edit(u64),
    /// Running the command of this line again, on the same host.
    Rerun(u64),
}

/// The state of the composer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Composer {
    /// The text in the field.
    pub text: String,
    /// The byte offset of the caret.
    pub caret: usize,
    /// What it is used for.
    pub mode: ComposeMode,
    /// The selected suggestion.
    pub selected: usize,
    /// Counts texts that did not come from the field: the view writes each of them there.
    pub revision: u32,
    /// The draft that was put aside.
    stashed_draft: String,
    /// The text for which the suggestions were closed.
    closed: Option<String>,
}

/// A change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ComposerAction {
    /// The field has this text, with the caret at this byte.
    Input(String, usize),
    /// The caret moved.
    MoveCaret(usize),
    /// Another suggestion was selected.
    SelectSuggestion(usize),
    /// The suggestions were closed, until the text changes.
    CloseSuggestions,
    /// Replaces the text, with the caret at this byte.
    Replace(String, usize),
    /// Another mode, with the message to edit or the command to run again.
    SetMode(ComposeMode, String),
    /// The text was sent or saved.
    Sent,
    /// Another tab sent this draft.
    SentElsewhere(String),
}

impl Composer {
    /// Starts with a stored draft.
    pub fn with_draft(draft: String) -> Self {
        Composer { caret: draft.len(), text: draft, revision: 1, ..Composer::default() }
    }

    /// The unsent text to store. Edits and commands to run again are not stored: their source still exists.
    pub fn draft(&self) -> &str {
        if self.stashes_draft() { &self.stashed_draft } else { &self.text }
    }

    /// The text before the caret, if suggestions are wanted.
    pub fn before_caret(&self) -> Option<&str> {
        let is_closed = self.closed.as_deref() == Some(self.text.as_str());
        self.text.get(..self.caret).filter(|_| !is_closed)
    }

    fn stashes_draft(&self) -> bool {
        matches!(self.mode, ComposeMode::Edit(_) | ComposeMode::Rerun(_))
    }

    /// The state after a change.
    #[must_use]
    pub fn reduced(mut self, action: ComposerAction) -> Self {
        match action {
            ComposerAction::Input(text, caret) => {
                if text != self.text {
                    self.selected = 0;
                }
                (self.text, self.caret) = (text, caret);
            }
            ComposerAction::MoveCaret(caret) => self.caret = caret,
            ComposerAction::SelectSuggestion(at) => self.selected = at,
            ComposerAction::CloseSuggestions => self.closed = Some(self.text.clone()),
            ComposerAction::Replace(text, caret) => self.put(text, caret),
            ComposerAction::SetMode(mode, original) => self.begin(mode, original),
            ComposerAction::Sent => {
                if self.stashes_draft() {
                    self.begin(ComposeMode::New, String::new());
                } else {
                    self.put(String::new(), 0);
                }
                self.mode = ComposeMode::New;
            }
            ComposerAction::SentElsewhere(text) if self.draft() == text => match self.stashes_draft() {
                true => self.stashed_draft = String::new(),
                false => self.put(String::new(), 0),
            },
            ComposerAction::SentElsewhere(_) => {}
        }
        self
    }

    fn begin(&mut self, mode: ComposeMode, original: String) {
        let (was_aside, before) = (self.stashes_draft(), self.mode);
        self.mode = mode;
        match (was_aside, self.stashes_draft()) {
            (false, true) => {
                self.stashed_draft = std::mem::take(&mut self.text);
                let caret = original.len();
                self.put(original, caret);
            }
            (true, true) if before != mode => {
                let caret = original.len();
                self.put(original, caret);
            }
            (true, false) => {
                let draft = std::mem::take(&mut self.stashed_draft);
                let caret = draft.len();
                self.put(draft, caret);
            }
            (true, true) | (false, false) => {}
        }
    }

    fn put(&mut self, text: String, caret: usize) {
        (self.text, self.caret, self.selected) = (text, caret, 0);
        self.revision = self.revision.wrapping_add(1);
    }
}

/// A pressed key.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// Its name in the browser.
    pub name: &'a str,
    /// The shift key is held.
    pub shift: bool,
    /// An input method is composing: its keys choose words. Safari only says so with code 229.
    pub is_composing: bool,
}

/// What else matters for a key.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyContext {
    /// A long paste waits for a decision.
    pub has_paste: bool,
    /// The number of suggestions.
    pub suggestions: usize,
    /// The text is a complete command.
    pub is_whole_command: bool,
}

/// What a key does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyAction {
    /// Attach the paste as a file.
    AttachPaste,
    /// Discard the paste.
    DiscardPaste,
    /// Select another suggestion.
    SelectSuggestion(usize),
    /// Insert the suggestion.
    AcceptSuggestion(usize),
    /// Close the suggestions.
    CloseSuggestions,
    /// Send the text.
    Send,
    /// Cancel the reply or edit.
    Cancel,
    /// Edit the last message.
    EditLast,
}

impl Composer {
    /// What a key does; `None` for the field's default.
    pub fn key(&self, key: Key<'_>, context: KeyContext) -> Option<KeyAction> {
        if key.is_composing {
            return None;
        }
        let count = context.suggestions;
        let (at, has_list) = (self.selected.min(count.saturating_sub(1)), count > 0);
        match key.name {
            "Enter" if key.shift => None,
            "Enter" if context.has_paste => Some(KeyAction::AttachPaste),
            "Escape" if context.has_paste => Some(KeyAction::DiscardPaste),
            "ArrowDown" if has_list => Some(KeyAction::SelectSuggestion((at + 1) % count)),
            "ArrowUp" if has_list => Some(KeyAction::SelectSuggestion((at + count - 1) % count)),
            "Tab" if has_list && !key.shift => Some(KeyAction::AcceptSuggestion(at)),
            // Send a complete command instead of completing it.
            "Enter" if has_list && !context.is_whole_command => Some(KeyAction::AcceptSuggestion(at)),
            "Escape" if has_list => Some(KeyAction::CloseSuggestions),
            "Enter" => Some(KeyAction::Send),
            "Escape" if self.mode != ComposeMode::New => Some(KeyAction::Cancel),
            "ArrowUp" if self.text.is_empty() => Some(KeyAction::EditLast),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Composer {
        Composer::default().reduced(ComposerAction::Input(text.to_owned(), text.len()))
    }

    fn begin(mode: ComposeMode) -> ComposerAction {
        ComposerAction::SetMode(mode, "the message".to_owned())
    }

    #[test]
    fn a_reply_and_its_cancel_keep_the_draft() {
        let state = typed("half a sentence").reduced(begin(ComposeMode::Reply(7)));
        assert_eq!((state.text.as_str(), state.draft()), ("half a sentence", "half a sentence"));
        let state =
            state.reduced(ComposerAction::Input("half a sentence, more".into(), 21)).reduced(begin(ComposeMode::New));
        assert_eq!((state.text.as_str(), state.mode), ("half a sentence, more", ComposeMode::New));
    }

    #[test]
    fn an_edit_lays_the_draft_aside_and_every_end_brings_it_back() {
        let edit = typed("a draft").reduced(begin(ComposeMode::Edit(7)));
        assert_eq!((edit.text.as_str(), edit.draft(), edit.caret), ("the message", "a draft", 11));
        let edit = edit.reduced(ComposerAction::Input("the message, better".into(), 19));
        assert_eq!(edit.draft(), "a draft", "what is kept over a reload is the draft");
        for end in [ComposerAction::Sent, begin(ComposeMode::New), begin(ComposeMode::Reply(3))] {
            let state = edit.clone().reduced(end);
            assert_eq!((state.text.as_str(), state.draft()), ("a draft", "a draft"));
            assert!(state.revision > edit.revision, "the view puts it into the field");
        }
        let other = edit.clone().reduced(ComposerAction::SetMode(ComposeMode::Edit(9), "another".into()));
        assert_eq!((other.text.as_str(), other.draft()), ("another", "a draft"));
        assert_eq!(edit.clone().reduced(begin(ComposeMode::Edit(7))), edit, "the same edit goes on as it is");
    }

    #[test]
    fn a_command_that_is_run_again_lays_the_draft_aside_too() {
        let again = typed("half a sentence").reduced(ComposerAction::SetMode(ComposeMode::Rerun(7), "$ uptime".into()));
        assert_eq!((again.text.as_str(), again.draft()), ("$ uptime", "half a sentence"));
        for end in [ComposerAction::Sent, begin(ComposeMode::New)] {
            assert_eq!(again.clone().reduced(end).text, "half a sentence");
        }
    }

    #[test]
    fn what_is_sent_is_no_draft_any_more() {
        let state = typed("hello").reduced(begin(ComposeMode::Reply(7))).reduced(ComposerAction::Sent);
        assert_eq!((state.draft(), state.text.as_str(), state.mode), ("", "", ComposeMode::New));
    }

    #[test]
    fn another_tab_takes_only_what_it_sent() {
        assert_eq!(typed("same").reduced(ComposerAction::SentElsewhere("same".into())).text, "");
        assert_eq!(typed("other").reduced(ComposerAction::SentElsewhere("same".into())).text, "other");
        let edit =
            typed("same").reduced(begin(ComposeMode::Edit(7))).reduced(ComposerAction::SentElsewhere("same".into()));
        assert_eq!((edit.text.as_str(), edit.draft()), ("the message", ""));
    }

    #[test]
    fn suggestions_close_until_the_text_is_another() {
        let state = typed("@be").reduced(ComposerAction::SelectSuggestion(2)).reduced(ComposerAction::CloseSuggestions);
        assert_eq!(state.before_caret(), None);
        let state = state.reduced(ComposerAction::Input("@ben".into(), 4));
        assert_eq!((state.before_caret(), state.selected), (Some("@ben"), 0));
        assert_eq!(state.reduced(ComposerAction::MoveCaret(2)).before_caret(), Some("@b"));
    }

    #[test]
    fn keys_do_what_is_in_front() {
        let key = |name| Key { name, shift: false, is_composing: false };
        let none = KeyContext::default();
        let list = KeyContext { suggestions: 3, ..none };
        let whole = KeyContext { is_whole_command: true, ..list };
        let paste = KeyContext { has_paste: true, ..none };
        let (empty, text) = (Composer::default(), typed("hi"));
        let reply = typed("hi").reduced(begin(ComposeMode::Reply(7)));
        for (state, name, context, action) in [
            (&text, "Enter", none, Some(KeyAction::Send)),
            (&text, "Enter", list, Some(KeyAction::AcceptSuggestion(0))),
            (&text, "Enter", whole, Some(KeyAction::Send)),
            (&text, "Enter", paste, Some(KeyAction::AttachPaste)),
            (&text, "Escape", paste, Some(KeyAction::DiscardPaste)),
            (&text, "Escape", list, Some(KeyAction::CloseSuggestions)),
            (&text, "Escape", none, None),
            (&reply, "Escape", none, Some(KeyAction::Cancel)),
            (&text, "ArrowUp", list, Some(KeyAction::SelectSuggestion(2))),
            (&text, "ArrowDown", list, Some(KeyAction::SelectSuggestion(1))),
            (&text, "ArrowUp", none, None),
            (&empty, "ArrowUp", none, Some(KeyAction::EditLast)),
            (&text, "Tab", list, Some(KeyAction::AcceptSuggestion(0))),
            (&text, "Tab", none, None),
        ] {
            assert_eq!(state.key(key(name), context), action, "{name} {context:?}");
        }
        let shift = Key { shift: true, ..key("Enter") };
        assert_eq!(text.key(shift, none), None);
        let composing = Key { is_composing: true, ..key("Enter") };
        assert_eq!(text.key(composing, none), None, "an input method takes the key");
    }
}
