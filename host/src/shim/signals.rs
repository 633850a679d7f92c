//! The signals of a shim: ends of children, as a readable descriptor; those that stop other programs are ignored.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};

/// What the shim learns by signals.
pub struct Signals {
    child: OwnedFd,
}

impl Signals {
    /// Watches for ends of children, and ignores what stops other programs: the run decides when its shim ends.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn watch() -> io::Result<Signals> {
        let (read, write) = std::os::unix::net::UnixStream::pair()?;
        read.set_nonblocking(true)?;
        write.set_nonblocking(true)?;
        signal_hook::low_level::pipe::register(SIGCHLD, write)?;
        for ignored in [SIGTERM, SIGINT, SIGHUP] {
            signal_hook::flag::register(ignored, Arc::new(AtomicBool::new(false)))?;
        }
        Ok(Signals { child: read.into() })
    }

    /// Returns the descriptor to wait for: readable after the end of a child.
    pub fn child(&self) -> BorrowedFd<'_> {
        self.child.as_fd()
    }

    /// Takes the news.
    pub fn clear(&self) {
        let mut buf = [0; 64];
        while rustix::io::read(&self.child, &mut buf).is_ok_and(|count| count == buf.len()) {}
    }
}
