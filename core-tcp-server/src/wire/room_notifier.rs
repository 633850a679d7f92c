//! Tells a member about rooms that are not open on this connection: their heads and the read position, a few times a
//! second at most. Part of the writer.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{RoomChanged, RoomInfo, RoomState};

use crate::rooms::{ReadState, Room};
use crate::sender::{ConnectionSender, LastTold};
use crate::store::{RoomId, UserId};

/// The rooms of one reader.
pub struct RoomNotifier {
    reader: UserId,
    rooms: HashMap<RoomId, JoinedRoom>,
    /// Rooms to look at. The others cost nothing.
    due: Vec<RoomId>,
    /// Rooms that the reader left, until they are told.
    left: Vec<Arc<Room>>,
}

struct JoinedRoom {
    room: Arc<Room>,
    /// What the reader knows; `None` if nothing was sent yet.
    told: Option<LastTold>,
    /// [`Room::moves`] at the last look.
    moves: Option<u64>,
}

/// The result of a look at a room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Look {
    /// The reader knows everything.
    Done,
    /// There is news, but it must wait: look again with the next write.
    NotYet,
}

impl RoomNotifier {
    /// Creates a notifier without rooms.
    pub fn new(reader: UserId) -> Self {
        Self { reader, rooms: HashMap::new(), due: Vec::new(), left: Vec::new() }
    }

    /// Adds a room. If nothing about it is `known`, the reader is sent its state.
    pub fn join(&mut self, room: Arc<Room>, known: Option<LastTold>, sender: &Arc<ConnectionSender>) {
        if let Entry::Vacant(place) = self.rooms.entry(room.id) {
            room.subscribe_quiet(sender);
            self.due.push(room.id);
            place.insert(JoinedRoom { room, told: known, moves: None });
        }
    }

    /// Removes a room that the reader left.
    pub fn leave(&mut self, id: RoomId, sender: &Arc<ConnectionSender>) {
        if let Some(JoinedRoom { room, .. }) = self.rooms.remove(&id) {
            room.unsubscribe_quiet(sender);
            self.left.push(room);
        }
    }

    /// Removes a room that the reader may no longer see, even if they still count as a member here.
    pub fn lose(&mut self, room: Arc<Room>, sender: &Arc<ConnectionSender>) {
        self.leave(room.id, sender);
        if self.left.iter().all(|left| left.id != room.id) {
            self.left.push(room);
        }
    }

    /// Unsubscribes from all rooms at the end of the connection.
    pub fn leave_all(&mut self, sender: &Arc<ConnectionSender>) {
        for (_, quiet) in self.rooms.drain() {
            quiet.room.unsubscribe_quiet(sender);
        }
    }

    /// Returns true if a room must be looked at again after the next write.
    pub fn is_waiting(&self) -> bool {
        !self.due.is_empty()
    }

    /// Records that an open room was closed when the reader had its events up to `cursor`.
    pub fn closed_at(&mut self, id: RoomId, cursor: u64) {
        if let Some(told) = self.rooms.get_mut(&id).and_then(|quiet| quiet.told.as_mut()) {
            told.head = cursor;
            self.due.push(id);
        }
    }

    /// Takes the news of the rooms in `moved` and of those that had to wait. The events of an open room already tell
    /// its head. Everything else is sent once all of its events are: `cursor_of` returns the position in an open room.
    /// `info_of` returns a room as the reader sees it.
    pub fn take(
        &mut self,
        moved: HashSet<RoomId>,
        info_of: impl Fn(&Room) -> RoomInfo,
        cursor_of: impl Fn(RoomId) -> Option<u64>,
        out: &mut Vec<Bytes>,
    ) {
        for room in self.left.drain(..) {
            out.push(encode(Number::None, &RoomChanged { info: info_of(&room) }));
        }
        if self.due.is_empty() && moved.is_empty() {
            return;
        }
        let mut due = std::mem::take(&mut self.due);
        due.retain(|id| !moved.contains(id));
        due.extend(moved);
        let (rooms, reader) = (&mut self.rooms, self.reader);
        due.retain(|id| {
            let look = rooms.get_mut(id).map(|quiet| quiet.take(reader, &info_of, &cursor_of, out));
            look == Some(Look::NotYet)
        });
        // A connection without news keeps no memory.
        self.due = if due.is_empty() { Vec::new() } else { due };
    }
}

