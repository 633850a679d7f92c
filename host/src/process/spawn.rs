//! The host's side of [`super::shim`]: starts shims, one in advance, and sends them their specs. All of it blocks for a
//! millisecond or so, and is called off the runtime's threads.

use std::ffi::OsString;
use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::pipe::{PipeFlags, pipe_with};

use super::children::{Children, Leader};
use super::shim::{RunSpec, words};
use crate::limits::{FAILURE_BYTES_MAX, LAUNCH_TIMEOUT_MS};

/// Starts shims.
#[derive(Debug)]
pub struct Spawner {
    program: Vec<OsString>,
    children: Arc<Children>,
    // One shim waits for the next run, so that a run costs one `exec` instead of two. Never held across an await.
    spare: Mutex<Option<Shim>>,
}

/// A child that waits for its spec. If dropped without one, it ends by itself.
#[derive(Debug)]
pub struct Shim {
    /// The process that becomes the command.
    pub leader: Leader,
    control: UnixStream,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

/// A running command.
#[derive(Debug)]
pub struct SpawnedProcess {
    /// Its first process.
    pub leader: Leader,
    /// The write end of its standard input, if it has one; non-blocking.
    pub stdin: Option<OwnedFd>,
    /// The read ends of its standard output and error; non-blocking.
    pub outputs: (OwnedFd, OwnedFd),
}

impl Spawner {
    /// Makes a spawner for this program and its arguments, which call [`super::shim::exec_shim`].
    pub fn new(program: Vec<OsString>, children: Arc<Children>) -> Self {
        Spawner { program, children, spare: Mutex::default() }
    }

    /// Returns the waiting shim, if it is still alive, or a new one.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn shim(&self) -> io::Result<Shim> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        match spare.filter(|shim| shim.leader.status().is_none()) {
            Some(shim) => Ok(shim),
            None => self.start(),
        }
    }

    /// Starts the shim for the next run. That run reports a failure.
    pub fn prepare(&self) {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.is_none() {
            *spare = self.start().inspect_err(|error| tracing::warn!(%error, "no shim could be started")).ok();
        }
    }

    /// Ends the waiting shim.
    pub fn close(&self) {
        drop(self.spare.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn start(&self) -> io::Result<Shim> {
        let (program, arguments) = self.program.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let (control, theirs) = UnixStream::pair()?;
        let (stdout, stdout_theirs) = pipe_with(PipeFlags::CLOEXEC)?;
        let (stderr, stderr_theirs) = pipe_with(PipeFlags::CLOEXEC)?;
        for ours in [&stdout, &stderr] {
            fcntl_setfl(ours, OFlags::NONBLOCK)?;
        }
        let mut command = Command::new(program);
        command.args(arguments).env_clear().current_dir("/");
        command.stdin(OwnedFd::from(theirs)).stdout(stdout_theirs).stderr(stderr_theirs);
        let leader = self.children.spawn(&mut command)?;
        // The command holds the other ends until it is dropped: only the child may hold the pipes' write ends.
        drop(command);
        Ok(Shim { leader, control, stdout, stderr })
    }
}

impl Shim {
    /// Sends the spec, and waits until the command runs or the shim says why it does not.
    ///
    /// # Errors
    /// The message for the room.
    pub fn launch(self, spec: &RunSpec, with_stdin: bool) -> Result<SpawnedProcess, String> {
        self.leader.promote();
        match self.give(spec, with_stdin) {
            Ok(stdin) => {
                let Shim { leader, stdout, stderr, .. } = self;
                Ok(SpawnedProcess { leader, stdin, outputs: (stdout, stderr) })
            }
            Err(why) => {
                self.leader.kill();
                Err(why)
            }
        }
    }

    fn give(&self, spec: &RunSpec, with_stdin: bool) -> Result<Option<OwnedFd>, String> {
        let failed = |error: io::Error| format!("the shim did not take its spec: {}", words(&error));
        let timeout = Duration::from_millis(LAUNCH_TIMEOUT_MS);
        self.control.set_write_timeout(Some(timeout)).map_err(failed)?;
        let json = serde_json::to_vec(spec).map_err(|error| failed(error.into()))?;
        let stdin = self.send(&json, with_stdin).map_err(failed)?;
        self.control.shutdown(Shutdown::Write).map_err(failed)?;
        let mut poll_fds = [PollFd::new(&self.control, PollFlags::IN)];
        let wait = rustix::event::Timespec::try_from(timeout).ok();
        if poll(&mut poll_fds, wait.as_ref()).map_err(|error| failed(error.into()))? == 0 {
            return Err(format!("it could not be started within {} s", timeout.as_secs()));
        }
        let mut why = String::new();
        (&self.control).take(FAILURE_BYTES_MAX).read_to_string(&mut why).map_err(failed)?;
        if why.is_empty() { Ok(stdin) } else { Err(why) }
    }

    /// Sends the spec, and with its first byte the read end of a new pipe; returns the write end.
    fn send(&self, json: &[u8], with_stdin: bool) -> io::Result<Option<OwnedFd>> {
        let pipe = if with_stdin { Some(pipe_with(PipeFlags::CLOEXEC)?) } else { None };
        let fds: Vec<_> = pipe.iter().map(|(read, _)| read.as_fd()).collect();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() {
            ancillary.push(SendAncillaryMessage::ScmRights(&fds));
        }
        let sent = sendmsg(&self.control, &[IoSlice::new(json)], &mut ancillary, SendFlags::NOSIGNAL)?;
        (&self.control).write_all(json.get(sent..).unwrap_or_default())?;
        let write = pipe.map(|(_, write)| write);
        if let Some(write) = &write {
            fcntl_setfl(write, OFlags::NONBLOCK)?;
        }
        Ok(write)
    }
}
