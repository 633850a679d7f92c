//! The outgoing side of a connection, as the rest of the core sees it: something to wake, to hand answers to, and to
//! close. It holds no events and no output: the connection's writer has cursors for those.
//!
//! The queue is bounded by its reader: [`ConnectionSender::has_room`] makes the connection's reading side wait while too many
//! answers, or too many bytes of them, are under way or unsent.

use std::collections::{HashSet, VecDeque};
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Poll;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use wardroom_protocol::limits::LINE_BYTES_MAX;

use crate::clock::monotonic_ms;
use crate::flow::{Flow, FlowKey};
use crate::limits::{IN_FLIGHT_MAX, QUEUED_ITEMS_MAX, REPLY_BYTES_MAX};
use crate::store::{RoomId, UserId};

/// What the writer of a connection is handed, in order.
pub enum Item {
    /// One frame: an answer, or something told.
    Frame(Bytes),
    /// Bytes of the connection's own framing, written as they are: a WebSocket's pong.
    Control(Bytes),
    /// A room is open from now on: events after `cursor`, then `room.live`.
    Open {
        /// The room.
        room: RoomId,
        /// The last event that the reader has.
        cursor: u64,
    },
    /// No more events of this room.
    Close(RoomId),
    /// The reader is a member: it is told when the room moves on while it is not open.
    Joined {
        /// The room.
        room: RoomId,
        /// What its welcome said of the room; `None` where it is told now.
        known: Option<LastTold>,
    },
    /// The reader is a member no more.
    Left(RoomId),
    /// Bulk from now on. One with the same key is replaced.
    Flow(Box<dyn Flow>),
    /// The reader has dealt with all bytes before this place.
    Ack(FlowKey, u64),
    /// No more of this bulk.
    Stop(FlowKey),
}

impl Item {
    /// Bytes that it holds in memory.
    fn bytes(&self) -> usize {
        match self {
            Item::Frame(bytes) | Item::Control(bytes) => bytes.len(),
            _ => 0,
        }
    }
}

/// What a reader knows of a room that it has not opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LastTold {
    /// The last event.
    pub head: u64,
    /// [`crate::rooms::ReadState::touched`].
    pub touched: u64,
    /// [`crate::rooms::Room::changes`].
    pub changes: u64,
}

/// Writes new events for a writer that sleeps.
pub trait Deliver: Send + Sync {
    /// False if there is something for the writer: it is to be woken.
    fn deliver(&self) -> bool;
}

/// The outgoing side of one connection.
#[derive(Default)]
pub struct ConnectionSender {
    /// The writer has something to look at.
    is_dirty: AtomicBool,
    writer: AtomicWaker,
    /// The reading side, while it waits for room.
    reader: AtomicWaker,
    /// The reading side, while it waits for bytes: to be told that it need not.
    closer: AtomicWaker,
    /// Held while an item is pushed or the queue is taken; never across an await.
    queue: Mutex<VecDeque<Item>>,
    queued: AtomicU32,
    /// Bytes of the frames in the queue.
    queued_bytes: AtomicUsize,
    in_flight: AtomicU32,
    /// Bytes that answers under way may have, where they may be long and several are under way at once.
    reserved_bytes: AtomicUsize,
    /// No more is read; what is queued is written, then the connection ends.
    is_closing: AtomicBool,
    /// The code of the WebSocket's close frame, where the reading side knows it: the client's own, which may be none, or
    /// that of what it did wrong.
    pub close_code: OnceLock<Option<u16>>,
    /// When bytes last came in, by the monotonic clock: for the sweeper.
    pub heard_ms: AtomicU64,
    /// Runs that are watched here.
    pub watches: AtomicUsize,
    /// Rooms of which the reader may have to be told more than their events. Held for a look-up.
    moved: Mutex<HashSet<RoomId>>,
    has_moved: AtomicBool,
    /// Who reads, once that is known.
    reader_is: OnceLock<Reader>,
    deliver: OnceLock<Arc<dyn Deliver>>,
}

/// Who reads what an outlet writes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reader {
    /// The user.
    pub user: UserId,
    /// With `nc`: frames say nothing to them.
    pub is_person: bool,
}

