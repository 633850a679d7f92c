//! A process that cannot be mistaken for another: a pidfd whose start time was checked. Every signal to a single
//! process uses one, so that a reused pid is never hit.

use std::io;
use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::stat::Stat;

/// A process that was alive when it was opened.
#[derive(Debug)]
pub struct Process {
    /// Its number, for the log.
    pub pid: u32,
    fd: OwnedFd,
}

impl Process {
    /// Opens the process that the table showed; `None` if it has ended since, or its pid was reused.
    pub fn open(seen: &Stat) -> Option<Process> {
        let fd = pidfd_open(pid(seen.pid)?, PidfdFlags::empty()).ok()?;
        // Opened first, checked second: from here on the handle and the pid agree.
        let now = Stat::of(seen.pid)?;
        (now.start_ticks == seen.start_ticks).then_some(Process { pid: seen.pid, fd })
    }

    /// Sends a signal; a process that has ended ignores it.
    ///
    /// # Errors
    /// `EPERM` if the process has become another user's.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        match pidfd_send_signal(&self.fd, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Converts a pid for rustix. Numbers from `/proc` are positive.
pub fn pid(number: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(number).ok()?)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_pid_that_is_anothers_now_is_not_opened() {
        let me = Stat::of(std::process::id()).unwrap();
        assert!(Process::open(&me).is_some());
        let older = Stat { start_ticks: me.start_ticks.saturating_sub(1), ..me };
        assert!(Process::open(&older).is_none());
    }
}
