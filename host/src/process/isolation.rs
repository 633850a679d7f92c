//! Keeps commands from the server's own files and processes: an operator is not an administrator.
//!
//! - `user`: a host that is root runs commands as another user, whom the permissions of the data folder keep out.
//! - `namespace`: a mount namespace in which the data folder is empty (mount_namespaces(7); with a user namespace unless
//!   the host is root), and a Landlock domain (landlock(7)), which lets a command neither change mounts nor look through
//!   `/proc` into processes outside.
//! - `landlock`: a Landlock domain in which everything but the data folder may be used. Landlock can only allow whole
//!   folders, so commands cannot create files directly in those that contain the data folder.
//! - `none`: commands may do what the host may do.
//!
//! On the two in the middle a command of root loses what would undo this (see [`super::capabilities`]).
//!
//! The stage that becomes the command applies this to itself (see [`super::exec`]).

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    path_beneath_rules,
};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::User;
use serde::{Deserialize, Serialize};

use super::capabilities::{drop_for_sandbox, drop_undoing, may_administer};
use super::mounts::remount_read_only;
use super::sandbox::Sandbox;
use crate::limits::HIDDEN_DEPTH_MAX;

/// The rights that Landlock handles: those that this version knows; older kernels handle fewer.
const LANDLOCK: ABI = ABI::V5;

/// How commands are kept from the server's files.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Isolation {
    /// The level.
    pub level: Level,
    /// Absolute paths of folders and files that commands must not see.
    #[serde(default)]
    pub hidden: Vec<PathBuf>,
    /// Mount points that commands must not change: those of cgroups, which they could leave otherwise.
    #[serde(default)]
    pub read_only: Vec<PathBuf>,
    /// The user that commands run as, with [`Level::User`].
    #[serde(default)]
    pub user: Option<String>,
}

/// The level of an isolation.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "described above")]
pub enum Level {
    #[default]
    None,
    User,
    Namespace,
    Landlock,
}

impl Level {
    /// The name, as on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::User => "user",
            Level::Namespace => "namespace",
            Level::Landlock => "landlock",
        }
    }
}

impl Isolation {
    /// Applies it to this process, with a sandbox, for good.
    ///
    /// # Errors
    /// Why not, for people. The process must not go on then.
    pub fn apply(&self, sandbox: Sandbox) -> Result<(), String> {
        if !sandbox.is_empty() {
            return self.apply_with(sandbox);
        }
        match self.level {
            Level::None => Ok(()),
            Level::User => become_user(self.user.as_deref().unwrap_or_default()),
            Level::Namespace => {
                enter_namespace(CloneFlags::empty(), &self.hidden, &self.read_only)?;
                drop_undoing()?;
                restrict(["/".into()], &[])
            }
            Level::Landlock => {
                drop_undoing()?;
                let kept = [self.hidden.as_slice(), &self.read_only].concat();
                restrict(visible(&kept), &self.read_only)
            }
        }
    }

    /// A sandbox needs a mount namespace, and a domain so that nothing is changed back: whatever the level is.
    fn apply_with(&self, sandbox: Sandbox) -> Result<(), String> {
        let hidden = match self.level {
            Level::Namespace | Level::Landlock => self.hidden.as_slice(),
            Level::User | Level::None => &[],
        };
        enter_namespace(sandbox.namespaces(), hidden, &self.read_only)?;
        sandbox.set_up()?;
        drop_for_sandbox()?;
        if self.level == Level::User {
            become_user(self.user.as_deref().unwrap_or_default())?;
        }
        restrict(["/".into()], &[])
    }

    /// Returns the first of the hidden paths whose content this process can read.
    pub fn leak(&self) -> Option<&Path> {
        self.hidden.iter().map(PathBuf::as_path).find(|path| is_readable(path, HIDDEN_DEPTH_MAX))
    }
}

/// Changes to a user, with the groups that the system gives it: initgroups(3).
fn become_user(name: &str) -> Result<(), String> {
    let user = find_user(name)?;
    let failed = |error: nix::Error| format!("cannot become the user {name}: {}", error.desc());
    let c_name = CString::new(name).map_err(|_| format!("there is no user {name:?}"))?;
    // A program that opens its terminal again must be allowed to.
    if rustix::termios::isatty(rustix::stdio::stdin()) {
        let owner = Some(rustix::process::Uid::from_raw(user.uid.as_raw()));
        rustix::fs::fchown(rustix::stdio::stdin(), owner, None)
            .map_err(|error| format!("the terminal cannot be given to {name}: {error}"))?;
    }
    nix::unistd::initgroups(&c_name, user.gid).map_err(failed)?;
    nix::unistd::setgid(user.gid).map_err(failed)?;
    nix::unistd::setuid(user.uid).map_err(failed)
}

/// Returns a user of this system.
///
/// # Errors
/// If there is none of this name, as text for people.
pub fn find_user(name: &str) -> Result<User, String> {
    let found =
        User::from_name(name).map_err(|error| format!("the user {name} cannot be looked up: {}", error.desc()))?;
    found.ok_or_else(|| format!("there is no user {name} on this machine"))
}

