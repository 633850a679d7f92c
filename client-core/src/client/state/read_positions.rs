//! Read positions that were not sent yet.

use std::collections::BTreeSet;

use wardroom_protocol::RoomName;

use crate::limits::READ_EVERY_MS;

#[derive(Debug, Default)]
pub(in crate::client) struct ReadPositions {
    pub(in crate::client) waiting: BTreeSet<RoomName>,
    pub(in crate::client) sent_ms: Option<u64>,
}

impl ReadPositions {
    /// The position of this room was sent in another way.
    pub(in crate::client) fn told(&mut self, room: &RoomName) {
        self.waiting.remove(room);
    }

    /// Forgets all; the next welcome shows what the server does not know.
    pub(in crate::client) fn disconnected(&mut self) {
        self.waiting.clear();
    }

    pub(in crate::client) fn due_ms(&self) -> u64 {
        self.sent_ms.map_or(0, |at| at.saturating_add(READ_EVERY_MS))
    }

    pub(in crate::client) fn deadline_ms(&self) -> Option<u64> {
        (!self.waiting.is_empty()).then(|| self.due_ms())
    }
}
