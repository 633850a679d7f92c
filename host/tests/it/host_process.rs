//! The host as a process that a test starts, signals and kills; and what is to be seen of processes from outside.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};
use tempfile::TempDir;
use wardroom_protocol::RunId;

use crate::fake_core::{FakeCore, Link, PATIENCE};

/// The user and the group `nobody`, on all of Debian.
pub const NOBODY: u32 = 65_534;

/// The host's folders, which outlive it.
pub struct Place {
    folder: TempDir,
}

pub struct HostProcess {
    child: Child,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn spool(&self) -> PathBuf {
        self.path().join("spool")
    }

    pub fn spool_of(&self, run: RunId) -> PathBuf {
        self.spool().join(run.to_string())
    }

    /// A folder that commands must not see, with a file in it.
    pub fn hidden(&self) -> PathBuf {
        let hidden = self.path().join("hidden");
        std::fs::create_dir_all(hidden.join("keys")).unwrap();
        std::fs::write(hidden.join("keys/admin.key"), "the secret\n").unwrap();
        hidden
    }

    /// Lets everybody into the folder above the hidden one, which only its owner may enter.
    pub fn open_to_all(&self) {
        std::fs::set_permissions(self.path(), Permissions::from_mode(0o777)).unwrap();
        std::fs::set_permissions(self.hidden(), Permissions::from_mode(0o700)).unwrap();
    }

    fn arguments(&self, core: &FakeCore, isolation: &str) -> Vec<String> {
        let work = self.path().to_str().unwrap().to_owned();
        let spool = self.spool().to_str().unwrap().to_owned();
        let hidden = self.hidden().to_str().unwrap().to_owned();
        let key = "0".repeat(64);
        vec!["host".to_owned(), core.address(), key, "local".to_owned(), spool, work, hidden, isolation.to_owned()]
    }

    /// Starts a host here with this isolation.
    pub fn isolated(&self, core: &FakeCore, isolation: &str) -> HostProcess {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wardroom-host-process"));
        HostProcess::start(command.args(self.arguments(core, isolation)))
    }

    /// Starts a host here.
    pub fn host(&self, core: &FakeCore) -> HostProcess {
        self.isolated(core, "auto")
    }

    /// Starts a host here with this isolation, as another user than root, to whom the folders are given.
    pub fn unprivileged(&self, core: &FakeCore, isolation: &str) -> HostProcess {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wardroom-host-process"));
        let arguments = self.arguments(core, isolation);
        if rustix::process::getuid().is_root() {
            for path in ["", "hidden", "hidden/keys", "hidden/keys/admin.key"] {
                std::os::unix::fs::chown(self.path().join(path), Some(NOBODY), Some(NOBODY)).unwrap();
            }
            command.uid(NOBODY).gid(NOBODY);
        }
        HostProcess::start(command.args(arguments))
    }

    /// Starts a host here out of a shell that has done something first.
    pub fn host_after(&self, first: &str, core: &FakeCore) -> HostProcess {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{first}; exec \"$0\" \"$@\"")]);
        command.arg(env!("CARGO_BIN_EXE_wardroom-host-process"));
        HostProcess::start(command.args(self.arguments(core, "auto")))
    }
}

/// A place, a core, a host, and the connection between the two.
pub async fn all() -> (Place, FakeCore, HostProcess, Link) {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    let host = place.host(&core);
    let link = core.welcomed().await;
    (place, core, host, link)
}

impl HostProcess {
    fn start(command: &mut Command) -> HostProcess {
        HostProcess { child: command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap() }
    }

    /// SIGKILL, and its zombie reaped.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM: it ends, and its runs go on.
    pub fn term(&self) {
        rustix::process::kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// SIGUSR1: it stops its runs and ends.
    pub fn stop_runs(&self) {
        rustix::process::kill_process(Pid::from_child(&self.child), Signal::USR1).unwrap();
    }

    /// Waits for its end, as long as a test waits for anything.
    pub fn wait(&mut self) -> ExitStatus {
        assert!(self.ends(), "the host does not end");
        self.child.wait().unwrap()
    }

    fn ends(&self) -> bool {
        // A process that has ended and was not reaped has no pidfd on some kernels.
        let Ok(pidfd) = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty()) else { return true };
        let bound = Timespec::try_from(PATIENCE).unwrap();
        poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&bound)).unwrap() == 1
    }

    /// Its largest memory so far.
    pub fn memory_peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// What it said on standard error, once it has ended.
    pub fn complaint(&mut self) -> String {
        std::io::read_to_string(self.child.stderr.take().unwrap()).unwrap()
    }
}

impl Drop for Place {
    /// Stops what a failed test has left.
    fn drop(&mut self) {
        for entry in std::fs::read_dir(self.spool()).into_iter().flatten().flatten() {
            if let Ok(mut shim) = UnixStream::connect(entry.path().join("shim")) {
                let stop = format!("{}{{\"t\":\"stop\",\"why\":\"the test is over\"}}\n", attach(&entry.path()));
                let _ = shim.write_all(stop.as_bytes());
            }
        }
    }
}

/// The first line of a connection to the shim of this spool.
pub fn attach(spool: &Path) -> String {
    let meta = std::fs::read_to_string(spool.join("meta.json")).unwrap_or_default();
    let meta: serde_json::Value = serde_json::from_str(&meta).unwrap_or_default();
    format!("{{\"t\":\"attach\",\"key\":{}}}\n", meta["key"])
}

/// The parent of a process.
pub fn parent_of(pid: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(") ").unwrap().1.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The children of a process that have ended and were not reaped.
pub fn zombies_of(pid: u32) -> usize {
    let stats = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let stat = std::fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
        Some(stat.rsplit_once(") ")?.1.to_owned())
    });
    stats.filter(|rest| rest.starts_with(&format!("Z {pid} "))).count()
}

/// SIGKILL to a process that is no child of this one; returns once it is gone.
pub fn kill_other(pid: u32) {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    let pidfd = pidfd_open(pid, PidfdFlags::empty()).unwrap();
    rustix::process::pidfd_send_signal(&pidfd, Signal::KILL).unwrap();
    let bound = Timespec::try_from(PATIENCE).unwrap();
    assert_eq!(poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&bound)).unwrap(), 1);
}

impl Drop for HostProcess {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_some() {
            return;
        }
        // So that nothing that it runs stays behind, even if the test has failed.
        self.term();
        let ends = self.ends();
        if !ends {
            self.kill();
        }
        assert!(ends || std::thread::panicking(), "the host does not end");
    }
}

/// The pids of living processes whose environment bears the run's mark or whose command line holds `word`.
pub fn survivors(run: RunId, word: &str) -> Vec<String> {
    let mark = format!("WARDROOM_RUN={run}").into_bytes();
    let holds = |path: PathBuf, wanted: &[u8]| {
        std::fs::read(path).is_ok_and(|bytes| bytes.windows(wanted.len()).any(|window| window == wanted))
    };
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok());
    let processes =
        processes.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok()));
    let living = processes.filter(|entry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let is_alive = stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']));
        is_alive && (holds(entry.path().join("environ"), &mark) || holds(entry.path().join("cmdline"), word.as_bytes()))
    });
    living.map(|entry| std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default()).collect()
}
