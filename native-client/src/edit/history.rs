//! The texts entered in this session, for the arrow keys. In memory only: what people write in rooms does not belong
//! into a file in their home folder.

use crate::files::LongText;
use crate::limits::HISTORY_LINES_MAX;

/// An entered text.
#[derive(Debug)]
pub(crate) enum Entry {
    Text(String),
    /// A text that was too long for a message, and was dropped. There is at most one, the last entry.
    Big(LongText),
}

/// The history.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Oldest first.
    entries: Vec<Entry>,
    /// The entry that is shown.
    at: Option<usize>,
    /// The unfinished text from before the user looked back.
    begun: String,
}

impl History {
    /// Adds a text, unless it is empty or equal to the last one.
    pub(crate) fn add(&mut self, text: &str) {
        self.leave();
        let is_last = matches!(self.entries.last(), Some(Entry::Text(last)) if last == text);
        if !is_last && !text.trim().is_empty() {
            self.push(Entry::Text(text.to_owned()));
        }
    }

    pub(crate) fn add_big(&mut self, text: LongText) {
        self.entries.retain(|entry| matches!(entry, Entry::Text(_)));
        self.push(Entry::Big(text));
    }

    fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
        if self.entries.len() > HISTORY_LINES_MAX {
            self.entries.remove(0);
        }
    }

    pub(crate) fn forget_last(&mut self) {
        self.entries.pop();
    }

    /// Returns the previous entry; `text` is the current line. A long one is moved out, and added again when it is
    /// dropped again.
    pub(crate) fn older(&mut self, text: &str) -> Option<Entry> {
        let at = match self.at {
            Some(at) => at.checked_sub(1)?,
            None => {
                let last = self.entries.len().checked_sub(1)?;
                self.begun = text.to_owned();
                last
            }
        };
        self.show(at)
    }

    /// Returns the next entry; after the last one the unfinished text.
    pub(crate) fn newer(&mut self) -> Option<Entry> {
        let at = self.at?.saturating_add(1);
        if at >= self.entries.len() {
            return self.leave().map(Entry::Text);
        }
        self.show(at)
    }

    fn show(&mut self, at: usize) -> Option<Entry> {
        self.at = Some(at);
        match self.entries.get(at)? {
            Entry::Text(text) => Some(Entry::Text(text.clone())),
            Entry::Big(_) => Some(self.entries.remove(at)),
        }
    }

    /// Leaves the history; returns the unfinished text if the user had looked back.
    pub(crate) fn leave(&mut self) -> Option<String> {
        self.at.take().map(|_| std::mem::take(&mut self.begun))
    }
}
