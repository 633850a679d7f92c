//! Output as it arrived, encoded once for all watchers. The same bytes are written to disk.

use bytes::Bytes;
use wardroom_protocol::RunId;
use wardroom_protocol::frame::{Number, encode_with_body};
use wardroom_protocol::messages::{RunOutput, TermSize};

/// Output as it arrived, encoded once.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// The offset of the first byte.
    pub off: u64,
    /// Bytes of output.
    pub len: u64,
    /// The size of the terminal from the first byte on, if it changed there.
    pub size: Option<TermSize>,
    /// The whole `run.output` frame; its last `len` bytes are the output.
    pub frame: Bytes,
}

impl Piece {
    /// Encodes output.
    pub(super) fn new(run: RunId, fd: u8, off: u64, size: Option<TermSize>, bytes: &[u8]) -> Self {
        let len = bytes.len() as u64;
        Self {
            fd,
            off,
            len,
            size,
            frame: encode_with_body(Number::None, &RunOutput { run, fd, off, len, size }, bytes),
        }
    }

    /// Returns the output.
    pub(super) fn bytes(&self) -> &[u8] {
        let len = usize::try_from(self.len).unwrap_or(usize::MAX);
        self.frame.get(self.frame.len().saturating_sub(len)..).unwrap_or_default()
    }

    /// Returns the offset after the last byte.
    pub(super) fn end(&self) -> u64 {
        self.off + self.len
    }

    /// Returns the part within `from..upto`; none if they do not overlap.
    pub(super) fn cut(&self, run: RunId, from: u64, upto: u64) -> Option<Piece> {
        let (off, end) = (self.off.max(from), self.end().min(upto));
        if off >= end {
            return None;
        }
        if (off, end) == (self.off, self.end()) {
            return Some(self.clone());
        }
        let at = |place: u64| usize::try_from(place - self.off).unwrap_or(usize::MAX);
        let bytes = self.bytes().get(at(off)..at(end))?;
        Some(Piece::new(run, self.fd, off, self.size.filter(|_| off == self.off), bytes))
    }
}
