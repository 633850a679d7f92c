//! A marker that is looked for in a stream of bytes, wherever the stream is cut.

use std::time::Instant;

/// What is looked for, and when it was found.
#[derive(Default)]
pub struct Look {
    wanted: Vec<u8>,
    /// The end of what came before: a marker may be cut.
    tail: Vec<u8>,
    found: Option<Instant>,
}

impl Look {
    /// Begins to look; what came before does not count.
    pub fn begin(&mut self, wanted: &[u8]) {
        *self = Self { wanted: wanted.to_vec(), ..Self::default() };
    }

    /// Looks at the next bytes; returns true if the marker has been found now.
    pub fn take(&mut self, bytes: &[u8]) -> bool {
        if self.wanted.is_empty() || self.found.is_some() {
            return false;
        }
        let kept = self.wanted.len() - 1;
        self.tail.extend(bytes.iter().take(kept));
        let is_found = memchr::memmem::find(&self.tail, &self.wanted).is_some()
            || memchr::memmem::find(bytes, &self.wanted).is_some();
        if is_found {
            self.found = Some(Instant::now());
        }
        self.tail.extend(bytes.iter().skip(kept.max(bytes.len().saturating_sub(kept))));
        self.tail.drain(..self.tail.len().saturating_sub(kept));
        is_found
    }

    /// When it was found.
    pub fn found(&self) -> Option<Instant> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::Look;

    #[test]
    fn a_marker_is_found_wherever_it_is_cut() {
        let text = b"before MARK-1- behind";
        for pieces in 1..text.len() {
            let mut look = Look::default();
            look.begin(b"MARK-1-");
            let found = text.chunks(pieces).filter(|piece| look.take(piece)).count();
            assert_eq!((found, look.found().is_some()), (1, true), "in pieces of {pieces}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let mut look = Look::default();
        look.begin(b"MARK-1-");
        for piece in [b"MARK-".as_slice(), b"2-", b"MARK-1", b"1-"] {
            assert!(!look.take(piece));
        }
    }
}
