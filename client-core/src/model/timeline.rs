//! The loaded part of a room's timeline: one run of lines without a gap, which grows at both ends.

use std::collections::VecDeque;
use std::sync::Arc;

use wardroom_protocol::Event;

use crate::limits::TIMELINE_EVENTS_MAX;

/// Contiguous lines: the first is `base + 1`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    base: Option<u64>,
    events: VecDeque<Arc<Event>>,
    more: bool,
}

/// What became of a line that was offered at the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Added {
    /// It is the next one, and stands now.
    Next,
    /// It was there already, or lies before what is loaded.
    Known,
    /// One or more before it are missing.
    Gap,
}

impl Timeline {
    /// The line before the first that is (or will be) loaded; `None` until the server has said where it begins.
    pub fn base(&self) -> Option<u64> {
        self.base
    }

    /// The last line's place; that of the line before the first if none is loaded.
    pub fn last(&self) -> Option<u64> {
        self.base.map(|base| base.saturating_add(self.events.len() as u64))
    }

    /// The lines, oldest first.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Arc<Event>> + ExactSizeIterator {
        self.events.iter()
    }

    /// How many lines are loaded.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// No line is loaded.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The line at `index`, counted from the first that is loaded.
    pub fn at(&self, index: usize) -> Option<&Arc<Event>> {
        self.events.get(index)
    }

    /// The line with this place in the room, if it is loaded.
    pub fn by_seq(&self, seq: u64) -> Option<&Arc<Event>> {
        let index = seq.checked_sub(self.base?.saturating_add(1))?;
        self.events.get(usize::try_from(index).ok()?)
    }

    /// There are older lines that are not loaded.
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// Begins after `base`, without lines.
    pub(crate) fn begin(&mut self, base: u64) {
        *self = Timeline { base: Some(base), events: VecDeque::new(), more: base > 0 };
    }

    /// Takes a line at the end. Where the timeline has not begun, the line begins it.
    pub(crate) fn push(&mut self, event: Arc<Event>) -> Added {
        let Some(last) = self.last() else {
            self.begin(event.seq.saturating_sub(1));
            self.events.push_back(event);
            return Added::Next;
        };
        if event.seq <= last {
            return Added::Known;
        }
        if event.seq != last.saturating_add(1) {
            return Added::Gap;
        }
        self.events.push_back(event);
        if self.events.len() > TIMELINE_EVENTS_MAX {
            self.events.pop_front();
            self.base = self.base.map(|base| base.saturating_add(1));
            self.more = true;
        }
        Added::Next
    }

    /// Takes a page of older lines, ascending. Only those that join the first line without a gap are taken; `true` if
    /// there were any, or the beginning has been reached.
    pub(crate) fn prepend(&mut self, page: &[Arc<Event>], more: bool) -> bool {
        let Some(mut base) = self.base else { return false };
        let before = base;
        for event in page.iter().rev() {
            if event.seq == base && base > 0 {
                self.events.push_front(event.clone());
                base = base.saturating_sub(1);
            }
        }
        self.base = Some(base);
        let reached_the_beginning = base == 0 || (!more && base < before) || (page.is_empty() && !more);
        self.more = !reached_the_beginning;
        base != before || reached_the_beginning
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn event(seq: u64) -> Arc<Event> {
        let line = format!(r#"{{"room":"ops","seq":{seq},"at":1,"by":"ann","kind":"join"}}"#);
        Arc::new(Event::parse(line.as_bytes()).unwrap())
    }

    fn seqs(timeline: &Timeline) -> Vec<u64> {
        timeline.events().map(|event| event.seq).collect()
    }

    #[test]
    fn lines_are_taken_once_and_in_order() {
        let mut timeline = Timeline::default();
        timeline.begin(4);
        assert_eq!(timeline.push(event(5)), Added::Next);
        assert_eq!(timeline.push(event(5)), Added::Known);
        assert_eq!(timeline.push(event(3)), Added::Known);
        assert_eq!(timeline.push(event(7)), Added::Gap);
        assert_eq!(timeline.push(event(6)), Added::Next);
        assert_eq!(seqs(&timeline), [5, 6]);
        assert_eq!(timeline.by_seq(6).unwrap().seq, 6);
        assert!(timeline.by_seq(4).is_none() && timeline.by_seq(7).is_none());
    }

    #[test]
    fn older_pages_join_without_a_gap() {
        let mut timeline = Timeline::default();
        timeline.begin(4);
        timeline.push(event(5));
        // 4 is missing: nothing joins.
        assert!(!timeline.prepend(&[event(2), event(3)], true));
        assert!(timeline.prepend(&[event(3), event(4)], true));
        assert!(timeline.has_more());
        // What is there already does no harm.
        assert!(timeline.prepend(&[event(1), event(2), event(3)], false));
        assert_eq!(seqs(&timeline), [1, 2, 3, 4, 5]);
        assert!(!timeline.has_more());
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let mut timeline = Timeline::default();
        timeline.begin(0);
        let all = TIMELINE_EVENTS_MAX as u64 + 3;
        for seq in 1..=all {
            assert_eq!(timeline.push(event(seq)), Added::Next);
        }
        assert_eq!(timeline.len(), TIMELINE_EVENTS_MAX);
        assert_eq!(timeline.at(0).unwrap().seq, 4);
        assert_eq!(timeline.last(), Some(all));
        assert!(timeline.has_more());
    }
}