impl ConnectionSender {
    /// A new one, heard just now.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { heard_ms: AtomicU64::new(monotonic_ms()), ..Self::default() })
    }

    /// Notes who reads.
    pub fn set_reader(&self, reader: Reader) {
        // It is set once, by who signs in.
        let _ = self.reader_is.set(reader);
    }

    /// Who reads; `None` before they have signed in.
    pub fn reader_is(&self) -> Option<Reader> {
        self.reader_is.get().copied()
    }

    /// Something told that is worth nothing later: dropped where much waits already.
    pub fn tell_now_or_never(&self, frame: &Bytes) {
        if !self.is_crowded() {
            self.tell(frame.clone());
        }
    }

    /// True while much waits for the writer.
    pub fn is_crowded(&self) -> bool {
        self.queued.load(Ordering::Acquire) >= QUEUED_ITEMS_MAX
    }

    /// A room moved on: the writer looks whether there is something to tell of it. Costs the same however many rooms the
    /// reader is in.
    pub fn room_moved(&self, room: RoomId) {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).insert(room);
        self.has_moved.store(true, Ordering::Release);
        self.wake();
    }

    /// The rooms that moved on since this was last asked; for the writer.
    pub fn take_moved(&self) -> HashSet<RoomId> {
        if !self.has_moved.load(Ordering::Acquire) || !self.has_moved.swap(false, Ordering::AcqRel) {
            return HashSet::new();
        }
        std::mem::take(&mut *self.moved.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the writer look at its cursors. Cheap where it is about to anyway.
    pub fn wake(&self) {
        if !self.is_dirty.swap(true, Ordering::AcqRel) {
            self.writer.wake();
        }
    }

    /// How events reach the socket while the writer sleeps.
    pub fn set_deliver(&self, deliver: Arc<dyn Deliver>) {
        // It is set once, by the only writer.
        let _ = self.deliver.set(deliver);
    }

    /// There are new events: writes them at once if the writer sleeps, and wakes it for whatever is left.
    pub fn deliver(&self) {
        // A writer that was woken looks at its cursors by itself.
        if self.is_dirty.load(Ordering::Acquire) || self.deliver.get().is_some_and(|place| place.deliver()) {
            return;
        }
        self.wake();
    }

    /// Hands the writer something.
    pub fn push(&self, item: Item) {
        self.queued_bytes.fetch_add(item.bytes(), Ordering::AcqRel);
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(item);
        self.queued.fetch_add(1, Ordering::AcqRel);
        self.wake();
    }

    /// Opens a room for the reader: the answer first, then its events.
    pub fn push_open(&self, room: RoomId, cursor: u64, answer: Option<Bytes>) {
        if let Some(answer) = answer {
            self.tell(answer);
        }
        self.push(Item::Open { room, cursor });
    }

    /// Something told.
    pub fn tell(&self, frame: Bytes) {
        self.push(Item::Frame(frame));
    }

    /// A request is under way; [`ConnectionSender::answer`] ends it.
    pub fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
    }

    /// The answer to a request that [`ConnectionSender::begin`] announced; none where it wants none.
    pub fn answer(&self, frame: Option<Bytes>) {
        if let Some(frame) = frame {
            self.push(Item::Frame(frame));
        }
        self.in_flight.fetch_sub(1, Ordering::AcqRel);
        self.reader.wake();
    }

    /// As [`ConnectionSender::begin`], for a request whose answer may be as long as a line.
    pub fn begin_long(&self) {
        self.reserved_bytes.fetch_add(LINE_BYTES_MAX, Ordering::AcqRel);
        self.begin();
    }

    /// The answer to a request that [`ConnectionSender::begin_long`] announced.
    pub fn answer_long(&self, frame: Option<Bytes>) {
        self.reserved_bytes.fetch_sub(LINE_BYTES_MAX, Ordering::AcqRel);
        self.answer(frame);
    }

    /// Ends the connection after what is queued. `last` is the last frame, if there is something to say.
    pub fn close(&self, last: Option<Bytes>) {
        if self.is_closing.load(Ordering::Acquire) {
            return;
        }
        if let Some(last) = last {
            self.push(Item::Frame(last));
        }
        self.is_closing.store(true, Ordering::Release);
        self.is_dirty.store(true, Ordering::Release);
        self.writer.wake();
        self.reader.wake();
        self.closer.wake();
    }

    /// Waits until [`ConnectionSender::close`] is called.
    pub async fn closed(&self) {
        poll_fn(|cx| {
            self.closer.register(cx.waker());
            if self.is_closing() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// True after [`ConnectionSender::close`].
    pub fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// Waits until fewer than [`IN_FLIGHT_MAX`] requests are under way or answered but unsent, and fewer than
    /// [`REPLY_BYTES_MAX`] bytes of them.
    pub async fn has_room(&self) {
        let has_room = || self.load() < IN_FLIGHT_MAX && self.load_bytes() < REPLY_BYTES_MAX;
        self.wait_for_reader(|| has_room() || self.is_closing()).await;
    }

    /// Waits until all requests are answered.
    pub async fn is_idle(&self) {
        self.wait_for_reader(|| self.in_flight.load(Ordering::Acquire) == 0 || self.is_closing()).await;
    }

    /// Waits until the writer is woken.
    pub async fn woken(&self) {
        poll_fn(|cx| {
            // A load costs less than a swap where there is nothing.
            if self.is_dirty.load(Ordering::Acquire) && self.is_dirty.swap(false, Ordering::AcqRel) {
                return Poll::Ready(());
            }
            self.writer.register(cx.waker());
            if self.is_dirty.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Takes the next item; for the writer.
    pub fn pop(&self) -> Option<Item> {
        if self.queued.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let item = queue.pop_front()?;
        if queue.is_empty() && queue.capacity() > 8 {
            // An idle connection keeps no room for a burst that is over.
            *queue = VecDeque::new();
        }
        drop(queue);
        self.queued.fetch_sub(1, Ordering::AcqRel);
        self.queued_bytes.fetch_sub(item.bytes(), Ordering::AcqRel);
        self.reader.wake();
        Some(item)
    }

    fn load(&self) -> u32 {
        self.in_flight.load(Ordering::Acquire).saturating_add(self.queued.load(Ordering::Acquire))
    }

    fn load_bytes(&self) -> usize {
        self.queued_bytes.load(Ordering::Acquire).saturating_add(self.reserved_bytes.load(Ordering::Acquire))
    }

    async fn wait_for_reader(&self, is_met: impl Fn() -> bool) {
        poll_fn(|cx| {
            if is_met() {
                return Poll::Ready(());
            }
            self.reader.register(cx.waker());
            if is_met() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Context;

    fn has_room(sender: &ConnectionSender) -> bool {
        let mut waiting = std::pin::pin!(sender.has_room());
        waiting.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_ready()
    }

    #[test]
    fn unread_answers_are_bounded_in_number_and_in_bytes() {
        let sender = ConnectionSender::new();
        for _ in 0..IN_FLIGHT_MAX {
            assert!(has_room(&sender));
            sender.tell(Bytes::from_static(b"{}\n"));
        }
        assert!(!has_room(&sender), "by number");
        while sender.pop().is_some() {}
        for _ in 0..REPLY_BYTES_MAX / LINE_BYTES_MAX {
            assert!(has_room(&sender));
            sender.begin();
            sender.answer(Some(vec![b'x'; LINE_BYTES_MAX].into()));
        }
        assert!(!has_room(&sender), "by bytes");
        assert!(sender.pop().is_some());
        assert!(has_room(&sender), "what is written makes room");
        while sender.pop().is_some() {}
        for _ in 0..REPLY_BYTES_MAX / LINE_BYTES_MAX {
            assert!(has_room(&sender));
            sender.begin_long();
        }
        assert!(!has_room(&sender), "by what is yet to be answered");
        sender.answer_long(None);
        assert!(has_room(&sender));
    }

    #[test]
    fn a_room_that_moves_often_is_looked_at_once() {
        let sender = ConnectionSender::new();
        assert!(sender.take_moved().is_empty());
        for room in [1, 2, 1, 1, 2] {
            sender.room_moved(RoomId(room));
        }
        let moved = sender.take_moved();
        assert_eq!(moved, [RoomId(1), RoomId(2)].into());
        assert!(sender.take_moved().is_empty());
    }
}
