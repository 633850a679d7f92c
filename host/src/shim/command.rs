//! Starts the command: a stage in advance, which becomes the command once it has its spec (see
//! [`crate::process::exec`]).

use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, pidfd_send_signal, waitid,
};

use crate::limits::{FAILURE_BYTES_MAX, LAUNCH_TIMEOUT_MS};
use crate::process::cgroup::{Cgroup, OwnedCgroup};
use crate::process::exec::{RunSpec, words};
use crate::process::handle::pid;
use crate::process::stat::Stat;

/// A process that waits for its spec. If it gets none, it ends by itself.
#[derive(Debug)]
pub struct Stage {
    child: Child,
    control: UnixStream,
    stdout: OwnedFd,
    stderr: OwnedFd,
    cgroup: Option<OwnedCgroup>,
}

/// The first process of a run. It stays a zombie until it is reaped, so that its pid, which is also the number of its
/// session and its process group, is not reused.
#[derive(Debug)]
pub struct Leader {
    /// Its pid.
    pub pid: u32,
    /// Its start time, which identifies it together with `pid`.
    pub start_ticks: u64,
    /// Readable once it has ended.
    pub pidfd: OwnedFd,
    child: Child,
    /// How it ended, once it is reaped.
    reaped: Option<Status>,
    /// What all processes of the run are in.
    pub cgroup: Option<Cgroup>,
    owned: Option<OwnedCgroup>,
}

/// How a leader ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status {
    /// `exit(n)`.
    Code(i32),
    /// A signal, by number.
    Signal(i32),
}

impl Stage {
    /// Starts this program again, as a stage, in this cgroup if it can be made.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn start(cgroup: Option<Cgroup>) -> io::Result<Stage> {
        let (control, theirs) = UnixStream::pair()?;
        let (stdout, stdout_theirs) = pipe_with(PipeFlags::CLOEXEC)?;
        let (stderr, stderr_theirs) = pipe_with(PipeFlags::CLOEXEC)?;
        for ours in [&stdout, &stderr] {
            fcntl_setfl(ours, OFlags::NONBLOCK)?;
        }
        let mut command = Command::new("/proc/self/exe");
        command.arg0("wardroom").arg("host-exec").env_clear().current_dir("/");
        command.stdin(OwnedFd::from(theirs)).stdout(stdout_theirs).stderr(stderr_theirs);
        let child = command.spawn()?;
        // The command holds the other ends until it is dropped: only the child may hold the pipes' write ends.
        drop(command);
        let cgroup = cgroup.and_then(|cgroup| cgroup.create().ok());
        let cgroup = cgroup.filter(|cgroup| cgroup.0.add(child.id()).is_ok());
        Ok(Stage { child, control, stdout, stderr, cgroup })
    }

    /// Ends it without a command.
    pub fn discard(self) {
        let Stage { mut child, control, cgroup, .. } = self;
        drop(control);
        let _ = child.wait();
        drop(cgroup);
    }

    /// Returns the process and the read ends of its standard output and error.
    ///
    /// # Errors
    /// If it has ended already.
    pub fn into_parts(self) -> io::Result<(Leader, Launch, (OwnedFd, OwnedFd))> {
        let Stage { child, control, stdout, stderr, cgroup } = self;
        let number = child.id();
        let identity = pid(number).zip(Stat::of(number));
        let Some((pid, stat)) = identity else { return Err(io::Error::other("a child has no entry in /proc")) };
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        let leader = Leader {
            pid: number,
            start_ticks: stat.start_ticks,
            pidfd,
            child,
            reaped: None,
            cgroup: cgroup.as_ref().map(|owned| owned.0.clone()),
            owned: cgroup,
        };
        Ok((leader, Launch(control), (stdout, stderr)))
    }
}

/// A stage that has no spec yet.
#[derive(Debug)]
pub struct Launch(UnixStream);

