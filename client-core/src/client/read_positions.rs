//! Read positions: shown at once, sent to the server at most once a second, never moved back.

use std::sync::Arc;

use wardroom_protocol::RoomName;
use wardroom_protocol::messages::RoomRead;

use super::Client;
use crate::effect::Change;

impl Client {
    /// The user has seen the room up to `seq`.
    pub(super) fn mark_read(&mut self, room: &RoomName, seq: u64) {
        let me = self.session.you.as_ref().map(|you| you.user.clone());
        let Some(shown) = self.rooms.get_mut(room) else { return };
        let seq = seq.min(shown.info.head);
        if seq <= shown.info.read {
            return;
        }
        let tail = self.open_rooms.get(room).and_then(|open| open.tail.as_ref());
        Arc::make_mut(shown).read_to(seq, tail, me.as_ref());
        self.changed(Change::Room(room.clone()));
        self.changed(Change::Rooms);
        self.read_positions.waiting.insert(room.clone());
    }

    /// Sends the waiting positions when it is time.
    pub(super) fn send_read_positions_when_due(&mut self) {
        if !self.read_positions.waiting.is_empty() && self.read_positions.due_ms() <= self.now_ms {
            self.send_read_positions();
        }
    }

    /// Sends all waiting positions now.
    pub(super) fn send_read_positions(&mut self) {
        for room in std::mem::take(&mut self.read_positions.waiting) {
            self.send_read_position(&room);
        }
    }

    /// Sends the position of one room now.
    pub(super) fn send_read_position_now(&mut self, room: &RoomName) {
        if self.read_positions.waiting.remove(room) {
            self.send_read_position(room);
        }
    }

    fn send_read_position(&mut self, room: &RoomName) {
        let Some(seq) = self.rooms.get(room).filter(|room| room.info.joined).map(|room| room.info.read) else { return };
        self.read_positions.sent_ms = Some(self.now_ms);
        self.send(&RoomRead { room: room.clone(), seq });
    }
}
