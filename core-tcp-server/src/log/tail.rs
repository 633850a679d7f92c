//! The end of a room's timeline, as encoded frames shared by all who read it, and the readers to wake.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;

use crate::limits::{TAIL_BYTES_MAX, TAIL_EVENTS_MAX};
use crate::outlet::Outlet;
use crate::store::{Published, Replaced, UserId};

/// The end of one timeline.
pub struct Tail {
    /// The last event's `seq`. Read without the lock by readers that have nothing to do.
    head: AtomicU64,
    /// Held while frames are appended or copied out; never across an await.
    entries: Mutex<Entries>,
    /// The connections to wake; read on every append, changed when a room is opened or closed.
    readers: RwLock<Vec<Arc<Outlet>>>,
}

#[derive(Default)]
struct Entries {
    frames: VecDeque<Published>,
    bytes: usize,
}

/// What a reader found after its cursor.
#[derive(Debug, Eq, PartialEq)]
pub enum TailRead {
    /// Nothing.
    UpToDate,
    /// Frames were taken; the cursor now stands here.
    Took(u64),
    /// The tail begins after the cursor: read from the store.
    Behind,
}

impl Tail {
    /// The tail of a timeline whose last event is `head`; empty, until something is appended.
    pub fn new(head: u64) -> Self {
        Self { head: AtomicU64::new(head), entries: Mutex::default(), readers: RwLock::default() }
    }

    /// The last event's `seq`.
    pub fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    /// Appends what was committed. Called by the publisher alone, in commit order.
    pub fn append(&self, event: Published) {
        let seq = event.seq;
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.bytes += event.frame.len();
        entries.frames.push_back(event);
        while entries.frames.len() > TAIL_EVENTS_MAX || entries.bytes > TAIL_BYTES_MAX {
            let Some(oldest) = entries.frames.pop_front() else { break };
            entries.bytes -= oldest.frame.len();
        }
        self.head.store(seq, Ordering::Release);
    }

