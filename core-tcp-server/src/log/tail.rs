//! The end of a room's timeline, as encoded frames shared by all readers, and the readers to wake.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;

use super::segment::{Form, ReadLimit, Segment};
use crate::limits::{READERS_PER_TASK, SEGMENT_BYTES_MAX, SEGMENT_EVENTS_MAX, TAIL_BYTES_MAX, TAIL_EVENTS_MAX};
use crate::sender::ConnectionSender;
use crate::store::{Published, Replaced, UserId};

/// The end of one timeline.
pub struct Tail {
    /// The `seq` of the last event. Readers without news read it without the lock.
    head: AtomicU64,
    /// Held while segments are appended or slices are taken; never across an await.
    entries: Mutex<Entries>,
    /// The connections to wake. Read on every append, changed when a room is opened or closed.
    readers: RwLock<Vec<Arc<ConnectionSender>>>,
}

#[derive(Default)]
struct Entries {
    /// Contiguous: each starts where the one before it ends.
    segments: VecDeque<Box<Segment>>,
    events: usize,
    bytes: usize,
    /// The sum of [`Segment::charged_bytes`].
    charged_bytes: usize,
}

/// The result of reading after a cursor.
#[derive(Debug, Eq, PartialEq)]
pub enum TailRead {
    /// There is nothing new.
    UpToDate,
    /// Frames were taken; this is the new cursor.
    Took(u64),
    /// The tail does not reach back to the cursor: read from the store.
    Behind,
}

impl Tail {
    /// Creates the tail of a timeline whose last event is `head`. It is empty until something is appended.
    pub fn new(head: u64) -> Self {
        Self { head: AtomicU64::new(head), entries: Mutex::default(), readers: RwLock::default() }
    }

    /// Returns the `seq` of the last event.
    pub fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    /// Appends events that were committed together. Called only by the publisher, in commit order. Returns the bytes
    /// that the tail now takes in memory.
    pub fn append(&self, events: &[Published]) -> usize {
        let Some(last) = events.last() else { return self.entries().charged_bytes };
        let mut entries = self.entries();
        let mut rest = events;
        while !rest.is_empty() {
            let (segment, behind) = rest.split_at(segment_len(rest));
            entries.push(Segment::new(segment));
            rest = behind;
        }
        while entries.events > TAIL_EVENTS_MAX || entries.bytes > TAIL_BYTES_MAX {
            if !entries.pop() {
                break;
            }
        }
        self.head.store(last.seq, Ordering::Release);
        entries.charged_bytes
    }

    /// Replaces the frames of events that changed, if they are in the tail, so that deleted text is never served.
    pub fn replace(&self, replaced: &[Replaced]) {
        let mut entries = self.entries();
        for index in 0..entries.segments.len() {
            let is_in = |segment: &Segment| {
                replaced.iter().any(|replaced| (segment.first..segment.end()).contains(&replaced.seq))
            };
            if let Some(segment) = entries.segments.get(index).filter(|segment| is_in(segment)) {
                let segment = segment.replaced(replaced);
                entries.put(index, segment);
            }
        }
    }

    /// Drops the events before position `first`, which were removed from the store.
    pub fn forget_before(&self, first: u64) {
        let mut entries = self.entries();
        while entries.segments.front().is_some_and(|oldest| oldest.end() <= first) {
            entries.pop();
        }
        if let Some(segment) = entries.segments.front().filter(|oldest| oldest.first < first) {
            let segment = segment.without_before(first);
            entries.put(0, segment);
        }
    }

    /// Drops all frames, because other rooms need the memory. Readers that lag behind continue from the store.
    pub fn evict(&self) {
        *self.entries() = Entries::default();
    }

    /// Calls `act` with each connection that has the room open.
    pub fn each_reader(&self, act: impl Fn(&ConnectionSender)) {
        for reader in self.readers.read().unwrap_or_else(PoisonError::into_inner).iter() {
            act(reader);
        }
    }

    /// Delivers new events to all readers. Separate from [`Tail::append`], so that a batch of events does it once.
    /// Several tasks serve many readers, so that all cores write.
    pub fn deliver(&self) {
        let parts: Vec<Vec<_>> = {
            let readers = self.readers.read().unwrap_or_else(PoisonError::into_inner);
            readers.chunks(READERS_PER_TASK).map(<[_]>::to_vec).collect()
        };
        let runtime = tokio::runtime::Handle::try_current().ok().filter(|_| parts.len() > 1);
        for part in parts {
            let deliver = move || part.iter().for_each(|reader| reader.deliver());
            match &runtime {
                Some(runtime) => drop(runtime.spawn(async move { deliver() })),
                None => deliver(),
            }
        }
    }

