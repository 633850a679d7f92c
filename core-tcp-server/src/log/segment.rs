//! Events of one room that were committed together, as one block of bytes that all readers share. A reader takes a
//! slice of it: one reference, however many events the slice holds. Part of the tail.

use bytes::{BufMut as _, Bytes, BytesMut};
use wardroom_protocol::websocket;

use crate::store::{Published, Replaced, UserId};

/// Bytes that a segment takes besides its frames: eight allocations and their bookkeeping.
const OVERHEAD_BYTES: usize = 352;

/// The form in which a reader wants the events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Lines, as many as possible in one piece.
    Lines,
    /// WebSocket messages, as many as possible in one piece.
    Messages,
    /// Lines, one per piece.
    Single,
}

/// How much a reader may still take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReadLimit {
    /// Events.
    pub events: usize,
    /// Bytes. The last event may exceed them, so that a single event is taken however long it is.
    pub bytes: usize,
}

/// Frames, one after the other.
struct Block {
    lines: Bytes,
    /// The end of each frame in `lines`.
    ends: Box<[u32]>,
    /// The same frames as WebSocket messages. Built for the first reader that wants them.
    messages: Option<Box<Messages>>,
}

struct Messages {
    bytes: Bytes,
    /// The end of each message in `bytes`.
    ends: Box<[u32]>,
}

/// Events with contiguous positions.
pub struct Segment {
    /// The position of the first event.
    pub first: u64,
    authors: Box<[UserId]>,
    /// What every reader sees.
    shared: Block,
    /// What authors see instead of `shared`; empty if it is the same.
    own: Block,
}

impl Segment {
    /// Creates a segment from at least one event. The positions must be contiguous.
    pub fn new(events: &[Published]) -> Self {
        let frames: Vec<_> =
            events.iter().map(|event| (event.by, event.frame.clone(), event.own_frame.clone())).collect();
        Self::of(events.first().map_or(0, |event| event.seq), &frames)
    }

    fn of(first: u64, frames: &[(UserId, Bytes, Option<Bytes>)]) -> Self {
        Self {
            first,
            authors: frames.iter().map(|(by, ..)| *by).collect(),
            shared: Block::new(frames.iter().map(|(_, frame, _)| frame.clone())),
            own: Block::new(frames.iter().map(|(.., own)| own.clone().unwrap_or_default())),
        }
    }

    /// Returns the number of events.
    pub fn len(&self) -> usize {
        self.authors.len()
    }

    /// Returns the position after the last event.
    pub fn end(&self) -> u64 {
        self.first + self.authors.len() as u64
    }

    /// Returns the bytes of its frames.
    pub fn bytes(&self) -> usize {
        self.shared.lines.len()
    }

    /// Returns the bytes that it takes in memory: the frames of both kinds, WebSocket messages once they are built, and
    /// the overhead.
    pub fn charged_bytes(&self) -> usize {
        OVERHEAD_BYTES + self.len() * size_of::<UserId>() + self.shared.charged_bytes() + self.own.charged_bytes()
    }

    /// Adds the events from `index` on to `out`, as `reader` may see them, up to `limit`. Returns their number.
    pub fn read(
        &mut self,
        index: usize,
        limit: &mut ReadLimit,
        reader: UserId,
        form: Form,
        out: &mut Vec<Bytes>,
    ) -> usize {
        let mut at = index;
        while at < self.len() && limit.events > 0 && limit.bytes > 0 {
            let is_own = self.is_own(at, reader);
            let mut to = at;
            while to < self.len() && limit.events > 0 && limit.bytes > 0 && self.is_own(to, reader) == is_own {
                let block = if is_own { &self.own } else { &self.shared };
                limit.events -= 1;
                limit.bytes = limit.bytes.saturating_sub(block.len_of(to));
                to += 1;
            }
            let block = if is_own { &mut self.own } else { &mut self.shared };
            match form {
                Form::Lines => out.push(block.lines(at, to)),
                Form::Messages => out.push(block.messages(at, to)),
                Form::Single => out.extend((at..to).map(|at| block.lines(at, at + 1))),
            }
            at = to;
        }
        at - index
    }

