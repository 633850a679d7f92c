//! The rooms that a reader is a member of, as far as they are not open on its connection: it is told their heads and
//! how far it has read, a few times a second at most. Part of the writer.

use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::RoomState;

use crate::outlet::Outlet;
use crate::rooms::Room;
use crate::store::{RoomId, UserId};

/// No room has this head: what is held against it is news.
const NOTHING_TOLD: u64 = u64::MAX;

/// The rooms of one reader.
pub struct QuietRooms {
    reader: UserId,
    rooms: Vec<QuietRoom>,
}

struct QuietRoom {
    room: Arc<Room>,
    /// The head and the read position that the reader knows.
    told: (u64, u64),
    /// [`Room::reads`] when the position was looked at.
    reads: u64,
}

impl QuietRooms {
    /// None yet.
    pub fn new(reader: UserId) -> Self {
        Self { reader, rooms: Vec::new() }
    }

    /// The reader is in this room. If that `is_news`, it is told where the room stands.
    pub fn join(&mut self, room: Arc<Room>, is_news: bool, outlet: &Arc<Outlet>) {
        if self.rooms.iter().any(|quiet| quiet.room.id == room.id) {
            return;
        }
        room.subscribe_quiet(outlet);
        let head = if is_news { NOTHING_TOLD } else { room.tail.head() };
        let reads = room.reads();
        let told = (head, room.read_by(self.reader).unwrap_or(0));
        self.rooms.push(QuietRoom { room, told, reads });
    }

    /// The reader is in this room no more.
    pub fn leave(&mut self, id: RoomId, outlet: &Arc<Outlet>) {
        if let Some(at) = self.rooms.iter().position(|quiet| quiet.room.id == id) {
            self.rooms.swap_remove(at).room.unsubscribe_quiet(outlet);
        }
    }

    /// The connection is over.
    pub fn leave_all(&mut self, outlet: &Arc<Outlet>) {
        for quiet in self.rooms.drain(..) {
            quiet.room.unsubscribe_quiet(outlet);
        }
    }

    /// The room was open until now, and the reader has its events up to here.
    pub fn closed_at(&mut self, id: RoomId, cursor: u64) {
        if let Some(quiet) = self.rooms.iter_mut().find(|quiet| quiet.room.id == id) {
            quiet.told.0 = cursor;
        }
    }

    /// Takes what is news. An open room's events tell its head themselves; only where it was read elsewhere is news.
    /// Every write of every reader comes by here: what has not moved costs two loads.
    pub fn take(&mut self, is_open: impl Fn(RoomId) -> bool, out: &mut Vec<Bytes>) {
        for quiet in &mut self.rooms {
            let (head, reads) = (quiet.room.tail.head(), quiet.room.reads());
            if head == quiet.told.0 && reads == quiet.reads {
                continue;
            }
            let read = if reads == quiet.reads { quiet.told.1 } else { quiet.room.read_by(self.reader).unwrap_or(0) };
            quiet.reads = reads;
            let now = (head, read);
            if now == quiet.told {
                continue;
            }
            let is_news = now.1 != quiet.told.1 || !is_open(quiet.room.id);
            quiet.told = now;
            if is_news {
                let (room, (head, read)) = (quiet.room.name.clone(), now);
                out.push(encode(Number::None, &RoomState { room, head, read, mentions: 0, unread: 0 }));
            }
        }
    }
}