impl JoinedRoom {
    fn take(
        &mut self,
        reader: UserId,
        info_of: impl Fn(&Room) -> RoomInfo,
        cursor_of: impl Fn(RoomId) -> Option<u64>,
        out: &mut Vec<Bytes>,
    ) -> Look {
        let room = &self.room;
        let (head, moves, changes) = (room.tail.head(), room.moves(), room.changes());
        let is_still = self.moves == Some(moves);
        if let Some(told) = &mut self.told {
            if is_still && told.head == head && told.changes == changes {
                return Look::Done;
            }
            if is_still && told.changes == changes && cursor_of(room.id).is_some() {
                told.head = head;
                return Look::Done;
            }
        }
        // A user who is no longer a member hears about that soon.
        let Some(read_state) = room.read_state(reader) else { return Look::Done };
        if !read_state.is_counted {
            // Lines were deleted, and are being recounted.
            return Look::NotYet;
        }
        if self.told.is_none_or(|told| told.changes != changes) {
            out.push(encode(Number::None, &RoomChanged { info: info_of(room) }));
        }
        let cursor = cursor_of(room.id);
        let (was, read) = (self.told, read_state.read);
        let mut now = LastTold { head: read_state.head, touched: read_state.touched, changes };
        if let Some(was) = was
            && cursor.is_some_and(|cursor| cursor < read_state.head)
        {
            // Sent once the reader has the events that it counts.
            (now.head, now.touched) = (was.head, was.touched);
            self.told = Some(now);
            return Look::NotYet;
        }
        (self.told, self.moves) = (Some(now), Some(moves));
        let is_news = was.is_none_or(|was| was.touched != now.touched || (cursor.is_none() && was.head != now.head));
        if is_news {
            let ReadState { head, unread, mentions, .. } = read_state;
            out.push(encode(Number::None, &RoomState { room: room.name.clone(), head, read, mentions, unread }));
        }
        Look::Done
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::store::Published;
    use wardroom_protocol::RoomRole;

    const READER: UserId = UserId(1);

    fn room(id: i64) -> Arc<Room> {
        let name = wardroom_protocol::RoomName::parse(&format!("room-{id}")).unwrap();
        let room = Room::new(RoomId(id), name, false, Vec::new(), Default::default(), 0);
        room.put_founder(READER, RoomRole::Member);
        Arc::new(room)
    }

    fn say(room: &Room, seq: u64) {
        let frame = Bytes::from_static(b"{}\n");
        let said =
            Published { room: room.id, seq, by: UserId(2), frame, own_frame: None, is_counted: true, effect: None };
        room.publish(vec![said]);
    }

    fn take(quiet: &mut RoomNotifier, sender: &ConnectionSender, open_at: Option<u64>) -> Vec<String> {
        let mut out = Vec::new();
        quiet.take(sender.take_moved(), |room| RoomInfo::named(room.name.clone()), |_| open_at, &mut out);
        out.iter().map(|frame| String::from_utf8_lossy(frame).trim().to_owned()).collect()
    }

    #[test]
    fn only_rooms_that_moved_are_looked_at() {
        let sender = ConnectionSender::new();
        let mut quiet = RoomNotifier::new(READER);
        let rooms: Vec<_> = (1..=200).map(room).collect();
        for room in &rooms {
            quiet.join(Arc::clone(room), room.last_told(READER), &sender);
        }
        assert_eq!(take(&mut quiet, &sender, None), [""; 0], "all of it was known");
        rooms.iter().for_each(|room| say(room, 1));
        assert_eq!(take(&mut quiet, &sender, None), [""; 0], "nobody said that anything moved");
        rooms[6].wake_quiet();
        let told = take(&mut quiet, &sender, None);
        assert!(told.len() == 1 && told[0].contains("\"room\":\"room-7\",\"head\":1"), "{told:?}");
        assert_eq!(take(&mut quiet, &sender, None), [""; 0], "it is told once");
        rooms.iter().for_each(|room| room.wake_quiet());
        assert_eq!(take(&mut quiet, &sender, None).len(), 199, "the others are told when they are looked at");
    }

    #[test]
    fn what_must_wait_for_the_events_is_told_after_them() {
        let sender = ConnectionSender::new();
        let mut quiet = RoomNotifier::new(READER);
        let room = room(1);
        quiet.join(Arc::clone(&room), room.last_told(READER), &sender);
        say(&room, 1);
        room.read_to(READER, 1);
        sender.room_moved(room.id);
        assert_eq!(take(&mut quiet, &sender, Some(0)), [""; 0], "open, and the event is not sent yet");
        let told = take(&mut quiet, &sender, Some(1));
        assert!(told.len() == 1 && told[0].contains("\"read\":1"), "{told:?}");
        assert!(quiet.due.is_empty());
    }
}
