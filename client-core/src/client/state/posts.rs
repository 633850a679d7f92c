//! Posts in flight.

use crate::sorted_map::SortedMap;

use wardroom_protocol::{Nonce, RoomName};

use crate::amendment::PendingAmendment;

/// Posts in flight, and the pause that the server asked for.
#[derive(Debug, Default)]
pub(in crate::client) struct PostQueue {
    pub(in crate::client) in_flight: SortedMap<RoomName, Nonce>,
    pub(in crate::client) paused_until_ms: Option<u64>,
    /// Amendments to send once the pause is over.
    pub(in crate::client) delayed: Vec<PendingAmendment>,
    /// The user was told why posts are waiting.
    pub(in crate::client) is_wait_reported: bool,
}

impl PostQueue {
    pub(in crate::client) fn disconnected(&mut self) {
        self.in_flight.clear();
        self.paused_until_ms = None;
        // They are in the outbox, which is sent again as a whole.
        self.delayed.clear();
        self.is_wait_reported = false;
    }

    pub(in crate::client) fn deadline_ms(&self) -> Option<u64> {
        self.paused_until_ms
    }
}
