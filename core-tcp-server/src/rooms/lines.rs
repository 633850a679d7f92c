//! The positions and authors of a room's lines. Counting the lines of others after a position takes two binary
//! searches, however long the room's history and however many its members. `people` uses it for unread lines and for
//! mentions of everyone.

use std::collections::{HashMap, VecDeque};

use crate::limits::LINES_SCANNED_MAX;
use crate::store::UserId;

/// The last lines of a room, in ascending order.
#[derive(Debug, Default)]
pub struct Lines {
    all: VecDeque<(u64, UserId)>,
    /// The positions by author. `None` in a room with few lines, where a scan is as fast and takes no memory.
    by: Option<Box<ByAuthor>>,
}

/// The positions by author, without empty entries.
type ByAuthor = HashMap<UserId, VecDeque<u64>>;

impl Lines {
    /// Returns the number of lines.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Counts the lines of other users after a position.
    pub fn others_after(&self, user: UserId, after: u64) -> usize {
        let from = self.all.partition_point(|(seq, _)| *seq <= after);
        let Some(by) = &self.by else {
            return self.all.range(from..).filter(|(_, by)| *by != user).count();
        };
        let own = by.get(&user).map_or(0, |own| own.len() - own.partition_point(|seq| *seq <= after));
        (self.all.len() - from).saturating_sub(own)
    }

    /// Counts the lines that are not by the most frequent author: the least that any reader has.
    pub fn others_min(&self) -> usize {
        let of_one = match &self.by {
            Some(by) => by.values().map(VecDeque::len).max(),
            None => by_author(&self.all).values().map(VecDeque::len).max(),
        };
        self.all.len() - of_one.unwrap_or(0)
    }

    /// Returns true if there is a line at this position.
    pub fn has(&self, seq: u64) -> bool {
        self.all.binary_search_by_key(&seq, |(seq, _)| *seq).is_ok()
    }

    /// Adds a line, unless its position is already taken.
    pub fn insert(&mut self, seq: u64, by: UserId) {
        // Nearly always at the end.
        let at = if self.all.back().is_none_or(|(last, _)| *last < seq) {
            self.all.len()
        } else {
            match self.all.binary_search_by_key(&seq, |(seq, _)| *seq) {
                Ok(_) => return,
                Err(at) => at,
            }
        };
        self.all.insert(at, (seq, by));
        match &mut self.by {
            Some(authors) => {
                let own = authors.entry(by).or_default();
                let at = own.partition_point(|other| *other < seq);
                own.insert(at, seq);
            }
            None if self.all.len() > LINES_SCANNED_MAX => self.by = Some(Box::new(by_author(&self.all))),
            None => {}
        }
    }

    /// Removes the line at this position, if there is one.
    pub fn remove(&mut self, seq: u64) {
        let Ok(at) = self.all.binary_search_by_key(&seq, |(seq, _)| *seq) else { return };
        let Some((_, by)) = self.all.remove(at) else { return };
        self.remove_own(by, seq);
    }

    /// Removes the first line, and returns its position.
    pub fn pop_front(&mut self) -> Option<u64> {
        let (seq, by) = self.all.pop_front()?;
        self.remove_own(by, seq);
        Some(seq)
    }

    /// Removes all lines before a position.
    pub fn forget_before(&mut self, first: u64) {
        while self.all.front().is_some_and(|(seq, _)| *seq < first) {
            self.pop_front();
        }
    }

    fn remove_own(&mut self, by: UserId, seq: u64) {
        let Some(authors) = &mut self.by else { return };
        let Some(own) = authors.get_mut(&by) else { return };
        if let Ok(at) = own.binary_search(&seq) {
            own.remove(at);
        }
        if own.is_empty() {
            authors.remove(&by);
        }
    }
}

fn by_author(all: &VecDeque<(u64, UserId)>) -> ByAuthor {
    let mut authors = ByAuthor::new();
    for (seq, by) in all {
        authors.entry(*by).or_default().push_back(*seq);
    }
    authors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_others_are_counted_as_a_list_would() {
        let (mut lines, mut list) = (Lines::default(), Vec::new());
        // A fixed sequence of inserts in any order, removals and cuts.
        let mut state = 7u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for step in 0..2_000 {
            let (seq, by) = (next(500), UserId(i64::try_from(next(5)).unwrap_or(0)));
            match next(10) {
                0 | 1 => {
                    lines.remove(seq);
                    list.retain(|(other, _)| *other != seq);
                }
                2 if step % 50 == 0 => {
                    lines.forget_before(seq / 4);
                    list.retain(|(other, _)| *other >= seq / 4);
                }
                _ if list.iter().all(|(other, _)| *other != seq) => {
                    lines.insert(seq, by);
                    list.push((seq, by));
                }
                _ => lines.insert(seq, by),
            }
            let after = next(500);
            for user in (0..6).map(UserId) {
                let naive = list.iter().filter(|(seq, by)| *seq > after && *by != user).count();
                assert_eq!(lines.others_after(user, after), naive, "step {step}");
            }
            assert_eq!(lines.len(), list.len());
            assert_eq!(lines.has(seq), list.iter().any(|(other, _)| *other == seq));
            let others = (0..6).map(|user| list.iter().filter(|(_, by)| *by != UserId(user)).count()).min();
            assert_eq!(Some(lines.others_min()), others);
        }
    }
}
