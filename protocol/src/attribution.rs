//! Decides when a timeline shows a message's author and time, so that a reader never has to scroll back for them. The
//! page groups messages by this rule. Terminals name the author of every message, and use the rule inside long ones.

use crate::limits::{GROUP_LINES_MAX, GROUP_MINUTES_MAX};

/// Decides message by message, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Attribution<A> {
    group: Option<Group<A>>,
}

#[derive(Clone, Copy, Debug)]
struct Group<A> {
    author: A,
    start_ms: u64,
    lines: usize,
}

impl<A> Default for Attribution<A> {
    fn default() -> Self {
        Self { group: None }
    }
}

impl<A: PartialEq> Attribution<A> {
    /// Returns true if this message shows its author and time. `lines` is its height.
    pub fn starts_group(&mut self, author: A, at_ms: u64, lines: usize) -> bool {
        if let Some(group) = &mut self.group
            && group.author == author
            && group.lines < GROUP_LINES_MAX
            && at_ms.checked_sub(group.start_ms).is_some_and(|ms| ms < GROUP_MINUTES_MAX * 60_000)
        {
            group.lines = group.lines.saturating_add(lines);
            return false;
        }
        self.group = Some(Group { author, start_ms: at_ms, lines });
        true
    }

    /// Notes that something else was shown in between: the next message shows its author and time.
    pub fn end_group(&mut self) {
        self.group = None;
    }
}

/// Returns true if author and time are shown before this line of a message. The first line is 0.
pub fn shows_author(line: usize) -> bool {
    line.is_multiple_of(GROUP_LINES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    #[test]
    fn a_group_ends_with_its_author_after_minutes_or_lines_and_at_any_other_line() {
        let mut attribution = Attribution::default();
        assert!(attribution.starts_group("ann", 0, 1));
        assert!(!attribution.starts_group("ann", 4 * MINUTE, 1));
        assert!(attribution.starts_group("ann", 5 * MINUTE, 1), "five minutes after the first message");
        assert!(attribution.starts_group("ben", 5 * MINUTE, 1), "another author");
        attribution.end_group();
        assert!(attribution.starts_group("ben", 5 * MINUTE, 1), "another line in between");
        assert!(attribution.starts_group("ben", 4 * MINUTE, 1), "the clock went back");
    }

    #[test]
    fn a_long_group_names_its_author_once_a_screenful() {
        let mut attribution = Attribution::default();
        let first: Vec<usize> = (0..60).filter(|_| attribution.starts_group("ann", 0, 1)).collect();
        assert_eq!(first, [0, 20, 40]);
        assert!(attribution.starts_group("ann", 0, usize::MAX));
        assert!(attribution.starts_group("ann", 0, 1), "after a long message");
        assert_eq!((0..45).filter(|line| shows_author(*line)).collect::<Vec<_>>(), [0, 20, 40]);
    }
}
