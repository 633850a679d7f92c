//! Delivery of events while a writer sleeps: it leaves the cursor of its open room here, and the publisher writes new
//! events to the socket at once. Waking a task for each of a thousand readers costs a third as much as the write
//! itself.
//!
//! Only the common case is handled here: a program or a browser with one open room that is up to date, and whose socket
//! accepts everything. Everything else wakes the writer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::open_room::OpenRoom;
use crate::limits::EVENT_BYTES_PER_WRITE_MAX;
use crate::log::{Form, ReadLimit, TailRead};
use crate::sender::Deliver;
use crate::store::UserId;
use crate::wire::stream::{Frames, Stream};
use wardroom_protocol::limits::EVENTS_PER_WRITE_MAX;

/// Holds the cursor of a sleeping writer.
#[derive(Default)]
pub(super) struct Parking(Mutex<Option<Parked>>);

/// What a sleeping writer left.
pub(super) struct Parked {
    pub(super) stream: Arc<Stream>,
    pub(super) reader: UserId,
    pub(super) form: Form,
    pub(super) open: OpenRoom,
    /// Frames that the socket did not accept.
    pub(super) unsent: Frames,
}

impl Parking {
    pub(super) fn park(&self, parked: Parked) {
        *self.lock() = Some(parked);
    }

    pub(super) fn unpark(&self) -> Option<Parked> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Parked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deliver for Parking {
    fn deliver(&self) -> bool {
        // If it is locked, the writer is awake or another batch is being delivered: the writer looks again.
        let Ok(mut place) = self.0.try_lock() else { return false };
        place.as_mut().is_some_and(Parked::deliver)
    }
}

impl Parked {
    /// Writes new events. Returns false if something is left for the writer.
    fn deliver(&mut self) -> bool {
        if !self.unsent.rest().is_empty() {
            return false;
        }
        let mut limit = ReadLimit { events: EVENTS_PER_WRITE_MAX, bytes: EVENT_BYTES_PER_WRITE_MAX };
        let open = &mut self.open;
        let cursor = match open.room.tail.read(open.cursor, &mut limit, self.reader, self.form, &mut self.unsent.all) {
            TailRead::UpToDate => return true,
            TailRead::Took(cursor) => cursor,
            TailRead::Behind => return false,
        };
        if open.access.check().is_err() {
            // The events just read may be newer than the departure.
            self.unsent.clear();
            return false;
        }
        open.cursor = cursor;
        let is_all = limit.events > 0 && limit.bytes > 0;
        while !self.unsent.rest().is_empty() {
            if self.stream.try_write_unasked(&mut self.unsent).is_err() {
                // The writer waits for the socket, or finds the same error.
                return false;
            }
        }
        self.unsent.clear();
        is_all
    }
}
