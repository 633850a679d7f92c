//! The state of one upload: what was read, hashed, sent and acknowledged, and which slice to read next.

use std::collections::VecDeque;

use bytes::Bytes;
use wardroom_protocol::UploadId;
use wardroom_protocol::limits::BODY_BYTES_MAX;

use crate::limits::{SLICE_BYTES_MAX, SLICES_AHEAD_MAX};

/// The state machine of one upload. `sent <= hashed` always: a byte is hashed when it is first read. If the server
/// wants it again it is read again, but not hashed.
pub(super) struct Uploader {
    pub(super) upload: Option<UploadId>,
    pub(super) hasher: blake3::Hasher,
    pub(super) hashed: u64,
    pub(super) sent: u64,
    pub(super) acked: u64,
    pub(super) window: u64,
    pub(super) phase: Phase,
    /// Requested slices, in order.
    pub(super) reading: VecDeque<Asked>,
    /// Slices that are no longer wanted but may still arrive: (offset, length). A late one must not look like a file
    /// that became shorter.
    pub(super) unwanted: VecDeque<(u64, u64)>,
    /// The offset to which the server set us back. The same offset again, before any progress, is an echo for frames
    /// that were in flight.
    pub(super) set_back_to: Option<u64>,
}

/// A requested slice. If it arrives before earlier ones, it waits here for them.
pub(super) struct Asked {
    pub(super) off: u64,
    pub(super) len: u64,
    pub(super) bytes: Option<Bytes>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// Not started on this connection.
    Idle,
    /// `file.put` or `file.resume` is in flight.
    Asked,
    /// Reading what the server already has, up to here, for the digest.
    Hashing {
        to: u64,
    },
    Sending,
    Committing,
    Over,
}

impl std::fmt::Debug for Uploader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("upload", &self.upload).field("sent", &self.sent).finish_non_exhaustive()
    }
}

impl Uploader {
    pub(super) fn new() -> Self {
        Uploader {
            upload: None,
            hasher: blake3::Hasher::new(),
            hashed: 0,
            sent: 0,
            acked: 0,
            window: 0,
            phase: Phase::Idle,
            reading: VecDeque::new(),
            unwanted: VecDeque::new(),
            set_back_to: None,
        }
    }

    /// Continues from the offset that the server named.
    pub(super) fn go_on_from(&mut self, off: u64) {
        self.forget_reading();
        self.acked = off;
        self.sent = off;
        self.phase = if off > self.hashed { Phase::Hashing { to: off } } else { Phase::Sending };
    }

    /// The next slice to request, if any.
    pub(super) fn next_slice(&self, size: u64) -> Option<(u64, u64)> {
        if self.reading.len() >= SLICES_AHEAD_MAX {
            return None;
        }
        let asked_to = self.reading.back().map(|last| last.off.saturating_add(last.len));
        match self.phase {
            Phase::Hashing { to } => {
                let off = asked_to.unwrap_or(self.hashed);
                let len = to.saturating_sub(off).min(SLICE_BYTES_MAX);
                (len > 0).then_some((off, len))
            }
            Phase::Sending => {
                let off = asked_to.unwrap_or(self.sent);
                let left = size.saturating_sub(off);
                let credit = self.acked.saturating_add(self.window).saturating_sub(off);
                // A slice smaller than a frame is only worth it at the end of the file.
                let least = left.min(BODY_BYTES_MAX as u64);
                let len = left.min(credit).min(SLICE_BYTES_MAX);
                (len > 0 && len >= least).then_some((off, len))
            }
            _ => None,
        }
    }

    /// Drops all requested slices.
    pub(super) fn forget_reading(&mut self) {
        const UNWANTED_MAX: usize = 64;
        let still_to_come = self.reading.drain(..).filter(|asked| asked.bytes.is_none());
        self.unwanted.extend(still_to_come.map(|asked| (asked.off, asked.len)));
        while self.unwanted.len() > UNWANTED_MAX {
            self.unwanted.pop_front();
        }
    }

    /// The first slice, if it has arrived.
    pub(super) fn take_slice(&mut self) -> Option<(u64, Bytes)> {
        let bytes = self.reading.front_mut()?.bytes.take()?;
        self.reading.pop_front().map(|asked| (asked.off, bytes))
    }

    /// Hashes the part of this slice that was not hashed before.
    pub(super) fn hash(&mut self, off: u64, bytes: &[u8]) {
        let known = usize::try_from(self.hashed.saturating_sub(off)).unwrap_or(usize::MAX);
        if let Some(fresh) = bytes.get(known..) {
            self.hasher.update(fresh);
            self.hashed = self.hashed.max(off.saturating_add(bytes.len() as u64));
        }
    }
}
