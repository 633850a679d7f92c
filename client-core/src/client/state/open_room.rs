//! An open room beside what is shown of it.

use std::collections::VecDeque;
use std::sync::Arc;

use wardroom_protocol::Event;

use crate::model::Timeline;
use crate::position::OpenFrom;

/// A room that is (to be) open.
#[derive(Debug)]
pub(in crate::client) struct OpenRoom {
    pub(in crate::client) from: OpenFrom,
    /// The number of the `room.open` under way: events are ignored until it is answered.
    pub(in crate::client) asked: Option<u64>,
    /// The live end, while a window elsewhere is shown.
    pub(in crate::client) tail: Option<Timeline>,
    /// The numbers of the pages under way: before and behind what is shown, and around the line that one jumps to. A page of
    /// another number was asked for something that is not shown any more.
    pub(in crate::client) older_request: Option<u64>,
    pub(in crate::client) newer_request: Option<u64>,
    pub(in crate::client) jump_request: Option<u64>,
    /// Amendments that came while pages are under way, whose lines may not have them yet.
    pub(in crate::client) late: VecDeque<Arc<Event>>,
    /// Quotes under way.
    pub(in crate::client) quote_requests: usize,
    /// The last event before a gap that was there once already.
    pub(in crate::client) gap_after: Option<u64>,
}

impl OpenRoom {
    pub(in crate::client) fn new(from: OpenFrom) -> Self {
        OpenRoom {
            from,
            asked: None,
            tail: None,
            older_request: None,
            newer_request: None,
            jump_request: None,
            late: VecDeque::new(),
            quote_requests: 0,
            gap_after: None,
        }
    }

    /// Pages are under way that may have been made before what comes now.
    pub(in crate::client) fn awaits_pages(&self) -> bool {
        [self.older_request, self.newer_request, self.jump_request].iter().any(Option::is_some)
            || self.quote_requests > 0
    }

    /// Another stretch is shown than pages were asked for.
    pub(in crate::client) fn forget_pages(&mut self) {
        (self.older_request, self.newer_request, self.jump_request) = (None, None, None);
    }
}
