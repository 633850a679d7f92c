//! The loaded part of a room's timeline: a range without gaps that grows at both ends. It ends at the room's live end,
//! or it is an older window (after a jump) until it has grown up to the live end.
//!
//! Amendments (`edit`, `delete`, `reaction`, `repeat`) have positions in the room, but they are not lines: they change
//! the lines that they amend. The server delivers a message with all amendments so far, so only later ones have to be
//! applied; [`EventBody::amend`] knows which.
//!
//! [`EventBody::amend`]: wardroom_protocol::EventBody::amend

use std::collections::VecDeque;
use std::sync::Arc;

use wardroom_protocol::Event;

use crate::limits::TIMELINE_LINES_MAX;

/// Lines of a room, oldest first, without gaps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    base: Option<u64>,
    last: u64,
    lines: VecDeque<Arc<Event>>,
    older: bool,
    newer: bool,
}

/// What happened to an event that was pushed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Added {
    /// It was the next one, and was added.
    Next,
    /// It was known, or is before the loaded range.
    Known,
    /// At least one event before it is missing.
    Gap,
}

impl Timeline {
    /// The position before the first loaded event; `None` until the server has said where the room starts.
    pub fn base(&self) -> Option<u64> {
        self.base
    }

    /// The last loaded position, of a line or an amendment; [`Timeline::base`] if nothing is loaded.
    pub fn last(&self) -> Option<u64> {
        self.base.map(|_| self.last)
    }

