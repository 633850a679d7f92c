//! The budget of memory for the tails of all rooms. The publisher reports each append, and the rooms without a post for
//! longest give up their tails.

use std::collections::{BTreeMap, HashMap};

use crate::store::RoomId;

/// The memory that each room's tail takes, and the order of their last appends.
pub struct Budget {
    bytes_max: usize,
    bytes: usize,
    /// Counts the reports: a higher value is later.
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
    /// Creates a budget of `bytes_max` bytes.
    pub fn new(bytes_max: usize) -> Self {
        Self { bytes_max, bytes: 0, clock: 0, by_room: HashMap::new(), by_age: BTreeMap::new() }
    }

    /// Records that this room was just written to, and that its tail takes `bytes` bytes. Returns the rooms whose tails
    /// must be evicted: the coldest ones, never this one.
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