    /// Takes the events after `cursor`, as `reader` may see them, up to `limit`.
    pub fn read(
        &self,
        cursor: u64,
        limit: &mut ReadLimit,
        reader: UserId,
        form: Form,
        out: &mut Vec<Bytes>,
    ) -> TailRead {
        if cursor >= self.head() {
            return TailRead::UpToDate;
        }
        let mut entries = self.entries();
        let next = cursor + 1;
        if entries.segments.front().is_none_or(|first| next < first.first) {
            return TailRead::Behind;
        }
        let from = entries.segments.partition_point(|segment| segment.end() <= next);
        let mut at = next;
        let mut grown = 0;
        for segment in entries.segments.range_mut(from..) {
            let index = usize::try_from(at.saturating_sub(segment.first)).unwrap_or(usize::MAX);
            let before = segment.charged_bytes();
            at += segment.read(index, limit, reader, form, out) as u64;
            grown += segment.charged_bytes() - before;
            if at < segment.end() {
                break;
            }
        }
        // WebSocket messages that were built for this reader. The budget learns about them with the room's next event.
        entries.charged_bytes += grown;
        TailRead::Took(at - 1)
    }

    /// Adds a connection to wake. The caller makes sure that it is not there yet.
    pub fn subscribe(&self, reader: &Arc<ConnectionSender>) {
        self.readers.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(reader));
    }

    /// Removes a connection.
    pub fn unsubscribe(&self, reader: &Arc<ConnectionSender>) {
        let mut readers = self.readers.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = readers.iter().position(|r| Arc::ptr_eq(r, reader)) {
            readers.swap_remove(at);
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn push(&mut self, segment: Segment) {
        self.count(&segment);
        self.segments.push_back(Box::new(segment));
    }

    /// Drops the oldest segment. Returns false if there is none.
    fn pop(&mut self) -> bool {
        let Some(oldest) = self.segments.pop_front() else { return false };
        self.uncount(&oldest);
        true
    }

    /// Replaces the segment at `index`.
    fn put(&mut self, index: usize, segment: Segment) {
        self.count(&segment);
        if let Some(place) = self.segments.get_mut(index) {
            let old = std::mem::replace(place, Box::new(segment));
            self.uncount(&old);
        }
    }

    fn count(&mut self, segment: &Segment) {
        self.events += segment.len();
        self.bytes += segment.bytes();
        self.charged_bytes += segment.charged_bytes();
    }

    fn uncount(&mut self, segment: &Segment) {
        self.events -= segment.len();
        self.bytes -= segment.bytes();
        self.charged_bytes -= segment.charged_bytes();
    }
}

/// Returns how many of these events the next segment takes: at least one.
fn segment_len(events: &[Published]) -> usize {
    let mut bytes = 0;
    let fitting = events.iter().take(SEGMENT_EVENTS_MAX).take_while(|event| {
        bytes += event.frame.len();
        bytes <= SEGMENT_BYTES_MAX
    });
    fitting.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::RoomId;

    const ALL: ReadLimit = ReadLimit { events: 64, bytes: 1 << 20 };

    fn event(seq: u64, len: usize) -> Published {
        let frame = Bytes::from(vec![b'x'; len]);
        let own_frame = Some(Bytes::from_static(b"own"));
        Published { room: RoomId(1), seq, by: UserId(1), frame, own_frame, is_counted: true, effect: None }
    }

    fn said(seq: u64, by: i64) -> Published {
        let (frame, own_frame) = (format!("{{\"{seq}\"}}\n").into(), Some(format!("{{\"{seq} own\"}}\n").into()));
        Published { frame, own_frame, by: UserId(by), ..event(seq, 0) }
    }

    fn append_each(tail: &Tail, seqs: impl IntoIterator<Item = u64>) {
        for seq in seqs {
            tail.append(&[event(seq, 8)]);
        }
    }

    fn read(tail: &Tail, cursor: u64, events: usize, reader: i64) -> (TailRead, Vec<Bytes>) {
        let (mut limit, mut out) = (ReadLimit { events, ..ALL }, Vec::new());
        let read = tail.read(cursor, &mut limit, UserId(reader), Form::Single, &mut out);
        (read, out)
    }

    /// Returns everything that a reader gets from a position on, in one piece.
    fn all(tail: &Tail, cursor: u64, reader: i64, form: Form) -> (Vec<u8>, usize) {
        let (mut limit, mut out) = (ALL, Vec::new());
        tail.read(cursor, &mut limit, UserId(reader), form, &mut out);
        (out.concat(), out.len())
    }

    #[test]
    fn what_is_replaced_is_served_no_more() {
        for is_one_batch in [false, true] {
            let tail = Tail::new(10);
            let events: Vec<_> = (11..=13).map(|seq| event(seq, 8)).collect();
            if is_one_batch {
                tail.append(&events);
            } else {
                append_each(&tail, 11..=13);
            }
            let other = |seq| Replaced { seq, frame: Bytes::from_static(b"other"), own_frame: None };
            tail.replace(&[other(9), other(12), other(14)]);
            assert_eq!(read(&tail, 10, 64, 1).0, TailRead::Took(13));
            assert_eq!(read(&tail, 10, 64, 1).1, [&b"own"[..], b"other", b"own"]);
            tail.forget_before(13);
            assert_eq!(read(&tail, 11, 64, 1).0, TailRead::Behind);
            assert_eq!(read(&tail, 12, 64, 1), (TailRead::Took(13), vec![Bytes::from_static(b"own")]));
            tail.forget_before(99);
            tail.replace(&[other(13)]);
            assert_eq!(read(&tail, 12, 64, 1).0, TailRead::Behind);
            assert_eq!(tail.head(), 13);
            assert_eq!(tail.entries().charged_bytes, 0);
        }
    }

    #[test]
    fn a_cursor_reads_on_from_where_it_stands() {
        let tail = Tail::new(10);
        assert_eq!(read(&tail, 10, 64, 2).0, TailRead::UpToDate);
        assert_eq!(read(&tail, 9, 64, 2).0, TailRead::Behind);
        append_each(&tail, 11..=20);
        assert_eq!(read(&tail, 9, 64, 2).0, TailRead::Behind);
        assert_eq!(read(&tail, 10, 4, 2).0, TailRead::Took(14));
        assert_eq!(read(&tail, 14, 64, 2).0, TailRead::Took(20));
        assert_eq!(read(&tail, 14, 64, 2).1.len(), 6);
        assert_eq!(read(&tail, 20, 64, 2).0, TailRead::UpToDate);
    }

    #[test]
    fn only_the_author_sees_the_own_frame() {
        let tail = Tail::new(0);
        tail.append(&[event(1, 8)]);
        assert_eq!(read(&tail, 0, 1, 1).1, [&b"own"[..]]);
        assert_eq!(read(&tail, 0, 1, 2).1, [&b"xxxxxxxx"[..]]);
    }

    #[test]
    fn a_batch_is_one_piece_for_who_wrote_nothing_or_all_of_it() {
        let tail = Tail::new(0);
        let authors = [1, 1, 2, 1, 2, 2];
        let events: Vec<_> = (1..).zip(authors).map(|(seq, by)| said(seq, by)).collect();
        tail.append(&events);
        for reader in [1, 2, 3] {
            let lines: Vec<u8> = events.iter().flat_map(|event| event.frame_for(UserId(reader)).to_vec()).collect();
            assert_eq!(all(&tail, 0, reader, Form::Lines).0, lines, "for {reader}");
            let mut messages = bytes::BytesMut::new();
            for event in &events {
                wardroom_protocol::websocket::put_line(event.frame_for(UserId(reader)), &mut messages);
            }
            assert_eq!(all(&tail, 0, reader, Form::Messages).0, messages, "for {reader}");
        }
        assert_eq!(all(&tail, 0, 3, Form::Lines).1, 1);
        assert_eq!(all(&tail, 0, 3, Form::Messages).1, 1);
        assert_eq!(all(&tail, 0, 1, Form::Lines).1, 4);
        // From the middle, up to the limit.
        assert_eq!(all(&tail, 3, 3, Form::Lines).0, b"{\"4\"}\n{\"5\"}\n{\"6\"}\n");
        let mut out = Vec::new();
        let mut limit = ReadLimit { events: 64, bytes: 7 };
        assert_eq!(tail.read(1, &mut limit, UserId(3), Form::Lines, &mut out), TailRead::Took(3));
        assert_eq!(out.concat(), b"{\"2\"}\n{\"3\"}\n");
    }

    #[test]
    fn the_tail_is_bounded_in_events_and_in_bytes() {
        let tail = Tail::new(0);
        let many = u64::try_from(TAIL_EVENTS_MAX).unwrap_or(0) + 5;
        append_each(&tail, 1..=many);
        assert_eq!(read(&tail, 4, 1, 2).0, TailRead::Behind);
        assert_eq!(read(&tail, 5, 1, 2).0, TailRead::Took(6));
        tail.append(&[event(many + 1, TAIL_BYTES_MAX)]);
        assert_eq!(read(&tail, many, 64, 2).0, TailRead::Took(many + 1));
        assert_eq!(read(&tail, many - 1, 1, 2).0, TailRead::Behind);
    }

    #[test]
    fn a_large_batch_becomes_several_segments_and_is_read_as_a_whole() {
        let tail = Tail::new(0);
        let events: Vec<_> = (1..=300).map(|seq| event(seq, 1_000)).collect();
        tail.append(&events);
        assert!(tail.entries().segments.iter().all(|segment| segment.bytes() <= SEGMENT_BYTES_MAX));
        let (mut cursor, mut count) = (0, 0);
        while let (TailRead::Took(next), out) = read(&tail, cursor, 77, 2) {
            (cursor, count) = (next, count + out.len());
        }
        assert_eq!((cursor, count), (300, 300));
    }

    #[test]
    fn an_evicted_tail_sends_its_readers_to_the_store() {
        let tail = Tail::new(0);
        append_each(&tail, 1..=3);
        tail.evict();
        assert_eq!(read(&tail, 0, 64, 2).0, TailRead::Behind);
        assert_eq!(read(&tail, 3, 64, 2).0, TailRead::UpToDate);
        append_each(&tail, 4..=4);
        assert_eq!(read(&tail, 2, 64, 2).0, TailRead::Behind);
        assert_eq!(read(&tail, 3, 64, 2).0, TailRead::Took(4));
    }
}
