//! What is known about an open room besides what is shown.

use std::collections::VecDeque;
use std::sync::Arc;

use wardroom_protocol::Event;

use crate::model::Timeline;
use crate::position::OpenFrom;

/// A room that is open, or will be.
#[derive(Debug)]
pub(in crate::client) struct OpenRoom {
    pub(in crate::client) from: OpenFrom,
    /// The id of the `room.open` in flight. Events are ignored until it is answered.
    pub(in crate::client) asked: Option<u64>,
    /// The live end, while an older window is shown.
    pub(in crate::client) tail: Option<Timeline>,
    /// The ids of the pages in flight: before and after the shown lines, and around the jump target. A page with
    /// another id was requested for lines that are no longer shown.
    pub(in crate::client) older_request: Option<u64>,
    pub(in crate::client) newer_request: Option<u64>,
    pub(in crate::client) jump_request: Option<u64>,
    /// Amendments that arrived while pages are in flight, which may not include them.
    pub(in crate::client) late: VecDeque<Arc<Event>>,
    /// Quotes in flight.
    pub(in crate::client) quote_requests: usize,
    /// The last event before a gap that was seen once already.
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

    /// Pages are in flight that may be older than the events that arrive now.
    pub(in crate::client) fn awaits_pages(&self) -> bool {
        [self.older_request, self.newer_request, self.jump_request].iter().any(Option::is_some)
            || self.quote_requests > 0
    }

    /// Forgets the pages in flight, because other lines are shown now.
    pub(in crate::client) fn forget_pages(&mut self) {
        (self.older_request, self.newer_request, self.jump_request) = (None, None, None);
    }
}
