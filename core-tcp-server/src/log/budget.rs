//! What the tails of all rooms may take in memory together. The publisher notes what it appends to; the rooms that nobody
//! wrote to for longest give theirs up.

use std::collections::{BTreeMap, HashMap};

use crate::store::RoomId;

/// What each room's tail takes, and which of them was written to last.
pub struct Budget {
    bytes_max: usize,
    bytes: usize,
    /// Counts what was noted: the higher, the later.
    clock: u64,
    by_room: HashMap<RoomId, Held>,
    by_age: BTreeMap<u64, RoomId>,
}

#[derive(Clone, Copy)]
struct Held {
    at: u64,
    bytes: usize,
}

impl Budget {
    /// For so many bytes.
    pub fn new(bytes_max: usize) -> Self {
        Self { bytes_max, bytes: 0, clock: 0, by_room: HashMap::new(), by_age: BTreeMap::new() }
    }

    /// This room was written to just now, and its tail takes so many bytes. Gives the rooms whose tails are to be
    /// evicted: the coldest, never this one.
    pub fn note(&mut self, room: RoomId, bytes: usize) -> Vec<RoomId> {
        self.forget(room);
        self.clock += 1;
        self.by_room.insert(room, Held { at: self.clock, bytes });
        self.by_age.insert(self.clock, room);
        self.bytes += bytes;
        let mut evicted = Vec::new();
        while self.bytes > self.bytes_max && self.by_age.len() > 1 {
            let Some((_, coldest)) = self.by_age.first_key_value() else { break };
            let coldest = *coldest;
            self.forget(coldest);
            evicted.push(coldest);
        }
        evicted
    }

    fn forget(&mut self, room: RoomId) {
        if let Some(held) = self.by_room.remove(&room) {
            self.by_age.remove(&held.at);
            self.bytes -= held.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coldest_rooms_give_up_their_tails() {
        let mut budget = Budget::new(100);
        let room = RoomId;
        assert_eq!(budget.note(room(1), 40), []);
        assert_eq!(budget.note(room(2), 40), []);
        assert_eq!(budget.note(room(1), 50), [], "what it had before does not count");
        assert_eq!(budget.note(room(3), 30), [room(2)], "the one that was written to longest ago");
        assert_eq!(budget.note(room(4), 101), [room(1), room(3)], "never the one that was just written to");
        assert_eq!(budget.note(room(5), 1), [room(4)]);
        assert_eq!((budget.bytes, budget.by_room.len(), budget.by_age.len()), (1, 1, 1));
    }
}
