//! A row of the timeline, and its position among the others.

use std::sync::Arc;

use wardroom_client_core::PendingPost;
use wardroom_protocol::{Event, EventBody};

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A day begins.
    Day {
        /// As in [`crate::text::format::LocalTime::day`].
        day: i64,
        /// Unix milliseconds of its first line.
        at: u64,
        /// The position of that line.
        seq: u64,
    },
    /// The divider before the first unread line, which is at this position.
    UnreadDivider(u64),
    /// A line.
    Line {
        /// Its event.
        event: Arc<Event>,
        /// It starts a group: its author and time are shown.
        is_first: bool,
    },
    /// At least two consecutive joins, leaves or settings. If it is open, their lines follow.
    Fold {
        /// Their events.
        events: Vec<Arc<Event>>,
        /// Their lines follow.
        is_open: bool,
    },
    /// The user's own unconfirmed post.
    Pending {
        /// The post.
        post: PendingPost,
        /// How many are before it.
        nth: u32,
        /// It starts a group.
        is_first: bool,
    },
}

/// The position of a row: ordered, and stable when lines come before or after it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RowPosition(u64, u32);

impl RowPosition {
    /// The position of a line.
    pub fn line(seq: u64) -> Self {
        RowPosition(seq, 3)
    }

    /// The line that it is, or that it is before; `None` for a pending post.
    pub fn seq(self) -> Option<u64> {
        (self.0 != u64::MAX).then_some(self.0)
    }
}

impl Row {
    /// A stable key for lists. A post has the key of its nonce before and after it is confirmed, so that its element
    /// stays.
    pub fn key(&self) -> String {
        match self {
            Row::Day { day, .. } => format!("d{day}"),
            Row::UnreadDivider(_) => "new".to_owned(),
            Row::Line { event, .. } => match &event.nonce {
                Some(nonce) if matches!(event.body, EventBody::Message(_)) => format!("n{nonce}"),
                _ => format!("s{}", event.seq),
            },
            Row::Fold { events, .. } => format!("f{}", first_seq(events)),
            Row::Pending { post, .. } => format!("n{}", post.nonce),
        }
    }

    /// Its position.
    pub fn at(&self) -> RowPosition {
        match self {
            Row::Day { seq, .. } => RowPosition(*seq, 0),
            Row::UnreadDivider(seq) => RowPosition(*seq, 1),
            Row::Line { event, .. } => RowPosition::line(event.seq),
            // If closed, it is at its last event, so that a jump to any of them finds it.
            Row::Fold { events, is_open: false } => RowPosition::line(events.last().map_or(0, |event| event.seq)),
            Row::Fold { events, .. } => RowPosition(first_seq(events), 2),
            Row::Pending { nth, .. } => RowPosition(u64::MAX, *nth),
        }
    }

    /// The position of the line; for a closed fold, of its last line.
    pub fn seq(&self) -> Option<u64> {
        match self {
            Row::Line { event, .. } => Some(event.seq),
            Row::Fold { events, is_open: false } => events.last().map(|event| event.seq),
            _ => None,
        }
    }

    /// A time in its day; `None` for the divider.
    pub fn time(&self) -> Option<u64> {
        match self {
            Row::Day { at, .. } => Some(*at),
            Row::UnreadDivider(_) => None,
            Row::Line { event, .. } => Some(event.at),
            Row::Fold { events, .. } => events.first().map(|event| event.at),
            Row::Pending { post, .. } => Some(post.at_ms),
        }
    }
}

fn first_seq(events: &[Arc<Event>]) -> u64 {
    events.first().map_or(0, |event| event.seq)
}
