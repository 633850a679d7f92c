//! Who is there, and who types.

use std::collections::BTreeMap;
use std::sync::Arc;

use wardroom_protocol::{RoomName, UserName};

/// Who types where, and when one said so oneself.
#[derive(Debug, Default)]
pub(in crate::client) struct PresenceState {
    /// Who has a connection, as far as was told.
    pub(in crate::client) here: Arc<BTreeMap<UserName, bool>>,
    /// Until when somebody is taken to type.
    pub(in crate::client) typing: BTreeMap<(RoomName, UserName), u64>,
    pub(in crate::client) said_ms: BTreeMap<RoomName, u64>,
}

impl PresenceState {
    pub(in crate::client) fn disconnected(&mut self) {
        self.typing.clear();
        self.said_ms.clear();
    }

    pub(in crate::client) fn deadline_ms(&self) -> Option<u64> {
        self.typing.values().min().copied()
    }
}
