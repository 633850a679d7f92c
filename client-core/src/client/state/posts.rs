//! The posts that are on their way.

use std::collections::BTreeMap;

use wardroom_protocol::{Nonce, RoomName};

use crate::amendment::PendingAmendment;

/// What is on its way, and until when nothing may be.
#[derive(Debug, Default)]
pub(in crate::client) struct PostQueue {
    pub(in crate::client) in_flight: BTreeMap<RoomName, Nonce>,
    pub(in crate::client) paused_until_ms: Option<u64>,
    /// What is to be done to messages once the pause is over.
    pub(in crate::client) delayed: Vec<PendingAmendment>,
    /// It was said why posts wait.
    pub(in crate::client) is_told: bool,
}

impl PostQueue {
    pub(in crate::client) fn disconnected(&mut self) {
        self.in_flight.clear();
        self.paused_until_ms = None;
        // They are in the outbox, and are sent again with the rest of it.
        self.delayed.clear();
        self.is_told = false;
    }

    pub(in crate::client) fn deadline_ms(&self) -> Option<u64> {
        self.paused_until_ms
    }
}
