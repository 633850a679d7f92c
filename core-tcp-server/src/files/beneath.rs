//! Opens what is beneath a folder, and never anything else. The kernel resolves the path (`openat2` with
//! RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS), so replacing a folder with a link between a check and its use leads
//! nowhere. Only room storage uses this.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use crate::error::Error;

/// Distinguishes contents of a file without reading it: a digest is trusted only if all fields agree.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stamp {
    /// The size in bytes.
    pub size: u64,
    /// When the content last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// The inode number.
    pub ino: u64,
}

/// The kinds of directory entries that are shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
}

impl Stamp {
    /// Returns `mtime_ns` as Unix milliseconds.
    pub fn mtime_ms(&self) -> u64 {
        u64::try_from(self.mtime_ns / 1_000_000).unwrap_or(0)
    }

    /// Returns the stamp of a file as the kernel describes it.
    pub fn of(stat: &Stat) -> Self {
        // The widths of these fields differ between machines.
        let (seconds, nanos) = (i128::from(stat.st_mtime), i128::from(stat.st_mtime_nsec));
        let mtime_ns = i64::try_from(seconds * 1_000_000_000 + nanos).unwrap_or(0);
        Self { size: u64::try_from(stat.st_size).unwrap_or(0), mtime_ns, ino: stat.st_ino }
    }
}

/// Returns the kind of a file, or `None` if it is not shown: links, pipes, sockets and devices are not.
pub fn kind_of(stat: &Stat) -> Option<Kind> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Some(Kind::File),
        FileType::Directory => Some(Kind::Folder),
        _ => None,
    }
}

/// Returns the error for a member when the disk refuses. `path` is the path that the member named.
pub fn refuse(e: Errno, path: &str) -> Error {
    match e {
        // A link, a way out, or a file instead of a folder: for the caller, there is nothing.
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV | Errno::NXIO => {
            Error::not_found(format!("there is no {path}"))
        }
        Errno::ACCESS | Errno::PERM => {
            Error::forbidden(format!("the server may not touch {path}: its owner or mode is another"))
        }
        Errno::NAMETOOLONG => Error::bad_request(format!("{path} is too long for the server's disk")),
        Errno::MFILE | Errno::NFILE => Error::busy("the server has too many files open", 1_000),
        e => std::io::Error::from(e).into(),
    }
}

/// Opens `path` beneath `dir`. No link is followed, not even as the last component.
pub fn open_beneath(dir: BorrowedFd<'_>, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    // Opening a pipe must not wait for its other end. With `PATH` nothing is really opened, and openat2 accepts no
    // flags about how.
    let how = if flags.contains(OFlags::PATH) { OFlags::empty() } else { OFlags::NONBLOCK | OFlags::NOCTTY };
    let flags = flags | how | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(dir, path, flags, Mode::empty(), resolve) {
        // Before Linux 5.6, or forbidden by the filter of an old container.
        Err(Errno::NOSYS | Errno::PERM) => walk_beneath(dir, path, flags),
        opened => opened,
    }
}

/// Does the same one component at a time: each is a single name, and none may be a link.
fn walk_beneath(dir: BorrowedFd<'_>, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let folder_flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(Errno::XDEV);
    }
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut held: Option<OwnedFd> = None;
    for part in folders.split('/').filter(|part| !part.is_empty()) {
        let at = held.as_ref().map_or(dir, AsFd::as_fd);
        held = Some(rustix::fs::openat(at, part, folder_flags, Mode::empty())?);
    }
    rustix::fs::openat(held.as_ref().map_or(dir, AsFd::as_fd), name, flags, Mode::empty())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn both_ways_of_opening_stay_beneath() {
        let folder = tempfile::tempdir().unwrap();
        let (room, at) = (folder.path().join("room"), |name: &str| folder.path().join("room").join(name));
        std::fs::create_dir_all(at("a/b")).unwrap();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        std::fs::write(at("a/b/file"), "x").unwrap();
        symlink("a", at("link")).unwrap();
        symlink("../secret", at("out")).unwrap();
        symlink("/", at("root")).unwrap();
        let dir = rustix::fs::open(&room, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
        for (path, is_there) in [
            ("a/b/file", true),
            ("a/b", true),
            ("a/b/none", false),
            ("a/b/file/x", false),
            ("../secret", false),
            ("a/../../secret", false),
            ("/etc/passwd", false),
            ("link", false),
            ("link/b/file", false),
            ("out", false),
            ("root/etc/passwd", false),
        ] {
            for flags in [OFlags::RDONLY, OFlags::PATH] {
                // A link opened with `PATH` is the link itself, which is not shown.
                let opened = open_beneath(dir.as_fd(), path, flags);
                let kind = opened.ok().and_then(|fd| kind_of(&rustix::fs::fstat(fd).unwrap()));
                assert_eq!(kind.is_some(), is_there, "{path}");
            }
            let walked = walk_beneath(dir.as_fd(), path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC);
            assert_eq!(walked.is_ok(), is_there, "{path}, step by step");
        }
    }
}