/// Enters a mount namespace of its own in which the hidden paths are empty, and these other namespaces.
fn enter_namespace(others: CloneFlags, hidden: &[PathBuf], read_only: &[PathBuf]) -> Result<(), String> {
    let failed = |what: &str, error: nix::Error| format!("{what}: {}", error.desc());
    let (uid, gid) = (rustix::process::getuid(), rustix::process::getgid());
    let mut flags = CloneFlags::CLONE_NEWNS | others;
    if !uid.is_root() {
        flags |= CloneFlags::CLONE_NEWUSER;
    }
    unshare(flags).map_err(|error| failed("no namespaces", error))?;
    if !uid.is_root() {
        let map = |name: &str, text: String| {
            std::fs::write(format!("/proc/self/{name}"), text).map_err(|error| format!("no user namespace: {error}"))
        };
        map("setgroups", "deny".to_owned())?;
        map("uid_map", format!("{0} {0} 1", uid.as_raw()))?;
        map("gid_map", format!("{0} {0} 1", gid.as_raw()))?;
    }
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
        .map_err(|error| failed("mounts cannot be made private", error))?;
    for path in read_only {
        let protected = mount(Some(path), path, none, MsFlags::MS_BIND, none).and_then(|()| remount_read_only(path));
        protected.map_err(|error| failed(&format!("{} cannot be made read-only", path.display()), error))?;
    }
    for path in hidden {
        let cover = if path.is_dir() {
            let flags = MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
            mount(Some("none"), path, Some("tmpfs"), flags, Some("size=4k,mode=0555"))
        } else {
            mount(Some("/dev/null"), path, none, MsFlags::MS_BIND, none)
        };
        cover.map_err(|error| failed(&format!("{} cannot be hidden", path.display()), error))?;
    }
    Ok(())
}

/// Enters a Landlock domain in which only what is beneath these paths may be used; all folders may be listed.
fn restrict(allowed: impl IntoIterator<Item = PathBuf>, read_only: &[PathBuf]) -> Result<(), String> {
    let all = AccessFs::from_all(LANDLOCK);
    let failed = |error: landlock::RulesetError| format!("no Landlock domain: {error}");
    let mut ruleset = Ruleset::default().handle_access(all).map_err(failed)?.create().map_err(failed)?;
    let root = PathFd::new("/").map_err(|error| format!("no Landlock domain: {error}"))?;
    ruleset = ruleset.add_rule(PathBeneath::new(root, AccessFs::ReadDir)).map_err(failed)?;
    ruleset = ruleset.add_rules(path_beneath_rules(allowed, all)).map_err(failed)?;
    let read = AccessFs::from_read(LANDLOCK);
    ruleset = ruleset.add_rules(path_beneath_rules(read_only, read)).map_err(failed)?;
    // Root may enter a domain without giving up set-user-ID programs, except within a run of another host.
    let ruleset = ruleset.no_new_privs(!rustix::process::getuid().is_root() || !may_administer());
    match ruleset.restrict_self().map_err(failed)?.ruleset {
        RulesetStatus::NotEnforced => Err("this kernel has no Landlock".to_owned()),
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
    }
}

/// Returns the highest paths that contain none of the hidden ones. Symbolic links are left out: what they lead to has a
/// path of its own.
fn visible(hidden: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from("/")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if hidden.contains(&path) || entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                continue;
            }
            if hidden.iter().any(|hidden| hidden.starts_with(&path)) { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

/// Returns true if this process can read a file at this path, or in this folder.
fn is_readable(path: &Path, depth: usize) -> bool {
    let Ok(meta) = std::fs::symlink_metadata(path) else { return false };
    if meta.is_file() {
        return File::open(path).is_ok();
    }
    if meta.file_type().is_char_device() || !meta.is_dir() || depth == 0 {
        return false;
    }
    std::fs::read_dir(path).into_iter().flatten().flatten().any(|entry| is_readable(&entry.path(), depth - 1))
}

/// Makes this process invisible to others of the same user: its memory, its environment, and through
/// `/proc/PID/root` the files that it sees. Called by everything that runs beside commands: proc(5), ptrace(2).
///
/// # Errors
/// If the operating system refuses.
pub fn hide_this_process() -> io::Result<()> {
    Ok(rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_is_visible_has_nothing_hidden_beneath_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for path in ["data/keys", "work/data2", "other"] {
            std::fs::create_dir_all(root.join(path)).unwrap();
        }
        std::os::unix::fs::symlink(root.join("data"), root.join("link")).unwrap();
        let hidden = [root.join("data"), root.join("work/data2")];
        let visible = visible(&hidden);
        assert!(visible.contains(&root.join("other")));
        assert!(visible.contains(&PathBuf::from("/proc")));
        for path in &visible {
            assert!(!hidden.iter().any(|hidden| hidden.starts_with(path) || path.starts_with(hidden)), "{path:?}");
        }
        assert!(!visible.contains(&root.join("link")), "a link into the folder would allow it");
    }

    #[test]
    fn what_can_be_read_is_a_leak() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let isolation = Isolation { hidden: vec![folder.path().to_owned()], ..Isolation::default() };
        std::fs::create_dir(&path).unwrap();
        assert_eq!(isolation.leak(), None, "nothing is there to be read");
        std::fs::write(path.join("admin.key"), b"secret").unwrap();
        assert_eq!(isolation.leak(), Some(folder.path()));
    }

    #[test]
    fn nobody_is_told_apart_from_no_user() {
        assert!(find_user("root").is_ok());
        assert_eq!(find_user("no-such-user").unwrap_err(), "there is no user no-such-user on this machine");
    }
}
