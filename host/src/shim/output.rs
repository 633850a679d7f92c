//! The output of a run: read from its pipes or its terminal, and appended to the spool as fast as the command writes.
//! It does not depend on host or core: however slow they are, a command with pipes is never blocked, until its output
//! limit. One with a terminal waits for a core that follows slowly: see [`super::pace`].

use std::io;
use std::os::fd::OwnedFd;

use wardroom_protocol::messages::TermSize;

use super::mask::{Masked, Patterns};
use crate::limits::{FREE_BYTES_MIN, FREE_LOOK_BYTES, LAST_BYTES_MAX, OUTPUT_BYTES_ALWAYS, READ_BYTES};
use crate::process::exec::words;
use crate::spool::now_ms;
use crate::spool::output::Appender;

/// What the end of a run says about its output.
#[derive(Clone, Debug, Default)]
pub struct OutputState {
    /// Bytes in the spool.
    pub bytes: u64,
    /// The command exceeded its output limit; the rest was discarded.
    pub is_over_limit: bool,
    /// Why the spool cannot be written, if so; output since then was discarded.
    pub failure: Option<String>,
}

/// The output of a run.
#[derive(Debug)]
pub struct Output {
    /// 1 and 2 with their pipes, while these are open; or 1 with the terminal.
    sources: Vec<(u8, OwnedFd)>,
    appender: Appender,
    patterns: Patterns,
    /// The masking of descriptors 1 and 2.
    masked: [Masked; 2],
    limit: u64,
    /// The number of bytes at which to check the free disk space again.
    look_at: u64,
    state: OutputState,
    buf: Vec<u8>,
}

impl Output {
    /// Makes an output of these descriptors, which must be non-blocking.
    pub fn new(sources: Vec<(u8, OwnedFd)>, appender: Appender, limit: u64, patterns: Patterns) -> Output {
        let (look_at, state, masked) = (OUTPUT_BYTES_ALWAYS, OutputState::default(), Default::default());
        Output { sources, appender, patterns, masked, limit, look_at, state, buf: vec![0; READ_BYTES] }
    }

    /// Returns what is taken out of the output.
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// Returns the descriptors to wait for.
    pub fn sources(&self) -> &[(u8, OwnedFd)] {
        &self.sources
    }

    /// Returns what there is.
    pub fn state(&self) -> &OutputState {
        &self.state
    }

    /// Returns true once all sources have ended.
    pub fn is_closed(&self) -> bool {
        self.sources.is_empty()
    }

    /// Reads a source once. Returns the number of bytes; `None` if there are none now.
    pub fn take(&mut self, fd: u8) -> Option<usize> {
        let (_, source) = self.sources.iter().find(|(n, _)| *n == fd)?;
        match rustix::io::read(source, &mut *self.buf) {
            // A terminal without programs reads as EIO.
            Ok(0) | Err(rustix::io::Errno::IO) => self.ended(fd),
            Ok(n) => {
                self.taken(fd, n);
                return Some(n);
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            Err(error) => {
                self.fail(&error.into());
                self.ended(fd);
            }
        }
        None
    }

    /// Takes what the sources contain now, but not what is written to them later.
    pub fn take_the_rest(&mut self) {
        let mut taken = 0;
        loop {
            let before = taken;
            for fd in [1, 2] {
                taken += self.take(fd).unwrap_or(0);
            }
            if taken == before || taken >= LAST_BYTES_MAX {
                return;
            }
        }
    }

    /// Notes the size of the terminal from here on. Returns the offset.
    pub fn resized(&mut self, size: TermSize) -> u64 {
        let off = self.appender.len();
        if let Err(error) = self.appender.resized(off, size, now_ms()) {
            self.fail(&error);
        }
        off
    }

    /// Gives up what is still open.
    pub fn close(&mut self) {
        for fd in [1, 2] {
            self.ended(fd);
        }
    }

    /// Keeps the first bytes of the buffer, without the secrets in them.
    fn taken(&mut self, fd: u8, count: usize) {
        // Taken out and put back, because it cannot be borrowed meanwhile.
        let buf = std::mem::take(&mut self.buf);
        let bytes = buf.get(..count).unwrap_or_default();
        if self.patterns.is_empty() {
            self.keep(fd, bytes);
        } else {
            let shown = self.masked_of(fd).map(|(masked, patterns)| masked.push(patterns, bytes));
            self.keep(fd, &shown.unwrap_or_default());
        }
        self.buf = buf;
    }

    /// A source has ended: what was held back of it is kept.
    fn ended(&mut self, fd: u8) {
        self.sources.retain(|(n, _)| *n != fd);
        let shown = self.masked_of(fd).map(|(masked, patterns)| masked.finish(patterns));
        self.keep(fd, &shown.unwrap_or_default());
    }

    fn masked_of(&mut self, fd: u8) -> Option<(&mut Masked, &Patterns)> {
        let masked = self.masked.get_mut(usize::from(fd.checked_sub(1)?))?;
        Some((masked, &self.patterns))
    }

    fn keep(&mut self, fd: u8, bytes: &[u8]) {
        if self.state.failure.is_some() {
            return;
        }
        let count = bytes.len();
        let room = usize::try_from(self.limit.saturating_sub(self.appender.len())).unwrap_or(usize::MAX);
        let kept = room.min(count);
        if kept > 0
            && let Err(error) = self
                .leave_room()
                .and_then(|()| self.appender.append(fd, bytes.get(..kept).unwrap_or_default(), now_ms()))
        {
            return self.fail(&error);
        }
        self.state.bytes = self.appender.len();
        self.state.is_over_limit |= kept < count;
    }

    /// Stops a run before it fills the disk: others need space too, such as the core for its copy of this output.
    fn leave_room(&mut self) -> io::Result<()> {
        let len = self.appender.len();
        if len < self.look_at {
            return Ok(());
        }
        self.look_at = len.saturating_add(FREE_LOOK_BYTES);
        // If the file system does not report its free space, write until it fails.
        let is_full = self.appender.free_bytes().is_ok_and(|free| free < FREE_BYTES_MIN.saturating_add(len));
        if is_full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn fail(&mut self, error: &io::Error) {
        let text = match error.kind() {
            io::ErrorKind::StorageFull => "its disk is full: free some space there".to_owned(),
            _ => words(error),
        };
        self.state.failure.get_or_insert(text);
    }
}
