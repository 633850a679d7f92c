//! The outgoing side of a connection, as the rest of the core sees it: it can be woken, handed replies, and closed. It
//! holds no events and no output; the connection's writer has cursors for those.
//!
//! The queue is bounded by the connection's reading side: [`ConnectionSender::has_room`] makes it wait while too many
//! replies, or too many bytes of them, are in flight or unsent.

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

/// An item for the writer of a connection. Items are handled in order.
pub enum Item {
    /// One frame: a reply or a notification.
    Frame(Bytes),
    /// Bytes of the connection's own framing, written unchanged, such as a WebSocket pong.
    Control(Bytes),
    /// Opens a room: events after `cursor` follow, then `room.live`.
    Open {
        /// The room.
        room: RoomId,
        /// The last event that the reader has.
        cursor: u64,
    },
    /// Closes a room: no more of its events follow.
    Close(RoomId),
    /// The reader became a member: it is told about changes of the room while the room is not open.
    Joined {
        /// The room.
        room: RoomId,
        /// What its welcome said about the room; `None` if the room's state is to be sent now.
        known: Option<LastTold>,
    },
    /// The reader is no longer a member.
    Left(RoomId),
    /// Starts a bulk flow. It replaces a flow with the same key.
    Flow(Box<dyn Flow>),
    /// The reader has processed all bytes before this offset.
    Ack(FlowKey, u64),
    /// Stops a bulk flow.
    Stop(FlowKey),
}

impl Item {
    /// Returns how many bytes the item holds in memory.
    fn bytes(&self) -> usize {
        match self {
            Item::Frame(bytes) | Item::Control(bytes) => bytes.len(),
            _ => 0,
        }
    }
}

/// What a reader knows about a room that it does not have open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LastTold {
    /// The `seq` of the last event.
    pub head: u64,
    /// [`crate::rooms::ReadState::touched`].
    pub touched: u64,
    /// [`crate::rooms::Room::changes`].
    pub changes: u64,
}

/// Writes new events on behalf of a sleeping writer.
pub trait Deliver: Send + Sync {
    /// Returns false if something is left for the writer, which must then be woken.
    fn deliver(&self) -> bool;
}

/// The outgoing side of one connection.
#[derive(Default)]
pub struct ConnectionSender {
    /// True if the writer has something to look at.
    is_dirty: AtomicBool,
    writer: AtomicWaker,
    /// Wakes the reading side while it waits for space in the queue.
    reader: AtomicWaker,
    /// Wakes the reading side while it waits for bytes, when the connection closes.
    closer: AtomicWaker,
    /// Held while an item is pushed or the queue is taken; never across an await.
    queue: Mutex<VecDeque<Item>>,
    queued: AtomicU32,
    /// Bytes of the frames in the queue.
    queued_bytes: AtomicUsize,
    in_flight: AtomicU32,
    /// Bytes reserved for replies in flight that may be long, since several may be in flight at once.
    reserved_bytes: AtomicUsize,
    /// True once nothing more is read. The writer writes what is queued, then the connection ends.
    is_closing: AtomicBool,
    /// The code for the WebSocket's close frame, if the reading side knows it: the client's own code, which may be
    /// absent, or the code for the client's mistake.
    pub close_code: OnceLock<Option<u16>>,
    /// When the last bytes arrived, by the monotonic clock. Used by the sweeper.
    pub heard_ms: AtomicU64,
    /// The number of runs watched on this connection.
    pub watches: AtomicUsize,
    /// Rooms whose state the reader may need besides their events. Held for a look-up.
    moved: Mutex<HashSet<RoomId>>,
    has_moved: AtomicBool,
    /// The reader, once known.
    reader_is: OnceLock<Reader>,
    deliver: OnceLock<Arc<dyn Deliver>>,
}

/// The user who reads a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reader {
    /// The user.
    pub user: UserId,
    /// True for a person with `nc`, who cannot read frames.
    pub is_person: bool,
}

