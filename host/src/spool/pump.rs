//! The pump of a run: one blocking task that reads both pipes and appends to the spool, as fast as the command writes.
//! It does not depend on the core: however slow the core is, the command is never blocked, until its output limit.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use tokio::sync::{Notify, watch};

use super::output::Appender;
use crate::limits::{FREE_BYTES_MIN, FREE_LOOK_BYTES, LAST_BYTES_MAX, OUTPUT_BYTES_ALWAYS, READ_BYTES};

/// The progress of a run's output.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// Bytes in the spool.
    pub bytes: u64,
    /// The command exceeded its output limit; the rest was discarded.
    pub is_over_limit: bool,
    /// Why the spool cannot be written, if so; output since then was discarded.
    pub failure: Option<Arc<str>>,
    /// The output has ended.
    pub is_closed: bool,
}

/// Stops a pump although other processes still hold its pipes.
#[derive(Clone, Debug)]
pub struct Waker(Arc<OwnedFd>);

impl Waker {
    /// Makes the pump take what the pipes contain now, and end.
    pub fn wake(&self) {
        if let Err(error) = rustix::io::write(&*self.0, &1u64.to_ne_bytes()) {
            tracing::debug!(%error, "a pump could not be woken");
        }
    }
}

/// The pump of a run.
#[derive(Debug)]
pub struct Pump {
    /// 1 and 2 with their pipes, while these are open.
    pipes: Vec<(u8, OwnedFd)>,
    waker: Waker,
    appender: Appender,
    limit: u64,
    /// The number of bytes at which to check the free disk space again.
    look_at: u64,
    flow: watch::Sender<Flow>,
    /// Notified after each change of `flow`: the writer that serves all runs.
    changed: Arc<Notify>,
}

impl Pump {
    /// Makes a pump of standard output and error, which must be non-blocking.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn new(
        (stdout, stderr): (OwnedFd, OwnedFd),
        appender: Appender,
        limit: u64,
        flow: watch::Sender<Flow>,
        changed: Arc<Notify>,
    ) -> io::Result<Pump> {
        let waker = Waker(Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?));
        let look_at = OUTPUT_BYTES_ALWAYS;
        Ok(Pump { pipes: vec![(1, stdout), (2, stderr)], waker, appender, limit, look_at, flow, changed })
    }

    /// Returns the waker that ends it early.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Pumps until both pipes are closed, or it is woken. Blocks.
    pub fn run(mut self) {
        let mut buf = vec![0; READ_BYTES];
        while !self.pipes.is_empty() {
            let (ready, is_woken) = match self.wait() {
                Ok(waited) => waited,
                Err(error) => {
                    self.fail(&error);
                    break;
                }
            };
            if is_woken {
                self.take_the_rest(&mut buf);
                break;
            }
            for fd in ready {
                self.take(fd, &mut buf);
            }
        }
    }

    /// Waits, and returns the readable descriptors, and whether the waker was used. No timeout: the run's own task has
    /// one, and wakes this one.
    fn wait(&self) -> io::Result<(Vec<u8>, bool)> {
        let mut polled = vec![PollFd::new(&*self.waker.0, PollFlags::IN)];
        polled.extend(self.pipes.iter().map(|(_, pipe)| PollFd::new(pipe, PollFlags::IN)));
        loop {
            match poll(&mut polled, None) {
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut ready = polled.iter().map(|fd| !fd.revents().is_empty());
        let is_woken = ready.next().unwrap_or(false);
        let fds = self.pipes.iter().zip(ready).filter(|(_, is_ready)| *is_ready).map(|((fd, _), _)| *fd);
        Ok((fds.collect(), is_woken))
    }

    /// Reads a pipe once. Returns the number of bytes; `None` if there are none now.
    fn take(&mut self, fd: u8, buf: &mut [u8]) -> Option<usize> {
        let (_, pipe) = self.pipes.iter().find(|(n, _)| *n == fd)?;
        match rustix::io::read(pipe, &mut *buf) {
            Ok(0) => self.pipes.retain(|(n, _)| *n != fd),
            Ok(n) => {
                self.keep(fd, buf.get(..n).unwrap_or_default());
                return Some(n);
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            Err(error) => {
                self.fail(&error.into());
                self.pipes.retain(|(n, _)| *n != fd);
            }
        }
        None
    }

    /// Takes what the pipes contain now, but not what their holders write later.
    fn take_the_rest(&mut self, buf: &mut [u8]) {
        let mut taken = 0;
        loop {
            let before = taken;
            for fd in [1, 2] {
                taken += self.take(fd, buf).unwrap_or(0);
            }
            if taken == before || taken >= LAST_BYTES_MAX {
                return;
            }
        }
    }

    fn keep(&mut self, fd: u8, bytes: &[u8]) {
        if self.flow.borrow().failure.is_some() {
            return;
        }
        let room = usize::try_from(self.limit.saturating_sub(self.appender.len())).unwrap_or(usize::MAX);
        let kept = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        if !kept.is_empty()
            && let Err(error) = self.leave_room().and_then(|()| self.appender.append(fd, kept, now_ms()))
        {
            return self.fail(&error);
        }
        let len = self.appender.len();
        let is_over = kept.len() < bytes.len();
        self.tell(|flow| {
            flow.bytes = len;
            flow.is_over_limit |= is_over;
        });
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
        tracing::error!(%error, "the output of a run cannot be kept");
        let words = match error.kind() {
            io::ErrorKind::StorageFull => "its disk is full: free some space there".to_owned(),
            _ => crate::process::shim::words(error),
        };
        self.tell(|flow| flow.failure = Some(words.into()));
    }

    fn tell(&self, change: impl FnOnce(&mut Flow)) {
        self.flow.send_modify(change);
        self.changed.notify_one();
    }
}

impl Drop for Pump {
    /// However the pump ends, it notifies the run, which would otherwise wait for its output for ever.
    fn drop(&mut self) {
        self.pipes.clear();
        if std::thread::panicking() {
            self.tell(|flow| flow.failure = Some("the host failed".into()));
        }
        self.tell(|flow| flow.is_closed = true);
    }
}

/// Returns Unix milliseconds; 0 before 1970.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}
