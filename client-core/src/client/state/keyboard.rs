//! The keyboard of a run as this client uses it: the lease under which it types, and the input that the command has not
//! been given yet.

use bytes::{Buf, Bytes, BytesMut};
use wardroom_protocol::limits::{BODY_BYTES_MAX, INPUT_WINDOW};
use wardroom_protocol::messages::TermSize;

use crate::limits::INPUT_QUEUE_BYTES_MAX;

/// What this client does with a keyboard that it holds, or has asked for.
#[derive(Debug, Default)]
pub(in crate::client) struct KeyboardUse {
    /// The lease under which this client types; `None` without the keyboard.
    pub(in crate::client) lease: Option<u64>,
    pub(in crate::client) queue: InputQueue,
    pub(in crate::client) eof: Eof,
    /// This client asked for the keyboard and waits for it.
    pub(in crate::client) wants: bool,
    /// A request for it has no answer yet.
    pub(in crate::client) asking: bool,
    /// The size that the terminal should have, until the server has confirmed it.
    pub(in crate::client) size: Option<TermSize>,
    /// A request for a size has no answer yet.
    pub(in crate::client) resizing: bool,
    /// The keyboard was lost while input was in flight: the server may still refuse that.
    pub(in crate::client) unconfirmed: bool,
    /// The server cannot take anything before this time.
    pub(in crate::client) paused_until_ms: Option<u64>,
}

/// The end of the input.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::client) enum Eof {
    /// There may be more input.
    #[default]
    Open,
    /// To be sent after the last byte.
    Wanted,
    /// Sent on this connection.
    Sent,
}

impl KeyboardUse {
    /// The keyboard is this client's: its next byte of input has the offset `off`.
    pub(in crate::client) fn hold(&mut self, lease: u64, off: u64) {
        (self.wants, self.unconfirmed) = (false, false);
        if self.lease.replace(lease) != Some(lease) {
            self.queue.begin_at(off);
        }
    }

    /// The server cannot take input now: everything that is not acknowledged is sent again at `at_ms`.
    pub(in crate::client) fn pause(&mut self, at_ms: u64) {
        self.paused_until_ms = Some(at_ms);
        self.again();
    }

    fn again(&mut self) {
        let acked = self.queue.acked;
        self.queue.rewind_to(acked);
        self.queue.set_back_to = None;
        if self.eof == Eof::Sent {
            self.eof = Eof::Wanted;
        }
    }

    /// The keyboard is no longer this client's. Returns how many bytes of input were never sent, and how many were sent
    /// and not acknowledged.
    pub(in crate::client) fn lose(&mut self) -> (usize, usize) {
        let in_flight = self.queue.in_flight();
        let unsent = self.queue.bytes.len().saturating_sub(in_flight);
        *self = KeyboardUse { asking: self.asking, wants: self.wants, ..KeyboardUse::default() };
        self.unconfirmed = in_flight > 0;
        (unsent, in_flight)
    }

    /// A new connection: everything that is not acknowledged is sent again, and the end after it.
    pub(in crate::client) fn disconnected(&mut self) {
        (self.resizing, self.paused_until_ms) = (false, None);
        self.again();
    }
}

/// Input from the first byte that the command has not been given yet.
#[derive(Debug, Default)]
pub(in crate::client) struct InputQueue {
    bytes: BytesMut,
    /// The offset of the first of `bytes`.
    acked: u64,
    /// The offset after the last byte that was sent on this connection.
    sent: u64,
    /// The offset to which the server set us back. The same offset again, before any progress, is an echo for frames
    /// that were in flight.
    set_back_to: Option<u64>,
}

impl InputQueue {
    fn begin_at(&mut self, off: u64) {
        (self.acked, self.sent, self.set_back_to) = (off, off, None);
    }

    /// The offset after the last byte.
    pub(in crate::client) fn end(&self) -> u64 {
        self.acked.saturating_add(self.bytes.len() as u64)
    }

    /// The offset before which the command has everything.
    pub(in crate::client) fn acked(&self) -> u64 {
        self.acked
    }

    /// Bytes that may be added.
    pub(in crate::client) fn free(&self) -> usize {
        INPUT_QUEUE_BYTES_MAX.saturating_sub(self.bytes.len())
    }

    fn in_flight(&self) -> usize {
        self.sent.saturating_sub(self.acked) as usize
    }

    /// Everything was sent.
    pub(in crate::client) fn is_sent(&self) -> bool {
        self.sent == self.end()
    }

    /// Adds bytes; `false` if they do not fit.
    pub(in crate::client) fn push(&mut self, bytes: &[u8]) -> bool {
        if bytes.len() > self.free() {
            return false;
        }
        self.bytes.extend_from_slice(bytes);
        true
    }

    /// The next piece to send and its offset, while the window allows.
    pub(in crate::client) fn next(&mut self) -> Option<(u64, Bytes)> {
        let in_flight = self.in_flight();
        let window = (INPUT_WINDOW as usize).saturating_sub(in_flight);
        let waiting = self.bytes.get(in_flight..)?;
        let piece = waiting.get(..waiting.len().min(window).min(BODY_BYTES_MAX))?;
        if piece.is_empty() {
            return None;
        }
        let (off, piece) = (self.sent, Bytes::copy_from_slice(piece));
        self.sent = off.saturating_add(piece.len() as u64);
        Some((off, piece))
    }

    /// The command has everything before `off`. Returns `false` if that is no news.
    pub(in crate::client) fn ack(&mut self, off: u64) -> bool {
        let off = off.min(self.end());
        let Some(news @ 1..) = off.checked_sub(self.acked) else { return false };
        self.bytes.advance(news as usize);
        self.acked = off;
        self.sent = self.sent.max(off);
        self.set_back_to = None;
        true
    }

    /// Sends again from `off` on.
    fn rewind_to(&mut self, off: u64) {
        self.sent = off;
    }

    /// The server expects `off` next. Returns `false` if that offset is not in the queue.
    pub(in crate::client) fn set_back(&mut self, off: u64) -> bool {
        if self.set_back_to == Some(off) {
            return true;
        }
        if off < self.acked || off > self.sent {
            return false;
        }
        self.set_back_to = Some(off);
        self.rewind_to(off);
        true
    }
}