impl ConnectionSender {
    /// Creates a sender that was heard just now.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { heard_ms: AtomicU64::new(monotonic_ms()), ..Self::default() })
    }

    /// Records who reads.
    pub fn set_reader(&self, reader: Reader) {
        // Set only once, by the sign-in.
        let _ = self.reader_is.set(reader);
    }

    /// Returns the reader; `None` before the sign-in.
    pub fn reader_is(&self) -> Option<Reader> {
        self.reader_is.get().copied()
    }

    /// Sends a notification that is worthless later: it is dropped if the queue is crowded.
    pub fn tell_now_or_never(&self, frame: &Bytes) {
        if !self.is_crowded() {
            self.tell(frame.clone());
        }
    }

    /// Returns true while many items wait for the writer.
    pub fn is_crowded(&self) -> bool {
        self.queued.load(Ordering::Acquire) >= QUEUED_ITEMS_MAX
    }

    /// Records that a room changed, so that the writer looks for something to tell. Costs the same however many rooms
    /// the reader is in.
    pub fn room_moved(&self, room: RoomId) {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).insert(room);
        self.has_moved.store(true, Ordering::Release);
        self.wake();
    }

    /// Returns the rooms that changed since the last call. Called by the writer.
    pub fn take_moved(&self) -> HashSet<RoomId> {
        if !self.has_moved.load(Ordering::Acquire) || !self.has_moved.swap(false, Ordering::AcqRel) {
            return HashSet::new();
        }
        std::mem::take(&mut *self.moved.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the writer look at its cursors. Cheap if it is about to do so anyway.
    pub fn wake(&self) {
        if !self.is_dirty.swap(true, Ordering::AcqRel) {
            self.writer.wake();
        }
    }

    /// Sets how events reach the socket while the writer sleeps.
    pub fn set_deliver(&self, deliver: Arc<dyn Deliver>) {
        // Set only once, by the only writer.
        let _ = self.deliver.set(deliver);
    }

    /// Writes new events at once if the writer sleeps, and wakes it for what is left.
    pub fn deliver(&self) {
        // A writer that was already woken looks at its cursors by itself.
        if self.is_dirty.load(Ordering::Acquire) || self.deliver.get().is_some_and(|place| place.deliver()) {
            return;
        }
        self.wake();
    }

    /// Queues an item for the writer.
    pub fn push(&self, item: Item) {
        self.queued_bytes.fetch_add(item.bytes(), Ordering::AcqRel);
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(item);
        self.queued.fetch_add(1, Ordering::AcqRel);
        self.wake();
    }

    /// Opens a room for the reader: the reply first, then the room's events.
    pub fn push_open(&self, room: RoomId, cursor: u64, answer: Option<Bytes>) {
        if let Some(answer) = answer {
            self.tell(answer);
        }
        self.push(Item::Open { room, cursor });
    }

    /// Sends a notification.
    pub fn tell(&self, frame: Bytes) {
        self.push(Item::Frame(frame));
    }

    /// Records a request in flight; [`ConnectionSender::answer`] ends it.
    pub fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
    }

    /// Sends the reply to a request that [`ConnectionSender::begin`] announced; `None` if the request wants no reply.
    pub fn answer(&self, frame: Option<Bytes>) {
        if let Some(frame) = frame {
            self.push(Item::Frame(frame));
        }
        self.in_flight.fetch_sub(1, Ordering::AcqRel);
        self.reader.wake();
    }

    /// As [`ConnectionSender::begin`], for a request whose reply may be as long as a line.
    pub fn begin_long(&self) {
        self.reserved_bytes.fetch_add(LINE_BYTES_MAX, Ordering::AcqRel);
        self.begin();
    }

    /// Sends the reply to a request that [`ConnectionSender::begin_long`] announced.
    pub fn answer_long(&self, frame: Option<Bytes>) {
        self.reserved_bytes.fetch_sub(LINE_BYTES_MAX, Ordering::AcqRel);
        self.answer(frame);
    }

    /// Ends the connection once the queue is written. `last` is an optional last frame.
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

    /// Returns true after [`ConnectionSender::close`].
    pub fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// Waits until fewer than [`IN_FLIGHT_MAX`] requests are in flight or answered but unsent, with fewer than
    /// [`REPLY_BYTES_MAX`] bytes in all.
    pub async fn has_room(&self) {
        let has_room = || self.load() < IN_FLIGHT_MAX && self.load_bytes() < REPLY_BYTES_MAX;
        self.wait_for_reader(|| has_room() || self.is_closing()).await;
    }

    /// Waits until all requests have a reply.
    pub async fn is_idle(&self) {
        self.wait_for_reader(|| self.in_flight.load(Ordering::Acquire) == 0 || self.is_closing()).await;
    }

    /// Waits until the writer is woken.
    pub async fn woken(&self) {
        poll_fn(|cx| {
            // A load is cheaper than a swap if the flag is not set.
            if self.is_dirty.load(Ordering::Acquire) && self.is_dirty.swap(false, Ordering::AcqRel) {
                return Poll::Ready(());
            }
            self.writer.register(cx.waker());
            if self.is_dirty.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Takes the next item. Called by the writer.
    pub fn pop(&self) -> Option<Item> {
        if self.queued.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let item = queue.pop_front()?;
        if queue.is_empty() && queue.capacity() > 8 {
            // An idle connection does not keep the memory of a past burst.
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