    /// The lines, oldest first.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Arc<Event>> + ExactSizeIterator {
        self.lines.iter()
    }

    /// How many lines are loaded.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// No line is loaded.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The line at `index`, counted from the first loaded one.
    pub fn at(&self, index: usize) -> Option<&Arc<Event>> {
        self.lines.get(index)
    }

    /// The index of the first line after this position; [`Timeline::len`] if there is none.
    pub fn index_after(&self, seq: u64) -> usize {
        self.lines.partition_point(|line| line.seq <= seq)
    }

    /// The line at this position, if it is loaded.
    pub fn by_seq(&self, seq: u64) -> Option<&Arc<Event>> {
        let index = self.lines.binary_search_by_key(&seq, |line| line.seq).ok()?;
        self.lines.get(index)
    }

    /// There are older lines that are not loaded.
    pub fn has_more(&self) -> bool {
        self.older
    }

    /// There are newer lines that are not loaded: this is an older window, and new events are not added to it.
    pub fn has_newer(&self) -> bool {
        self.newer
    }

    /// This position is in the loaded range.
    pub fn covers(&self, seq: u64) -> bool {
        self.base.is_some_and(|base| seq > base && seq <= self.last)
    }

    /// Starts after `base`, without lines. `floor`: the position before the first event that still exists.
    pub(crate) fn begin(&mut self, base: u64, floor: u64) {
        *self = Timeline { base: Some(base), last: base, older: base > floor, ..Timeline::default() };
    }

    /// A window of these consecutive events; `None` if there are none.
    pub(crate) fn window(page: &[Arc<Event>], older: bool) -> Option<Timeline> {
        let first = page.first()?.seq;
        let mut window = Timeline::default();
        window.begin(first.saturating_sub(1), 0);
        window.append(page);
        window.older = older;
        window.newer = true;
        Some(window)
    }

    /// Adds an event at the end. It starts the timeline if that has not started.
    pub(crate) fn push(&mut self, event: Arc<Event>) -> Added {
        if self.base.is_none() {
            self.begin(event.seq.saturating_sub(1), 0);
        }
        if event.seq <= self.last {
            return Added::Known;
        }
        if event.seq != self.last.saturating_add(1) {
            return Added::Gap;
        }
        self.last = event.seq;
        if event.body.target().is_some() {
            self.amend(&event);
            return Added::Next;
        }
        self.lines.push_back(event);
        self.drop_oldest();
        Added::Next
    }

    /// Applies an amendment, if its line is loaded.
    pub(crate) fn amend(&mut self, event: &Event) -> bool {
        let Some(target) = event.body.target() else { return false };
        let Ok(index) = self.lines.binary_search_by_key(&target, |line| line.seq) else { return false };
        let Some(line) = self.lines.get_mut(index) else { return false };
        let mut amended = Event::clone(line);
        let is_amended = amended.body.amend(event.seq, &event.by, &event.body);
        if is_amended {
            *line = Arc::new(amended);
        }
        is_amended
    }

    /// Adds a page of older events, ascending. Only events that join without a gap are taken; `true` if there were any,
    /// or if the beginning was reached.
    pub(crate) fn prepend(&mut self, page: &[Arc<Event>], more: bool) -> bool {
        let Some(mut base) = self.base else { return false };
        let before = base;
        for event in page.iter().rev() {
            if event.seq == base && base > 0 {
                if event.body.target().is_none() {
                    self.lines.push_front(event.clone());
                }
                base = base.saturating_sub(1);
            }
        }
        self.base = Some(base);
        let reached_the_beginning = base == 0 || (!more && base < before) || (page.is_empty() && !more);
        if base < before || reached_the_beginning {
            self.older = !reached_the_beginning;
        }
        base != before || reached_the_beginning
    }

    /// Adds a page of newer events, ascending, as far as they join without a gap.
    pub(crate) fn append(&mut self, page: &[Arc<Event>]) {
        for event in page {
            self.push(event.clone());
        }
    }

    /// Becomes the live end, if it reaches up to `tail`, which is the live end. Waits if `tail` is still behind what a
    /// page has shown already.
    pub(crate) fn join(&mut self, tail: &Timeline) -> bool {
        let (Some(base), Some(tail_base)) = (self.base, tail.base) else { return false };
        if tail_base > self.last || tail.last < self.last {
            return false;
        }
        if tail_base <= base {
            *self = tail.clone();
            return true;
        }
        let from = tail.index_after(self.last);
        self.lines.extend(tail.lines.iter().skip(from).cloned());
        self.last = tail.last;
        self.newer = false;
        self.drop_oldest();
        true
    }

    /// The last `count` lines as a timeline of their own.
    pub(crate) fn end(&self, count: usize) -> Timeline {
        let skip = self.lines.len().saturating_sub(count);
        let lines: VecDeque<Arc<Event>> = self.lines.iter().skip(skip).cloned().collect();
        let base = skip.checked_sub(1).and_then(|index| self.lines.get(index)).map(|line| line.seq).or(self.base);
        Timeline { base, last: self.last, lines, older: self.older || skip > 0, newer: false }
    }

    /// There are more lines than the limit.
    pub(crate) fn is_over(&self) -> bool {
        self.lines.len() > TIMELINE_LINES_MAX
    }

    /// Drops the newest lines beyond the limit: from then on this is an older window.
    pub(crate) fn drop_newest(&mut self) {
        while self.is_over() {
            let Some(line) = self.lines.pop_back() else { return };
            self.last = line.seq.saturating_sub(1);
            self.newer = true;
        }
    }

    /// Drops the oldest lines beyond the limit.
    pub(crate) fn drop_oldest(&mut self) {
        while self.is_over() {
            let Some(line) = self.lines.pop_front() else { return };
            self.base = Some(line.seq);
            self.older = true;
        }
    }

    /// The room no longer has anything before `first`.
    pub(crate) fn drop_before(&mut self, first: u64) {
        let floor = first.saturating_sub(1);
        let Some(base) = self.base.filter(|base| *base <= floor) else { return };
        while self.lines.front().is_some_and(|line| line.seq < first) {
            self.lines.pop_front();
        }
        self.base = Some(base.max(floor.min(self.last)));
        self.older = false;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use wardroom_protocol::EventBody;

    fn event(seq: u64) -> Arc<Event> {
        of_kind(seq, r#""kind":"join""#)
    }

    fn of_kind(seq: u64, fields: &str) -> Arc<Event> {
        let line = format!(r#"{{"room":"ops","seq":{seq},"at":1,"by":"ann",{fields}}}"#);
        Arc::new(Event::parse(line.as_bytes()).unwrap())
    }

    fn seqs(timeline: &Timeline) -> Vec<u64> {
        timeline.events().map(|event| event.seq).collect()
    }

    fn of(base: u64, last: u64) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.begin(base, 0);
        for seq in base + 1..=last {
            timeline.push(event(seq));
        }
        timeline
    }

    #[test]
    fn lines_are_taken_once_and_in_order() {
        let mut timeline = Timeline::default();
        timeline.begin(4, 0);
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
    fn an_amendment_has_a_place_and_is_no_line() {
        let mut timeline = Timeline::default();
        timeline.begin(4, 0);
        timeline.push(of_kind(5, r#""kind":"message","text":"helo""#));
        assert_eq!(timeline.push(of_kind(6, r#""kind":"edit","target":5,"text":"hello""#)), Added::Next);
        assert_eq!(timeline.push(of_kind(7, r#""kind":"edit","target":2,"text":"not loaded""#)), Added::Next);
        assert_eq!(timeline.push(event(8)), Added::Next);
        assert_eq!((seqs(&timeline), timeline.last()), (vec![5, 8], Some(8)));
        assert_eq!(timeline.index_after(6), 1);
        assert!(matches!(&timeline.by_seq(5).unwrap().body, EventBody::Message(m) if m.edited && m.text == "hello"));
        // A page of nothing else moves on as well.
        assert!(timeline.prepend(&[event(3), of_kind(4, r#""kind":"delete","target":1"#)], true));
        assert_eq!((seqs(&timeline), timeline.base()), (vec![3, 5, 8], Some(2)));
    }

    #[test]
    fn older_pages_join_without_a_gap() {
        let mut timeline = of(4, 5);
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
    fn the_far_end_goes_when_there_are_too_many() {
        let all = TIMELINE_LINES_MAX as u64 + 3;
        let mut timeline = of(0, all);
        assert_eq!((timeline.len(), timeline.base(), timeline.last()), (TIMELINE_LINES_MAX, Some(3), Some(all)));
        assert!(timeline.has_more() && !timeline.has_newer());
        assert!(timeline.prepend(&[event(2), event(3)], true));
        timeline.drop_newest();
        assert_eq!((timeline.base(), timeline.last()), (Some(1), Some(all - 2)));
        assert!(timeline.has_newer());
    }

    #[test]
    fn a_window_becomes_the_live_end_where_they_meet() {
        let tail = of(10, 14);
        let window = |from: u64, to: u64| {
            let page: Vec<_> = (from..=to).map(event).collect();
            Timeline::window(&page, true).unwrap()
        };
        let mut apart = window(3, 9);
        assert!(!apart.join(&tail) && apart.has_newer(), "10 is missing");
        let mut met = window(3, 10);
        assert!(met.join(&tail) && !met.has_newer());
        assert_eq!(seqs(&met), (3..=14).collect::<Vec<u64>>());
        let mut ahead = window(9, 16);
        assert!(!ahead.join(&tail), "the live end is on its way there");
        assert!(ahead.join(&of(10, 16)));
        assert_eq!((ahead.base(), ahead.last()), (Some(8), Some(16)));
        let mut within = window(12, 13);
        assert!(within.join(&tail));
        assert_eq!(within, tail);
        assert!(!window(15, 16).join(&tail));
        assert_eq!((tail.end(2).base(), tail.end(9).base()), (Some(12), Some(10)));
    }

    #[test]
    fn what_was_removed_is_gone_here_too() {
        let mut timeline = of(2, 9);
        timeline.drop_before(5);
        assert_eq!((seqs(&timeline), timeline.base(), timeline.has_more()), (vec![5, 6, 7, 8, 9], Some(4), false));
        timeline.drop_before(99);
        assert_eq!((timeline.len(), timeline.base(), timeline.last()), (0, Some(9), Some(9)));
    }
}
