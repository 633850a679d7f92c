//! The cgroup of a run: cgroups(7), version 2. The kernel kills all that is in it in one step, which no fork escapes, and
//! where it has the controllers, it keeps the run as a whole to its limits.
//!
//! It is made together with the shim, before there is a run, because moving a process into it may take 10 ms.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wardroom_protocol::messages::RunLimits;

use crate::limits::{CGROUP_DEPTH_MAX, CGROUP_TRIES_MAX, CGROUP_TRY_MS, TASKS_PER_PROCESS};

/// A cgroup, which need not exist.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Cgroup(PathBuf);

/// A cgroup that ends, with everything in it, when this is dropped.
#[derive(Debug)]
pub struct OwnedCgroup(pub Cgroup);

impl Drop for OwnedCgroup {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Cgroup {
    /// Returns the cgroup in this folder.
    pub fn at(folder: PathBuf) -> Cgroup {
        Cgroup(folder)
    }

    /// Creates it.
    ///
    /// # Errors
    /// If the operating system refuses, or is older than Linux 5.14 and has no `cgroup.kill`.
    pub fn create(self) -> io::Result<OwnedCgroup> {
        fs::create_dir(&self.0)?;
        let created = OwnedCgroup(self);
        fs::metadata(created.0.0.join("cgroup.kill"))?;
        Ok(created)
    }

    /// Moves a process into it.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn add(&self, pid: u32) -> io::Result<()> {
        self.write("cgroup.procs", &pid.to_string())
    }

    /// Kills all processes in it, and in those below it.
    pub fn kill(&self) {
        if let Err(error) = self.write("cgroup.kill", "1") {
            tracing::debug!(%error, cgroup = %self.0.display(), "a cgroup cannot be killed");
        }
    }

    /// Returns the processes in it, and in those below it.
    pub fn members(&self) -> Vec<u32> {
        let lists =
            self.folders().into_iter().filter_map(|folder| fs::read_to_string(folder.join("cgroup.procs")).ok());
        lists.flat_map(|list| list.lines().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
    }

    /// Sets the limits for which the kernel has a controller here. Without one there is no such file.
    pub fn limit(&self, limits: &RunLimits) {
        let set = |name: &str, value: u64| drop(self.write(name, &value.to_string()));
        if let Some(processes) = limits.processes {
            set("pids.max", processes.saturating_mul(TASKS_PER_PROCESS));
        }
        if let Some(bytes) = limits.memory_bytes {
            set("memory.swap.max", 0);
            set("memory.oom.group", 1);
            set("memory.max", bytes);
        }
    }

    /// Returns the limit of the run as a whole at which the kernel has refused or killed something: a name of
    /// [`RunLimits::named`].
    pub fn limit_reached(&self) -> Option<&'static str> {
        let has_happened = |file: &str, event: &str| self.number(file, event).is_some_and(|count| count > 0);
        if has_happened("pids.events", "max") {
            return Some("processes");
        }
        has_happened("memory.events", "oom_kill").then_some("memory")
    }

    /// Returns the milliseconds of processor time of all processes that were ever in it, however they ended.
    pub fn cpu_ms(&self) -> Option<u64> {
        Some(self.number("cpu.stat", "usage_usec")? / 1_000)
    }

    /// Removes it. What is still in it is killed; a process that cannot be killed keeps it.
    pub fn end(&self) {
        for _ in 0..CGROUP_TRIES_MAX {
            if self.remove() {
                return;
            }
            self.kill();
            std::thread::sleep(Duration::from_millis(CGROUP_TRY_MS));
        }
        tracing::debug!(cgroup = %self.0.display(), "a cgroup cannot be removed");
    }

    /// Returns true if it is gone.
    fn remove(&self) -> bool {
        // Commands of root may have made some below it, unless that is read-only for them.
        self.folders().iter().rev().all(|folder| match fs::remove_dir(folder) {
            Ok(()) => true,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        })
    }

    /// Returns its folder, and then those below it, each after the one that it is in.
    fn folders(&self) -> Vec<PathBuf> {
        let mut found = vec![self.0.clone()];
        let mut level = found.clone();
        for _ in 0..CGROUP_DEPTH_MAX {
            level = level.iter().flat_map(|folder| folders_in(folder)).collect();
            found.extend_from_slice(&level);
        }
        found
    }

    fn write(&self, name: &str, value: &str) -> io::Result<()> {
        // Not created: outside of a cgroup there would be a file then.
        io::Write::write_all(&mut fs::OpenOptions::new().write(true).open(self.0.join(name))?, value.as_bytes())
    }

    /// Returns a number of a file with lines `NAME NUMBER`.
    fn number(&self, file: &str, name: &str) -> Option<u64> {
        let text = fs::read_to_string(self.0.join(file)).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line?.parse().ok()
    }
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// The files of a cgroup with all controllers, which few machines give to a test.
    #[test]
    fn limits_and_their_events_are_those_of_the_kernel() {
        let folder = tempfile::tempdir().unwrap();
        let cgroup = Cgroup::at(folder.path().to_owned());
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        let limits = RunLimits { processes: Some(10), memory_bytes: Some(4_096), ..RunLimits::default() };
        cgroup.limit(&limits);
        assert_eq!(folders_in(folder.path()).len(), 0);
        assert!(!folder.path().join("pids.max").exists(), "without a controller nothing is written");
        for name in ["pids.max", "memory.max", "memory.swap.max", "memory.oom.group"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        cgroup.limit(&limits);
        assert_eq!(read("pids.max"), (10 * TASKS_PER_PROCESS).to_string());
        assert_eq!((read("memory.max"), read("memory.swap.max"), read("memory.oom.group")), {
            ("4096".to_owned(), "0".to_owned(), "1".to_owned())
        });
        assert_eq!((cgroup.limit_reached(), cgroup.cpu_ms()), (None, None));
        fs::write(folder.path().join("memory.events"), "low 0\nmax 71\noom 1\noom_kill 0\noom_group_kill 0\n").unwrap();
        fs::write(folder.path().join("cpu.stat"), "usage_usec 1234567\nuser_usec 1\n").unwrap();
        assert_eq!((cgroup.limit_reached(), cgroup.cpu_ms()), (None, Some(1_234)));
        fs::write(folder.path().join("memory.events"), "low 0\nmax 71\noom 1\noom_kill 2\noom_group_kill 1\n").unwrap();
        assert_eq!(cgroup.limit_reached(), Some("memory"));
        fs::write(folder.path().join("pids.events"), "max 3\n").unwrap();
        assert_eq!(cgroup.limit_reached(), Some("processes"));
    }
}
