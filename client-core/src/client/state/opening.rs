//! An open room beside what is shown of it.

use std::collections::VecDeque;
use std::sync::Arc;

use wardroom_protocol::Event;

use crate::from::OpenFrom;
use crate::model::Timeline;

/// A room that is (to be) open.
#[derive(Debug)]
pub(in crate::client) struct Opening {
    pub(in crate::client) from: OpenFrom,
    /// The number of the `room.open` under way: events are ignored until it is answered.
    pub(in crate::client) asked: Option<u64>,
    /// The live end, while a window elsewhere is shown.
    pub(in crate::client) tail: Option<Timeline>,
    /// The numbers of the pages under way: before and behind what is shown, and around the line that one jumps to. A page of
    /// another number was asked for something that is not shown any more.
    pub(in crate::client) older_asked: Option<u64>,
    pub(in crate::client) newer_asked: Option<u64>,
    pub(in crate::client) jump_asked: Option<u64>,
    /// Amendments that came while pages are under way, whose lines may not have them yet.
    pub(in crate::client) late: VecDeque<Arc<Event>>,
    /// Quotes under way.
    pub(in crate::client) quotes_asked: usize,
    /// The last event before a gap that was there once already.
    pub(in crate::client) gap_after: Option<u64>,
}

impl Opening {
    pub(in crate::client) fn new(from: OpenFrom) -> Self {
        Opening {
            from,
            asked: None,
            tail: None,
            older_asked: None,
            newer_asked: None,
            jump_asked: None,
            late: VecDeque::new(),
            quotes_asked: 0,
            gap_after: None,
        }
    }

    /// Pages are under way that may have been made before what comes now.
    pub(in crate::client) fn awaits_pages(&self) -> bool {
        [self.older_asked, self.newer_asked, self.jump_asked].iter().any(Option::is_some) || self.quotes_asked > 0
    }

    /// Another stretch is shown than pages were asked for.
    pub(in crate::client) fn forget_pages(&mut self) {
        (self.older_asked, self.newer_asked, self.jump_asked) = (None, None, None);
    }
}
