//! One upload's own state: what of its file was read, hashed, sent and taken, and which slice is wanted next.

use std::collections::VecDeque;

use bytes::Bytes;
use wardroom_protocol::UploadId;
use wardroom_protocol::limits::BODY_BYTES_MAX;

use crate::limits::{SLICE_BYTES_MAX, SLICES_AHEAD_MAX};

/// The machine of one upload. `sent <= hashed` always: a byte is hashed when it is read for the first time, and read
/// again without hashing where the server wants it again.
pub(super) struct Uploader {
    pub(super) upload: Option<UploadId>,
    pub(super) hasher: blake3::Hasher,
    pub(super) hashed: u64,
    pub(super) sent: u64,
    pub(super) acked: u64,
    pub(super) window: u64,
    pub(super) phase: Phase,
    /// Slices that were asked for, in order.
    pub(super) reading: VecDeque<Asked>,
    /// Slices that are no longer wanted but may still come: (offset, length). A late one must not be taken for a file
    /// that became shorter.
    pub(super) unwanted: VecDeque<(u64, u64)>,
    /// The offset that the server set us back to; the same word again, before it has taken anything, is an echo of
    /// frames that were under way.
    pub(super) set_back_to: Option<u64>,
}

/// A slice that was asked for; one that comes before those in front of it waits here for them.
pub(super) struct Asked {
    pub(super) off: u64,
    pub(super) len: u64,
    pub(super) bytes: Option<Bytes>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// Not begun on this connection.
    Idle,
    /// `file.put` or `file.resume` is under way.
    Asked,
    /// Bytes that the server has are read for the digest, up to here.
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

    /// Goes on from the offset that the server named.
    pub(super) fn go_on_from(&mut self, off: u64) {
        self.forget_reading();
        self.acked = off;
        self.sent = off;
        self.phase = if off > self.hashed { Phase::Hashing { to: off } } else { Phase::Sending };
    }

    /// The next slice to ask for, if any.
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
                // A slice of less than a frame is worth it only at the end of the file.
                let least = left.min(BODY_BYTES_MAX as u64);
                let len = left.min(credit).min(SLICE_BYTES_MAX);
                (len > 0 && len >= least).then_some((off, len))
            }
            _ => None,
        }
    }

    /// What was asked for is wanted no more.
    pub(super) fn forget_reading(&mut self) {
        const UNWANTED_MAX: usize = 64;
        let still_to_come = self.reading.drain(..).filter(|asked| asked.bytes.is_none());
        self.unwanted.extend(still_to_come.map(|asked| (asked.off, asked.len)));
        while self.unwanted.len() > UNWANTED_MAX {
            self.unwanted.pop_front();
        }
    }

    /// The slice at the front, if it has come.
    pub(super) fn take_slice(&mut self) -> Option<(u64, Bytes)> {
        let bytes = self.reading.front_mut()?.bytes.take()?;
        self.reading.pop_front().map(|asked| (asked.off, bytes))
    }

    /// Hashes what of this slice has not been hashed.
    pub(super) fn hash(&mut self, off: u64, bytes: &[u8]) {
        let known = usize::try_from(self.hashed.saturating_sub(off)).unwrap_or(usize::MAX);
        if let Some(fresh) = bytes.get(known..) {
            self.hasher.update(fresh);
            self.hashed = self.hashed.max(off.saturating_add(bytes.len() as u64));
        }
    }
}
