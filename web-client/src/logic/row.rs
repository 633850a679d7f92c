//! A row of the timeline, and its position among the others.

use std::sync::Arc;

use wardroom_client_core::PendingPost;
use wardroom_protocol::{Event, EventBody};

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A day begins: the local day, a time in it, and its first line.
    Day {
        /// As [`LocalTime::day`].
        day: i64,
        /// Unix milliseconds of its first line.
        at: u64,
        /// The place of that line.
        seq: u64,
    },
    /// From this line on all is new.
    UnreadDivider(u64),
    /// An event.
    Line {
        /// It.
        event: Arc<Event>,
        /// It begins a group: its author and time are shown.
        is_first: bool,
    },
    /// Joins, leaves and settings that follow each other, at least two. Open, their lines follow it.
    Fold {
        /// They.
        events: Vec<Arc<Event>>,
        /// Their lines follow.
        is_open: bool,
    },
    /// One's own post that does not stand yet.
    Pending {
        /// It.
        post: PendingPost,
        /// How many stand before it.
        nth: u32,
        /// It begins a group.
        is_first: bool,
    },
}

/// Where a row stands among the others: ordered, and the same when lines come before or after it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RowPosition(u64, u32);

impl RowPosition {
    /// Where a line stands.
    pub fn line(seq: u64) -> Self {
        RowPosition(seq, 3)
    }

    /// The line that it is, or that it stands before; `None` for what has no place in the room yet.
    pub fn seq(self) -> Option<u64> {
        (self.0 != u64::MAX).then_some(self.0)
    }
}

impl Row {
    /// A key for a list: unique in it, and the same as long as the row is the same thing. A post has that of its mark
    /// before and after it stands, so that its element stays.
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

    /// Where it stands.
    pub fn at(&self) -> RowPosition {
        match self {
            Row::Day { seq, .. } => RowPosition(*seq, 0),
            Row::UnreadDivider(seq) => RowPosition(*seq, 1),
            Row::Line { event, .. } => RowPosition::line(event.seq),
            // Closed it is where its last event is, so that a jump to any of them finds it.
            Row::Fold { events, is_open: false } => RowPosition::line(events.last().map_or(0, |event| event.seq)),
            Row::Fold { events, .. } => RowPosition(first_seq(events), 2),
            Row::Pending { nth, .. } => RowPosition(u64::MAX, *nth),
        }
    }

    /// The line, if it is one; of a closed fold the last of its lines.
    pub fn seq(&self) -> Option<u64> {
        match self {
            Row::Line { event, .. } => Some(event.seq),
            Row::Fold { events, is_open: false } => events.last().map(|event| event.seq),
            _ => None,
        }
    }

    /// A time in its day; `None` for a divider of unread lines.
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
