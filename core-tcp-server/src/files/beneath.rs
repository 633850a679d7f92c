//! Opening what stands beneath a folder, and never anything else: the kernel resolves the path (`openat2` with
//! RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS), so a folder that is swapped for a link between a check and its use leads
//! nowhere. Used by room storage alone.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use crate::error::Error;

/// What tells one content of a file from another, without reading it: a digest is believed only where all agree.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// When its content changed last, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Which file it is.
    pub ino: u64,
}

/// What stands at a path, and is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
}

impl Stamp {
    /// Unix milliseconds.
    pub fn mtime_ms(&self) -> u64 {
        u64::try_from(self.mtime_ns / 1_000_000).unwrap_or(0)
    }

    /// Of a file as the kernel describes it.
    pub fn of(stat: &Stat) -> Self {
        // The widths of these fields differ between machines.
        let (seconds, nanos) = (i128::from(stat.st_mtime), i128::from(stat.st_mtime_nsec));
        let mtime_ns = i64::try_from(seconds * 1_000_000_000 + nanos).unwrap_or(0);
        Self { size: u64::try_from(stat.st_size).unwrap_or(0), mtime_ns, ino: stat.st_ino }
    }
}

/// What a file is, if it is one that is shown: links, pipes, sockets and devices are not.
pub fn kind_of(stat: &Stat) -> Option<Kind> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Some(Kind::File),
        FileType::Directory => Some(Kind::Folder),
        _ => None,
    }
}

/// Why the disk does not do what was asked, in words. `path` is what the member named.
pub fn refuse(e: Errno, path: &str) -> Error {
    match e {
        // A link, a way out, or a file where a folder should be: to whoever asks, there is nothing.
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

/// Opens what stands at `path` beneath `dir`; no link on the way is followed, nor the last one.
pub fn open_beneath(dir: BorrowedFd<'_>, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    // A pipe is opened without waiting for its other end; what is only looked at is not opened at all, and openat2 then
    // takes no flags about how.
    let how = if flags.contains(OFlags::PATH) { OFlags::empty() } else { OFlags::NONBLOCK | OFlags::NOCTTY };
    let flags = flags | how | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(dir, path, flags, Mode::empty(), resolve) {
        // Before Linux 5.6, or forbidden by an old container's filter.
        Err(Errno::NOSYS | Errno::PERM) => walk_beneath(dir, path, flags),
        opened => opened,
    }
}

/// The same, one component after the other: each is one name, and none may be a link.
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
                // A link that is only looked at is the link itself, which is of no kind that is shown.
                let opened = open_beneath(dir.as_fd(), path, flags);
                let kind = opened.ok().and_then(|fd| kind_of(&rustix::fs::fstat(fd).unwrap()));
                assert_eq!(kind.is_some(), is_there, "{path}");
            }
            let walked = walk_beneath(dir.as_fd(), path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC);
            assert_eq!(walked.is_ok(), is_there, "{path}, step by step");
        }
    }
}
