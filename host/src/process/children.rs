//! Tracks the host's own children: leaders of runs (and shims that will become one), which are reaped only when their
//! run is over, and orphans, which the kernel gives to the host because it is a child subreaper.
//!
//! A leader stays a zombie until its run has been swept. Until then its pid, which is also the number of its session
//! and its process group, cannot be reused: signals to the group cannot hit another process.
//!
//! All children of the process are the host's: nothing else in the same process may start one and wait for it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{
    PidfdFlags, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process_group, pidfd_open, pidfd_send_signal, waitid,
    waitpid,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::handle::{self, pid};
use super::stat::{self, Stat};
use crate::limits::REAP_PAUSE_MS;

/// The known children of this process, by pid. All others are orphans.
#[derive(Debug, Default)]
pub struct Children {
    // Held while a child is started, reaped or listed, so that none is seen half registered. Never across an await.
    known: Mutex<BTreeMap<u32, Kind>>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A shim that has no spec yet.
    Spare,
    /// The first process of a run, and its start time.
    Leader { start_ticks: u64 },
    /// An orphan that survived the end of its run. Once reported, it belongs to no other run.
    GivenUp,
}

/// A child that stays a zombie until this is dropped.
#[derive(Debug)]
pub struct Leader {
    /// Its pid, its session and its process group.
    pub pid: u32,
    /// Its start time, which identifies it together with `pid`.
    pub start_ticks: u64,
    pidfd: OwnedFd,
    children: Arc<Children>,
}

/// How a leader ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status {
    /// `exit(n)`.
    Code(i32),
    /// A signal, by number.
    Signal(i32),
}

impl Children {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Kind>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a shim.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn spawn(self: &Arc<Self>, command: &mut Command) -> io::Result<Leader> {
        let mut known = self.lock();
        let child = command.spawn()?;
        let number = child.id();
        let identity = pid(number).zip(Stat::of(number));
        let Some((pid, stat)) = identity else { return Err(io::Error::other("a child has no entry in /proc")) };
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        known.insert(number, Kind::Spare);
        Ok(Leader { pid: number, start_ticks: stat.start_ticks, pidfd, children: Arc::clone(self) })
    }

    /// Returns the pids of all children except orphans of running runs.
    pub fn known(&self) -> BTreeSet<u32> {
        self.lock().keys().copied().collect()
    }

    /// Gives up on processes that could not be ended, so that no other run waits for them. Those that are children of
    /// this process are remembered until they end.
    pub fn give_up(&self, pids: impl Iterator<Item = u32>) {
        let mut known = self.lock();
        for pid in pids {
            known.entry(pid).or_insert(Kind::GivenUp);
        }
    }

    /// Returns true if no other leader was started before `start_ticks`, so that only this one can have made the
    /// process.
    pub fn is_only_leader_before(&self, leader: u32, start_ticks: u64) -> bool {
        let known = self.lock();
        let mut older = known.iter().filter(|(_, kind)| match kind {
            Kind::Leader { start_ticks: at } => *at <= start_ticks,
            Kind::Spare | Kind::GivenUp => false,
        });
        older.all(|(pid, _)| *pid == leader)
    }

    /// Reaps the orphans that have ended and returns the pids of those still alive. If there are none, runs have no
    /// processes outside their leaders' trees.
    pub fn orphans(&self) -> Vec<u32> {
        let mut known = self.lock();
        known.retain(|pid, kind| !matches!(kind, Kind::GivenUp) || is_running(*pid));
        let orphans = children_of_this_process().into_iter().filter(|pid| !known.contains_key(pid));
        orphans.filter(|number| is_running(*number)).collect()
    }
}

/// Returns false once the child has been reaped, here or before.
fn is_running(number: u32) -> bool {
    matches!(waitpid(pid(number), WaitOptions::NOHANG), Ok(None))
}

/// Lists the children of the first thread. The kernel gives orphans to the first thread of a subreaper; that thread's
/// own children are there too. Other threads have started only leaders and spares. Kernels without
/// `CONFIG_PROC_CHILDREN` have no such list.
fn children_of_this_process() -> Vec<u32> {
    let me = std::process::id();
    match std::fs::read_to_string(format!("/proc/self/task/{me}/children")) {
        Ok(list) => list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect(),
        Err(_) => stat::table().into_iter().filter(|s| s.ppid == me).map(|s| s.pid).collect(),
    }
}

impl Leader {
    /// Turns a shim that has its spec into a run's leader.
    pub fn promote(&self) {
        self.children.lock().insert(self.pid, Kind::Leader { start_ticks: self.start_ticks });
    }

    /// Returns the children that it belongs to.
    pub fn children(&self) -> &Arc<Children> {
        &self.children
    }

    /// Waits for its end, without a time limit.
    pub async fn exited(&self) {
        handle::exited(&self.pidfd).await;
    }

    /// Returns how it ended; `None` while it runs. It stays a zombie.
    pub fn status(&self) -> Option<Status> {
        use std::os::fd::AsFd;
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::PidFd(self.pidfd.as_fd()), options).ok().flatten()?;
        let code = status.exit_status().map(Status::Code);
        code.or_else(|| status.terminating_signal().map(Status::Signal))
    }

    /// Sends a signal to the process group. The group is this leader's while this value lives.
    pub fn signal_group(&self, signal: Signal) {
        let sent = pid(self.pid).map(|pid| kill_process_group(pid, signal));
        if let Some(Err(error)) = sent {
            tracing::debug!(%error, pid = self.pid, "a process group took no signal");
        }
    }

    /// Kills this one process: a shim that is no longer needed.
    pub fn kill(&self) {
        if let Err(error) = pidfd_send_signal(&self.pidfd, Signal::KILL) {
            tracing::debug!(%error, pid = self.pid, "a child could not be killed");
        }
    }
}

impl Drop for Leader {
    /// Releases the zombie. A leader that is still alive becomes an orphan, and is reaped when it ends.
    fn drop(&mut self) {
        let mut known = self.children.lock();
        known.remove(&self.pid);
        is_running(self.pid);
    }
}

/// Reaps orphans as they end, until `stop`.
///
/// # Errors
/// If the signal handler cannot be installed.
pub async fn reap(children: Arc<Children>, stop: CancellationToken) -> io::Result<()> {
    let mut ended = signal(SignalKind::child())?;
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = ended.recv() => { children.orphans(); }
        }
        tokio::time::sleep(Duration::from_millis(REAP_PAUSE_MS)).await;
    }
}
