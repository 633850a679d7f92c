//! The input of a run: written to its pipe or terminal in the order of its offsets, each byte once, whoever sends it
//! again. What the terminal answers to queries goes the same way, and counts in no offset.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use bytes::{Buf, Bytes};
use wardroom_protocol::limits::INPUT_WINDOW;

/// The input of a run.
#[derive(Debug, Default)]
pub struct Input {
    /// The pipe or terminal; none if there is no input, or nobody reads it any more.
    sink: Option<OwnedFd>,
    queue: VecDeque<Queued>,
    /// The offset after the last byte that was received.
    received: u64,
    /// The offset after the last byte that was written.
    written: u64,
    /// The length of the input, once it is known.
    end: Option<u64>,
    /// The `at` of the last answer.
    replied: Option<u64>,
}

#[derive(Debug)]
struct Queued {
    bytes: Bytes,
    is_reply: bool,
}

impl Input {
    /// Makes an input for this descriptor, which must be non-blocking.
    pub fn new(sink: Option<OwnedFd>) -> Input {
        Input { sink, ..Input::default() }
    }

    /// Returns the offset of the next byte that was not written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Returns the descriptor to wait for, while there is something to write.
    pub fn wanted(&self) -> Option<BorrowedFd<'_>> {
        self.sink.as_ref().filter(|_| !self.queue.is_empty()).map(|sink| sink.as_fd())
    }

    /// Takes input. Bytes that were received before are ignored. Returns false for a gap, and for more than the window:
    /// the host has made a mistake, and must connect again.
    pub fn receive(&mut self, off: u64, mut bytes: Bytes) -> bool {
        let Some(known) = self.received.checked_sub(off) else { return false };
        let known = usize::try_from(known).unwrap_or(usize::MAX).min(bytes.len());
        bytes.advance(known);
        let after = self.received.saturating_add(bytes.len() as u64);
        if after.saturating_sub(self.written) > 2 * INPUT_WINDOW {
            return false;
        }
        self.received = after;
        self.push(bytes, false);
        true
    }

    /// Takes what the terminal answers to a query that ends before `at`, unless it has had it.
    pub fn reply(&mut self, at: u64, bytes: Bytes) {
        if self.replied.is_none_or(|last| at > last) {
            self.replied = Some(at);
            self.push(bytes, true);
        }
    }

    /// Ends the input after `off` bytes.
    pub fn end(&mut self, off: u64) {
        self.end.get_or_insert(off);
        self.write();
    }

    fn push(&mut self, bytes: Bytes, is_reply: bool) {
        if !bytes.is_empty() {
            self.queue.push_back(Queued { bytes, is_reply });
        }
        self.write();
    }

    /// Writes as much as the pipe or terminal takes now.
    pub fn write(&mut self) {
        while let (Some(sink), Some(first)) = (&self.sink, self.queue.front_mut()) {
            match rustix::io::write(sink, &first.bytes) {
                Ok(count) => {
                    first.bytes.advance(count);
                    if !first.is_reply {
                        self.written = self.written.saturating_add(count as u64);
                    }
                    if first.bytes.is_empty() {
                        self.queue.pop_front();
                    }
                }
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return,
                // The command closed its input: that is not an error, and the rest is dropped.
                Err(_) => self.close(),
            }
        }
        if self.sink.is_none() || self.end.is_some_and(|end| self.written >= end) {
            self.close();
        }
    }

    /// Writes no more.
    pub fn close(&mut self) {
        self.sink = None;
        self.queue.clear();
        self.written = self.received;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use rustix::pipe::{PipeFlags, pipe_with};

    fn piped() -> (Input, OwnedFd) {
        let (read, write) = pipe_with(PipeFlags::NONBLOCK).unwrap();
        (Input::new(Some(write)), read)
    }

    fn read(from: &OwnedFd) -> String {
        let mut buf = [0; 1_000];
        let count = rustix::io::read(from, &mut buf).unwrap();
        String::from_utf8_lossy(&buf[..count]).into_owned()
    }

    #[test]
    fn each_byte_is_written_once() {
        let (mut input, pipe) = piped();
        assert!(input.receive(0, Bytes::from_static(b"abc")));
        assert!(input.receive(0, Bytes::from_static(b"abc")), "again, after a lost connection");
        assert!(input.receive(2, Bytes::from_static(b"cde")));
        assert!(!input.receive(9, Bytes::from_static(b"x")), "a gap");
        assert_eq!((read(&pipe).as_str(), input.written()), ("abcde", 5));
    }

    #[test]
    fn a_query_is_answered_once() {
        let (mut input, pipe) = piped();
        input.reply(10, Bytes::from_static(b"one"));
        input.reply(10, Bytes::from_static(b"one"));
        input.reply(7, Bytes::from_static(b"old"));
        input.reply(12, Bytes::from_static(b"two"));
        assert_eq!((read(&pipe).as_str(), input.written()), ("onetwo", 0));
    }

    #[test]
    fn the_end_comes_after_all_bytes() {
        let (mut input, pipe) = piped();
        input.end(3);
        assert!(input.receive(0, Bytes::from_static(b"abc")));
        assert_eq!(read(&pipe), "abc");
        assert_eq!(read(&pipe), "", "the end");
    }

    #[test]
    fn what_nobody_reads_is_dropped_and_acknowledged() {
        let (mut input, pipe) = piped();
        drop(pipe);
        assert!(input.receive(0, Bytes::from_static(b"abc")));
        assert!(input.receive(3, Bytes::from_static(b"def")));
        assert_eq!((input.written(), input.wanted().is_none()), (6, true));
    }

    #[test]
    fn more_than_the_window_is_refused() {
        let (mut input, _pipe) = piped();
        let chunk = Bytes::from(vec![0; 65_536]);
        let mut off = 0;
        while input.receive(off, chunk.clone()) {
            off += 65_536;
        }
        assert!((2 * INPUT_WINDOW..4 * INPUT_WINDOW).contains(&off), "{off}");
    }
}