    /// Returns the segment with other frames for some events.
    pub fn replaced(&self, replaced: &[Replaced]) -> Self {
        let mut frames = self.frames();
        for Replaced { seq, frame, own_frame } in replaced {
            let index = seq.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
            if let Some((_, old, own)) = index.and_then(|index| frames.get_mut(index)) {
                (*old, *own) = (frame.clone(), own_frame.clone());
            }
        }
        Self::of(self.first, &frames)
    }

    /// Returns the segment without the events before position `first`.
    pub fn without_before(&self, first: u64) -> Self {
        let skip = usize::try_from(first.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let frames = self.frames();
        Self::of(self.first.max(first), frames.get(skip..).unwrap_or_default())
    }

    fn frames(&self) -> Vec<(UserId, Bytes, Option<Bytes>)> {
        let own = |at| Some(self.own.lines(at, at + 1)).filter(|own| !own.is_empty());
        self.authors.iter().enumerate().map(|(at, by)| (*by, self.shared.lines(at, at + 1), own(at))).collect()
    }

    fn is_own(&self, at: usize, reader: UserId) -> bool {
        self.authors.get(at) == Some(&reader) && self.own.len_of(at) > 0
    }
}

impl Block {
    fn new(frames: impl ExactSizeIterator<Item = Bytes> + Clone) -> Self {
        // The frame of an event that was committed alone is not copied.
        if frames.len() == 1 {
            let lines = frames.clone().next().unwrap_or_default();
            let ends = [end(lines.len())].into();
            return Self { lines, ends, messages: None };
        }
        let mut lines = BytesMut::with_capacity(frames.clone().map(|frame| frame.len()).sum());
        let ends = frames
            .map(|frame| {
                lines.put_slice(&frame);
                end(lines.len())
            })
            .collect();
        Self { lines: lines.freeze(), ends, messages: None }
    }

    fn lines(&self, from: usize, to: usize) -> Bytes {
        self.lines.slice(start_of(&self.ends, from)..start_of(&self.ends, to))
    }

    fn messages(&mut self, from: usize, to: usize) -> Bytes {
        let messages = self.messages.get_or_insert_with(|| Box::new(as_messages(&self.lines, &self.ends)));
        messages.bytes.slice(start_of(&messages.ends, from)..start_of(&messages.ends, to))
    }

    fn charged_bytes(&self) -> usize {
        let messages = self.messages.as_ref().map_or(0, |messages| messages.bytes.len() + size_of_val(&*messages.ends));
        self.lines.len() + size_of_val(&*self.ends) + messages
    }

    fn len_of(&self, at: usize) -> usize {
        start_of(&self.ends, at + 1) - start_of(&self.ends, at)
    }
}

/// Returns where the event with this index starts, which is where the one before it ends.
fn start_of(ends: &[u32], index: usize) -> usize {
    let end = index.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    usize::try_from(end).unwrap_or(usize::MAX)
}

fn end(len: usize) -> u32 {
    // A segment holds a few events of at most 64 KiB each.
    u32::try_from(len).unwrap_or(u32::MAX)
}

fn as_messages(lines: &Bytes, ends: &[u32]) -> Messages {
    let mut messages = BytesMut::with_capacity(lines.len() + 3 * ends.len());
    let message_ends = (0..ends.len())
        .map(|at| {
            let line = lines.get(start_of(ends, at)..start_of(ends, at + 1)).unwrap_or_default();
            if !line.is_empty() {
                websocket::put_line(line, &mut messages);
            }
            end(messages.len())
        })
        .collect();
    Messages { bytes: messages.freeze(), ends: message_ends }
}
