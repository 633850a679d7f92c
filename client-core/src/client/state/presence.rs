//! Who is online, and who is typing.

use crate::sorted_map::SortedMap;
use std::sync::Arc;

use wardroom_protocol::{RoomName, UserName};

/// Who is typing where, and when the user's own typing was last reported.
#[derive(Debug, Default)]
pub(in crate::client) struct PresenceState {
    /// Who has a connection, as far as the server said.
    pub(in crate::client) here: Arc<SortedMap<UserName, bool>>,
    /// Until when somebody counts as typing.
    pub(in crate::client) typing: SortedMap<(RoomName, UserName), u64>,
    pub(in crate::client) typing_sent_ms: SortedMap<RoomName, u64>,
}

impl PresenceState {
    pub(in crate::client) fn disconnected(&mut self) {
        self.typing.clear();
        self.typing_sent_ms.clear();
    }

    pub(in crate::client) fn deadline_ms(&self) -> Option<u64> {
        self.typing.values().min().copied()
    }
}