impl Launch {
    /// Sends the spec with the command's standard input, and waits until the command runs.
    ///
    /// # Errors
    /// Why it does not run, for the room.
    pub fn send(self, spec: &RunSpec, stdin: Option<BorrowedFd<'_>>) -> Result<(), String> {
        let failed = |error: io::Error| format!("the command could not be started: {}", words(&error));
        let Launch(control) = self;
        let timeout = Duration::from_millis(LAUNCH_TIMEOUT_MS);
        control.set_write_timeout(Some(timeout)).map_err(failed)?;
        let json = serde_json::to_vec(spec).map_err(|error| failed(error.into()))?;
        send_with(&control, &json, stdin).map_err(failed)?;
        control.shutdown(Shutdown::Write).map_err(failed)?;
        let wait = Timespec::try_from(timeout).ok();
        let answered = poll(&mut [PollFd::new(&control, PollFlags::IN)], wait.as_ref());
        if answered.map_err(|error| failed(error.into()))? == 0 {
            return Err(format!("it could not be started within {} s", timeout.as_secs()));
        }
        let mut why = String::new();
        (&control).take(FAILURE_BYTES_MAX).read_to_string(&mut why).map_err(failed)?;
        if why.is_empty() { Ok(()) } else { Err(why) }
    }
}

/// Sends bytes, and a descriptor with the first of them.
///
/// # Errors
/// If the operating system refuses.
pub fn send_with(socket: &UnixStream, bytes: &[u8], fd: Option<BorrowedFd<'_>>) -> io::Result<()> {
    let fds: Vec<_> = fd.into_iter().collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(&fds));
    }
    let sent = sendmsg(socket, &[IoSlice::new(bytes)], &mut ancillary, SendFlags::NOSIGNAL)?;
    let mut rest = socket;
    rest.write_all(bytes.get(sent..).unwrap_or_default())
}

impl Leader {
    /// Returns how it ended; `None` while it runs. It stays a zombie.
    pub fn status(&self) -> Option<Status> {
        if self.reaped.is_some() {
            return self.reaped;
        }
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::PidFd(self.pidfd.as_fd()), options).ok().flatten()?;
        let code = status.exit_status().map(Status::Code);
        code.or_else(|| status.terminating_signal().map(Status::Signal))
    }

    /// Returns true once it is reaped.
    pub fn is_reaped(&self) -> bool {
        self.reaped.is_some()
    }

    /// Releases the zombie of a leader that has ended. Its pid may be reused from here on.
    pub fn reap(&mut self) {
        self.reaped = self.status();
        let _ = self.child.try_wait();
    }

    /// Sends a signal to its process group, if it is not reaped.
    pub fn signal_group(&self, signal: Signal) {
        if let Some(pid) = pid(self.pid).filter(|_| !self.is_reaped()) {
            signal_group(pid, signal);
        }
    }

    /// Leaves it to the caller to end the cgroup: that may take 10 ms, if another run is just being moved into one.
    pub fn take_cgroup(&mut self) -> Option<OwnedCgroup> {
        self.owned.take()
    }

    /// Kills what one step can reach that no fork escapes: all of the run, or the process group of the leader.
    pub fn kill_at_once(&self) {
        self.signal_group(Signal::KILL);
        if let Some(cgroup) = &self.cgroup {
            cgroup.kill();
        }
    }

    /// Waits for its end.
    pub fn wait(&mut self) {
        // It has ended, or is about to: a stage without a command does nothing else.
        let _ = self.child.wait();
    }

    /// Kills it.
    pub fn kill(&self) {
        // One that has ended takes no signal.
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
    }
}

/// Sends a signal to a process group; one that has ended ignores it.
pub fn signal_group(group: Pid, signal: Signal) {
    if let Err(error) = kill_process_group(group, signal) {
        tracing::debug!(%error, group = group.as_raw_nonzero(), "a process group took no signal");
    }
}
