//! What was written in this session, to be had again with the arrow keys. It is kept in memory only: what people say in rooms is no
//! matter of a file in their home folder.

use crate::files::LongText;
use crate::limits::HISTORY_LINES_MAX;

/// Something that was written.
#[derive(Debug)]
pub(crate) enum Entry {
    Text(String),
    /// A text that was too much for a message, and was dropped. There is one at most, the last.
    Big(LongText),
}

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Oldest first.
    entries: Vec<Entry>,
    /// Which of them is shown.
    at: Option<usize>,
    /// What had been begun before one looked back.
    begun: String,
}

impl History {
    /// Adds a text, unless it is the last one already or has nothing in it.
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

    /// The one before, `text` being what stands in the line. A big one is given away: it is added anew when it is dropped again.
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

    /// The one after; behind the last one what had been begun.
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

    /// One looks back no more: what had been begun, if one did.
    pub(crate) fn leave(&mut self) -> Option<String> {
        self.at.take().map(|_| std::mem::take(&mut self.begun))
    }
}
