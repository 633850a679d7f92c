//! Where the cgroups of this host's runs are, if it may make some: below its own, or beside that where systemd leaves the
//! one above to the service.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::process::cgroup::Cgroup;
use crate::process::exec::words;
use crate::process::mounts::{Mount, mounts};
use crate::spool::random_id;

/// The controllers that enforce limits of a run: [`Cgroup::limit`].
const CONTROLLERS: [&str; 2] = ["pids", "memory"];

/// The place of all cgroups of a spool's runs.
#[derive(Debug)]
pub struct Cgroups {
    parent: PathBuf,
    /// What the names of all of them begin with: the id of the spool.
    prefix: String,
}

impl Cgroups {
    /// Finds the place, and sees whether a cgroup can be made there.
    ///
    /// # Errors
    /// Why none can be made, for the log.
    pub fn find(spool: &str) -> Result<Cgroups, String> {
        let own = fs::read_to_string("/proc/self/cgroup").ok().and_then(|text| own(&text, &of_version_2()));
        let own = own.ok_or("this process is in no cgroup of version 2 that is mounted")?;
        let parent = match own.parent() {
            // A service with `DelegateSubgroup=`: the cgroup above is for all that it starts.
            Some(above) if is_delegated(above) => {
                enable_controllers(above);
                above.to_owned()
            }
            _ => own,
        };
        let cgroups = Cgroups { parent, prefix: format!("wardroom.{spool}.") };
        let made = cgroups.name().and_then(|name| Cgroup::at(name).create());
        made.map_err(|error| format!("{}: {}", cgroups.parent.display(), words(&error)))?;
        Ok(cgroups)
    }

    /// Returns the folder of a new one.
    ///
    /// # Errors
    /// If the operating system has no random numbers.
    pub fn name(&self) -> std::io::Result<PathBuf> {
        Ok(self.parent.join(format!("{}{}", self.prefix, random_id()?)))
    }

    /// Ends what earlier hosts have left, except those that runs still have.
    pub fn end_others(&self, kept: &[Cgroup]) {
        let entries = fs::read_dir(&self.parent).into_iter().flatten().flatten();
        let ours =
            entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(&self.prefix)));
        for cgroup in ours.map(|entry| Cgroup::at(entry.path())).filter(|cgroup| !kept.contains(cgroup)) {
            cgroup.end();
        }
    }
}

/// Returns the folders at which cgroups of version 2 are mounted.
pub fn mount_points() -> Vec<PathBuf> {
    of_version_2().into_iter().map(|mount| mount.at).collect()
}

fn of_version_2() -> Vec<Mount> {
    mounts().into_iter().filter(|mount| mount.kind == "cgroup2").collect()
}

/// Returns the folder of a process's own cgroup: `0::/PATH` is the line of version 2.
fn own(cgroups: &str, mounts: &[Mount]) -> Option<PathBuf> {
    let path = Path::new(cgroups.lines().find_map(|line| line.strip_prefix("0::"))?);
    let folder = |mount: &Mount| Some(mount.at.join(path.strip_prefix(&mount.root).ok()?));
    mounts.iter().filter_map(folder).find(|folder| folder.join("cgroup.procs").exists())
}

/// Returns true if systemd has left this cgroup to the service in it: `Delegate=` of systemd.resource-control(5).
fn is_delegated(folder: &Path) -> bool {
    let mut value = [0; 2];
    matches!(rustix::fs::getxattr(folder, "user.delegate", &mut value), Ok(1)) && value.first() == Some(&b'1')
}

/// Gives the cgroups in this one the controllers that it has itself.
fn enable_controllers(folder: &Path) {
    for name in CONTROLLERS {
        let file = fs::OpenOptions::new().write(true).open(folder.join("cgroup.subtree_control"));
        if let Err(error) = file.and_then(|mut file| file.write_all(format!("+{name}").as_bytes())) {
            tracing::debug!(%error, name, "runs do not get a controller of cgroups");
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_own_cgroup_is_found_below_what_is_mounted() {
        let mount = |root: &str, at: &Path| Mount { root: root.into(), at: at.to_owned(), kind: "cgroup2".into() };
        let folder = tempfile::tempdir().unwrap();
        let service = folder.path().join("system.slice/wardroom.service");
        fs::create_dir_all(&service).unwrap();
        fs::write(service.join("cgroup.procs"), "").unwrap();
        let text = "4:memory:/elsewhere\n0::/system.slice/wardroom.service\n";
        assert_eq!(own(text, &[mount("/", folder.path())]), Some(service.clone()));
        assert_eq!(own(text, &[mount("/user.slice", folder.path())]), None);
        assert_eq!(own(text, &[mount("/system.slice/wardroom.service", &service)]), Some(service));
        assert_eq!(own("4:memory:/elsewhere\n", &[mount("/", folder.path())]), None);
        assert_eq!(own("0::/../elsewhere\n", &[mount("/", folder.path())]), None);
    }
}
