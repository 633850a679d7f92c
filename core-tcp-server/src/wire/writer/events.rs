//! The events of open rooms: what a write takes from each tail, or from the store if the cursor is before the tail.

use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{Goaway, RoomLive};

use super::super::messages::to_messages;
use super::Writer;
use crate::limits::{PAGE_BYTES_MAX, PAGE_EVENTS_MAX};
use crate::log::{ReadLimit, TailRead};
use crate::rooms::Room;
use crate::store::{Range, Store, UserId};

impl Writer {
    /// Takes events of all open rooms. Returns false if one was read from disk, which may have more.
    pub(super) async fn take_events(&mut self, limit: &mut ReadLimit, out: &mut Vec<Bytes>) -> bool {
        let form = self.form();
        let (mut index, mut is_all) = (0, true);
        while index < self.rooms.len() && limit.events > 0 && limit.bytes > 0 {
            let Some(open) = self.rooms.get_mut(index) else { break };
            index += 1;
            let from = out.len();
            match open.room.tail.read(open.cursor, limit, self.reader, form, out) {
                TailRead::UpToDate => {}
                TailRead::Took(cursor) => open.cursor = cursor,
                TailRead::Behind => {
                    is_all = false;
                    let (room, cursor) = (Arc::clone(&open.room), open.cursor);
                    let read = read_page(&self.state.store, &room, cursor, self.reader, out).await;
                    let Some(cursor) = read else {
                        self.sender.close(Some(self.unreadable()));
                        return false;
                    };
                    open.cursor = cursor;
                    let taken = out.get(from..).unwrap_or_default();
                    limit.events = limit.events.saturating_sub(taken.len());
                    limit.bytes = limit.bytes.saturating_sub(taken.iter().map(Bytes::len).sum());
                    if self.messages.is_some() {
                        to_messages(out, from);
                    }
                }
            }
            if open.access.check().is_err() {
                // The events just read may be newer than the departure.
                out.truncate(from);
                index -= 1;
                self.lose(index);
                continue;
            }
            if let Some(render) = &mut self.render {
                for frame in out.iter_mut().skip(from) {
                    *frame = render.render(std::mem::take(frame));
                }
            }
            if !open.is_live && open.cursor >= open.room.tail.head() {
                open.is_live = true;
                if self.render.is_none() {
                    let from = out.len();
                    out.push(encode(Number::None, &RoomLive { room: open.room.name.clone(), head: open.cursor }));
                    if self.messages.is_some() {
                        to_messages(out, from);
                    }
                }
            }
        }
        is_all
    }

    /// Closes an open room that the reader may no longer read. `room.changed` tells them.
    fn lose(&mut self, index: usize) {
        let room = self.rooms.swap_remove(index).room;
        room.tail.unsubscribe(&self.sender);
        self.quiet.lose(room, &self.sender);
    }

    /// Returns the last frame if a room cannot be read.
    fn unreadable(&self) -> Bytes {
        let reason = "the server could not read a room";
        if self.render.is_some() {
            return format!("# {reason}: connect again\n").into();
        }
        encode(Number::None, &Goaway { reason: reason.to_owned(), retry_ms: Some(1_000) })
    }
}

/// Reads a page from disk for a cursor before the tail. Returns `None` if that fails.
async fn read_page(store: &Store, room: &Room, cursor: u64, reader: UserId, out: &mut Vec<Bytes>) -> Option<u64> {
    let page = store.read_events(room.id, Range::After(cursor), PAGE_EVENTS_MAX, PAGE_BYTES_MAX, reader).await;
    let events = page.ok()?;
    out.extend(events.iter().map(|event| event.stored(room.name.as_str()).encode(event.nonce.as_deref())));
    // An empty page from a room whose head is further on would otherwise be requested forever.
    events.last().map(|event| event.seq)
}
