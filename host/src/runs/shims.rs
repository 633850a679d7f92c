//! Starts shims, one in advance, so that a run does not wait for its shim to be set up.

use std::ffi::OsString;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::process::{Child, Command};

use super::cgroups::Cgroups;
use crate::limits::LAUNCH_TIMEOUT_MS;
use crate::process::cgroup::Cgroup;
use crate::shim::send_with;
use crate::shim::wire::Order;

/// Starts shims.
#[derive(Debug)]
pub struct Shims {
    program: Vec<OsString>,
    cgroups: Option<Cgroups>,
    // Never held across an await.
    spare: Mutex<Option<Spare>>,
}

/// A shim that has no order yet. If it gets none, it ends by itself.
#[derive(Debug)]
struct Spare {
    control: UnixStream,
    cgroup: Option<Cgroup>,
    // Once dropped, the runtime reaps it when it ends.
    child: Child,
}

impl Shims {
    /// Uses this program and its arguments, which call [`crate::run_shim`], and gives each run a cgroup.
    pub fn new(program: Vec<OsString>, cgroups: Option<Cgroups>) -> Shims {
        Shims { program, cgroups, spare: Mutex::default() }
    }

    /// Starts the shim for the next run. Blocks; needs the runtime. That run reports a failure.
    pub fn prepare(&self) {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        *spare = spare.take().and_then(Spare::if_alive);
        if spare.is_none() {
            *spare = self.start().inspect_err(|error| tracing::warn!(%error, "no shim could be started")).ok();
        }
    }

    /// Ends the shim that waits.
    pub fn close(&self) {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(spare.and_then(Spare::if_alive));
    }

    /// Gives an order to a shim, and returns the connection to it. `lock` is the lock of the spool folder. Blocks; needs
    /// the runtime.
    ///
    /// # Errors
    /// If no shim could be started, or it does not take the order.
    pub fn launch(&self, order: &Order, lock: BorrowedFd<'_>) -> io::Result<UnixStream> {
        let json = serde_json::to_vec(order)?;
        let len = u32::try_from(json.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        let mut message = len.to_le_bytes().to_vec();
        message.extend_from_slice(&json);
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Spare { control, .. } = match spare.and_then(Spare::if_alive) {
            Some(spare) => spare,
            None => self.start()?,
        };
        control.set_write_timeout(Some(Duration::from_millis(LAUNCH_TIMEOUT_MS)))?;
        send_with(&control, &message, Some(lock))?;
        Ok(control)
    }

    fn start(&self) -> io::Result<Spare> {
        let (program, arguments) = self.program.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let (control, theirs) = UnixStream::pair()?;
        let mut command = Command::new(program);
        // Shown by ps(1) in place of `/proc/self/exe`.
        command.arg0("wardroom").args(arguments);
        let cgroup = self.cgroups.as_ref().map(Cgroups::name).transpose()?;
        command.args(&cgroup);
        command.env_clear().current_dir("/");
        command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn()?;
        Ok(Spare { control, cgroup: cgroup.map(Cgroup::at), child })
    }
}

impl Spare {
    /// Returns it unless it has ended. One that was killed has left its cgroup, which is removed.
    fn if_alive(mut self) -> Option<Spare> {
        if matches!(self.child.try_wait(), Ok(None)) {
            return Some(self);
        }
        if let Some(cgroup) = &self.cgroup {
            cgroup.end();
        }
        None
    }
}
