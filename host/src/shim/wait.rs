//! The wait of a shim for its descriptors: `poll(2)`.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// What a descriptor belongs to.
#[derive(Clone, Copy, PartialEq)]
pub enum Source {
    Signals,
    Listener,
    Link,
    Stranger(usize),
    Leader,
    Output(u8),
    Input,
}

/// Waits, and returns what can be read or written.
pub fn wait(sources: &[(Source, BorrowedFd<'_>, PollFlags)], at_most: Option<Duration>) -> Vec<Source> {
    let mut polled: Vec<_> = sources.iter().map(|(_, fd, flags)| PollFd::from_borrowed_fd(*fd, *flags)).collect();
    let timeout = at_most.and_then(|at_most| Timespec::try_from(at_most).ok());
    // An interrupted wait shows nothing; the next one does.
    if poll(&mut polled, timeout.as_ref()).is_err() {
        return Vec::new();
    }
    let is_ready = polled.iter().map(|fd| !fd.revents().is_empty());
    sources.iter().zip(is_ready).filter(|(_, is_ready)| *is_ready).map(|((source, ..), _)| *source).collect()
}