    /// Puts other frames in the places of those that read otherwise from now on, as far as they are held here: what was
    /// deleted is not served.
    pub fn replace(&self, replaced: Vec<Replaced>) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(first) = entries.frames.front().map(|first| first.seq) else { return };
        for Replaced { seq, frame, own_frame } in replaced {
            let index = seq.checked_sub(first).and_then(|index| usize::try_from(index).ok());
            let Some(entry) = index.and_then(|index| entries.frames.get_mut(index)) else { continue };
            let (old, new) = (entry.frame.len(), frame.len());
            (entry.frame, entry.own_frame) = (frame, own_frame);
            entries.bytes = (entries.bytes + new).saturating_sub(old);
        }
    }

    /// Drops what stands before this place: it was removed from the store.
    pub fn forget_before(&self, first: u64) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(oldest) = entries.frames.pop_front_if(|oldest| oldest.seq < first) {
            entries.bytes -= oldest.frame.len();
        }
    }

    /// Does something with each connection that has the room open.
    pub fn each_reader(&self, act: impl Fn(&Outlet)) {
        for reader in self.readers.read().unwrap_or_else(PoisonError::into_inner).iter() {
            act(reader);
        }
    }

    /// Wakes all readers. Apart from [`Tail::append`], so that a batch of events wakes them once.
    pub fn wake(&self) {
        for reader in self.readers.read().unwrap_or_else(PoisonError::into_inner).iter() {
            reader.wake();
        }
    }

    /// Copies up to `count` frames after `cursor` to `out`, as `reader` may see them.
    pub fn read(&self, cursor: u64, count: usize, reader: UserId, out: &mut Vec<Bytes>) -> TailRead {
        if cursor >= self.head() {
            return TailRead::UpToDate;
        }
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        // Places are contiguous, so an event's index follows from that of the first.
        let Some(skip) = entries.frames.front().and_then(|first| (cursor + 1).checked_sub(first.seq)) else {
            return TailRead::Behind;
        };
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let mut last = cursor;
        for event in entries.frames.iter().skip(skip).take(count) {
            out.push(event.frame_for(reader).clone());
            last = event.seq;
        }
        TailRead::Took(last)
    }

    /// Adds a connection to wake. It knows that it has not asked before.
    pub fn subscribe(&self, reader: &Arc<Outlet>) {
        self.readers.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(reader));
    }

    /// Removes a connection.
    pub fn unsubscribe(&self, reader: &Arc<Outlet>) {
        let mut readers = self.readers.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = readers.iter().position(|r| Arc::ptr_eq(r, reader)) {
            readers.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::RoomId;

    fn event(seq: u64, len: usize) -> Published {
        let frame = Bytes::from(vec![b'x'; len]);
        let own_frame = Some(Bytes::from_static(b"own"));
        Published { room: RoomId(1), seq, by: UserId(1), frame, own_frame, is_counted: true, effect: None }
    }

    #[test]
    fn what_is_replaced_is_served_no_more() {
        let tail = Tail::new(10);
        (11..=13).for_each(|seq| tail.append(event(seq, 8)));
        let other = |seq| Replaced { seq, frame: Bytes::from_static(b"other"), own_frame: None };
        tail.replace(vec![other(9), other(12), other(14)]);
        let mut out = Vec::new();
        assert_eq!(tail.read(10, 64, UserId(1), &mut out), TailRead::Took(13));
        assert_eq!(out, [&b"own"[..], b"other", b"own"]);
        tail.forget_before(13);
        assert_eq!(tail.read(11, 64, UserId(1), &mut Vec::new()), TailRead::Behind);
        assert_eq!(tail.read(12, 64, UserId(1), &mut Vec::new()), TailRead::Took(13));
        tail.forget_before(99);
        tail.replace(vec![other(13)]);
        assert_eq!(tail.read(12, 64, UserId(1), &mut Vec::new()), TailRead::Behind);
        assert_eq!(tail.head(), 13);
    }

    #[test]
    fn a_cursor_reads_on_from_where_it_stands() {
        let tail = Tail::new(10);
        let mut out = Vec::new();
        assert_eq!(tail.read(10, 64, UserId(2), &mut out), TailRead::UpToDate);
        assert_eq!(tail.read(9, 64, UserId(2), &mut out), TailRead::Behind);
        (11..=20).for_each(|seq| tail.append(event(seq, 8)));
        assert_eq!(tail.read(9, 64, UserId(2), &mut out), TailRead::Behind);
        assert_eq!(tail.read(10, 4, UserId(2), &mut out), TailRead::Took(14));
        assert_eq!(tail.read(14, 64, UserId(2), &mut out), TailRead::Took(20));
        assert_eq!(out.len(), 10);
        assert_eq!(tail.read(20, 64, UserId(2), &mut out), TailRead::UpToDate);
    }

    #[test]
    fn only_the_author_sees_the_own_frame() {
        let tail = Tail::new(0);
        tail.append(event(1, 8));
        let mut out = Vec::new();
        tail.read(0, 1, UserId(1), &mut out);
        tail.read(0, 1, UserId(2), &mut out);
        assert_eq!(out.iter().map(Bytes::len).collect::<Vec<_>>(), [3, 8]);
    }

    #[test]
    fn the_tail_is_bounded_in_events_and_in_bytes() {
        let tail = Tail::new(0);
        let many = u64::try_from(TAIL_EVENTS_MAX).unwrap_or(0) + 5;
        (1..=many).for_each(|seq| tail.append(event(seq, 8)));
        assert_eq!(tail.read(4, 1, UserId(2), &mut Vec::new()), TailRead::Behind);
        assert_eq!(tail.read(5, 1, UserId(2), &mut Vec::new()), TailRead::Took(6));
        tail.append(event(many + 1, TAIL_BYTES_MAX));
        assert_eq!(tail.read(many, 64, UserId(2), &mut Vec::new()), TailRead::Took(many + 1));
        assert_eq!(tail.read(many - 1, 1, UserId(2), &mut Vec::new()), TailRead::Behind);
    }
}
