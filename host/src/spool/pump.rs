//! The pump of a run: one blocking task that reads both pipes and appends to the spool, as fast as the command writes.
//! It knows no core: however slow or far away that is, the command is never held up, until its output limit.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use tokio::sync::{Notify, watch};

use super::output::Appender;
use crate::limits::{FREE_BYTES_MIN, FREE_LOOK_BYTES, LAST_BYTES_MAX, OUTPUT_BYTES_ALWAYS, READ_BYTES};

/// How far a run's output is.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// Bytes in the spool.
    pub bytes: u64,
    /// The command wrote more than it may; what came after the limit was thrown away.
    pub is_over_limit: bool,
    /// The spool cannot be written, and why; what came since was thrown away.
    pub failure: Option<Arc<str>>,
    /// No more will come.
    pub is_closed: bool,
}

/// Makes a pump stop although somebody still holds its pipes.
#[derive(Clone, Debug)]
pub struct Waker(Arc<OwnedFd>);

impl Waker {
    /// The pump takes what lies in the pipes now, and ends.
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
    /// With so many bytes it is looked how full the disk is.
    look_at: u64,
    flow: watch::Sender<Flow>,
    /// Told after each change of `flow`: the writer that serves all runs.
    changed: Arc<Notify>,
}

impl Pump {
    /// A pump of standard output and error, which must not block.
    ///
    /// # Errors
    /// What the operating system says.
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

    /// What ends it early.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Pumps until both pipes are at their end, or it is woken. Blocks.
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

    /// The descriptors that can be read, and whether the waker was used. No timeout: the run's own task has one, and
    /// wakes this one.
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

    /// One read of a pipe. Gives the number of bytes, none where there are none now.
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

    /// What lies in the pipes, and not what those who hold them go on to write.
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

    /// A run does not fill the disk to its last byte: others need some, the core to keep this output among them.
    fn leave_room(&mut self) -> io::Result<()> {
        let len = self.appender.len();
        if len < self.look_at {
            return Ok(());
        }
        self.look_at = len.saturating_add(FREE_LOOK_BYTES);
        // A file system that does not say takes what it takes.
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
    /// However it ends, the run hears of it: one that waited for its output for ever would be the worst fault.
    fn drop(&mut self) {
        self.pipes.clear();
        if std::thread::panicking() {
            self.tell(|flow| flow.failure = Some("the host failed".into()));
        }
        self.tell(|flow| flow.is_closed = true);
    }
}

/// Unix milliseconds; 0 before 1970.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}
