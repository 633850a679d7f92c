//! Room storage on disk: one folder per room, and `.staging` beside them on the same file system. Every path is opened
//! beneath its folder, see `beneath`. Everything here blocks, so call it on blocking threads.

use std::fs::File;
use std::path::Path;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, Timespec, Timestamps};
use rustix::io::Errno;
use wardroom_protocol::{RelPath, RoomName, UploadId};

use super::beneath::{Kind, Stamp, kind_of, open_beneath, refuse};
use crate::error::Error;

/// The folders of all rooms, and the folder where uploads are staged.
pub struct RoomStorage {
    root: OwnedFd,
    staging: OwnedFd,
    /// 0640 minus the process's umask; never executable.
    file_mode: Mode,
}

/// What happens to an existing file with the same name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Overwrite {
    /// It is replaced.
    Replace,
    /// It is kept, and the new one is not placed.
    Keep,
}

/// Returns a file's path below the root of room storage.
fn in_room(room: &RoomName, path: &RelPath) -> String {
    format!("{room}/{path}")
}

impl RoomStorage {
    /// Opens the folders, which the data folder must contain.
    ///
    /// # Errors
    /// If they cannot be opened.
    pub fn open(data: &Path) -> Result<Self, Error> {
        let open = |path: &Path| {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            rustix::fs::open(path, flags, Mode::empty()).map_err(|e| refuse(e, &path.display().to_string()))
        };
        let storage = data.join("files");
        let (root, staging) = (open(&storage)?, open(&storage.join(".staging"))?);
        Ok(Self { root, staging, file_mode: Mode::from_raw_mode(0o640 & !umask()) })
    }

    /// Opens a file for reading. Anything but a regular file counts as absent.
    ///
    /// # Errors
    /// `not_found`, `forbidden`; `bad_request` for a folder.
    pub fn open_file(&self, room: &RoomName, path: &RelPath) -> Result<(File, Stamp), Error> {
        let wrap = |e| refuse(e, path.as_str());
        let fd = open_beneath(self.root.as_fd(), &in_room(room, path), OFlags::RDONLY).map_err(wrap)?;
        let stat = rustix::fs::fstat(&fd).map_err(wrap)?;
        match kind_of(&stat) {
            Some(Kind::File) => Ok((File::from(fd), Stamp::of(&stat))),
            Some(Kind::Folder) => Err(Error::bad_request(format!("{path} is a folder"))),
            None => Err(refuse(Errno::NOENT, path.as_str())),
        }
    }

    /// Returns what is at a path, without opening it.
    ///
    /// # Errors
    /// The kernel's: [`Errno::NOENT`] if nothing is there, or nothing that is shown.
    pub fn look(&self, room: &RoomName, path: &RelPath) -> Result<(Kind, Stamp), Errno> {
        let fd = open_beneath(self.root.as_fd(), &in_room(room, path), OFlags::PATH)?;
        let stat = rustix::fs::fstat(&fd)?;
        kind_of(&stat).map(|kind| (kind, Stamp::of(&stat))).ok_or(Errno::NOENT)
    }

    /// Opens a folder; without `path`, the room's top folder.
    ///
    /// # Errors
    /// The kernel's.
    pub fn open_folder(&self, room: &RoomName, path: Option<&RelPath>) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let path = path.map_or_else(|| room.to_string(), |path| in_room(room, path));
        open_beneath(self.root.as_fd(), &path, flags)
    }

    /// Opens the folder that contains `path`. Missing folders are created durably.
    fn make_folder(&self, room: &RoomName, path: &RelPath) -> Result<OwnedFd, Errno> {
        let parent = path.parent();
        let parts = parent.iter().flat_map(|parent| parent.as_str().split('/'));
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let mut held: Option<OwnedFd> = None;
        for part in std::iter::once(room.as_str()).chain(parts) {
            let at = held.as_ref().map_or(self.root.as_fd(), AsFd::as_fd);
            let opened = match open_beneath(at, part, flags) {
                Err(Errno::NOENT) => {
                    match rustix::fs::mkdirat(at, part, Mode::from_raw_mode(0o750)) {
                        Ok(()) | Err(Errno::EXIST) => rustix::fs::fsync(at)?,
                        Err(e) => return Err(e),
                    }
                    open_beneath(at, part, flags)?
                }
                opened => opened?,
            };
            held = Some(opened);
        }
        held.ok_or(Errno::NOENT)
    }

    /// Creates the file of a new upload.
    ///
    /// # Errors
    /// The kernel's.
    pub fn stage(&self, id: UploadId) -> Result<(), Errno> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(&self.staging, id.to_string(), flags, Mode::from_raw_mode(0o600)).map(drop)
    }

    /// Opens the file of an upload for more writing and for reading back.
    ///
    /// # Errors
    /// The kernel's.
    pub fn open_staged(&self, id: UploadId) -> Result<File, Errno> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        rustix::fs::openat(&self.staging, id.to_string(), flags, Mode::empty()).map(File::from)
    }

    /// Returns the stamp of an upload's staged file, or `None` if it has none.
    ///
    /// # Errors
    /// The kernel's.
    pub fn staged(&self, id: UploadId) -> Result<Option<Stamp>, Errno> {
        match rustix::fs::statat(&self.staging, id.to_string(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if kind_of(&stat) == Some(Kind::File) => Ok(Some(Stamp::of(&stat))),
            Ok(_) | Err(Errno::NOENT) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Removes the file of an upload, if there is one.
    pub fn unstage(&self, id: UploadId) {
        self.unstage_name(&id.to_string());
    }

    fn unstage_name(&self, name: &str) {
        match rustix::fs::unlinkat(&self.staging, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => tracing::warn!(upload = name, %error, "cannot remove a staged file"),
        }
    }

    /// Removes all staged files that belong to no upload.
    ///
    /// # Errors
    /// The kernel's.
    pub fn sweep_staging(&self, is_known: impl Fn(UploadId) -> bool) -> Result<(), Errno> {
        for entry in rustix::fs::Dir::read_from(&self.staging)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            // Only names that we could have created: other files are kept.
            if name.parse().is_ok_and(|id| !is_known(id)) {
                self.unstage_name(name);
            }
        }
        Ok(())
    }

    /// Prepares a staged file for its room: sets its time and mode, and makes it durable.
    ///
    /// # Errors
    /// The kernel's.
    pub fn seal(&self, id: UploadId, mtime_ms: Option<u64>) -> Result<Stamp, Errno> {
        let file = self.open_staged(id)?;
        if let Some(mtime_ms) = mtime_ms {
            let last_modification = Timespec {
                tv_sec: i64::try_from(mtime_ms / 1_000).unwrap_or(0),
                tv_nsec: i64::try_from(mtime_ms % 1_000 * 1_000_000).unwrap_or(0),
            };
            let last_access = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT };
            rustix::fs::futimens(&file, &Timestamps { last_access, last_modification })?;
        }
        rustix::fs::fchmod(&file, self.file_mode)?;
        rustix::fs::fsync(&file)?;
        Ok(Stamp::of(&rustix::fs::fstat(&file)?))
    }

    /// Moves a staged file to its target in one step, and makes that durable.
    ///
    /// # Errors
    /// The kernel's: [`Errno::EXIST`] if something is already there.
    pub fn place(&self, id: UploadId, room: &RoomName, path: &RelPath, way: Overwrite) -> Result<(), Errno> {
        let folder = self.make_folder(room, path)?;
        let (staged, name) = (id.to_string(), path.file_name());
        match way {
            Overwrite::Replace => rustix::fs::renameat(&self.staging, &staged, &folder, name)?,
            Overwrite::Keep => {
                match rustix::fs::renameat_with(&self.staging, &staged, &folder, name, RenameFlags::NOREPLACE) {
                    // The file system does not support it: a link also fails if the name exists.
                    Err(Errno::INVAL | Errno::NOSYS) => {
                        rustix::fs::linkat(&self.staging, &staged, &folder, name, AtFlags::empty())?;
                        rustix::fs::unlinkat(&self.staging, &staged, AtFlags::empty())?;
                    }
                    renamed => renamed?,
                }
            }
        }
        rustix::fs::fsync(&folder)
    }

    /// Removes a file, and the folders that become empty.
    ///
    /// # Errors
    /// The kernel's: [`Errno::NOENT`] if nothing is there.
    pub fn remove(&self, room: &RoomName, path: &RelPath) -> Result<(), Errno> {
        let mut folder = path.parent();
        let dir = self.open_folder(room, folder.as_ref())?;
        rustix::fs::unlinkat(&dir, path.file_name(), AtFlags::empty())?;
        rustix::fs::fsync(&dir)?;
        while let Some(empty) = folder {
            folder = empty.parent();
            let above = self.open_folder(room, folder.as_ref())?;
            // The first folder that holds something else is kept, and so are those above it.
            if rustix::fs::unlinkat(&above, empty.file_name(), AtFlags::REMOVEDIR).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Makes the move of a file durable that happened before a crash.
    ///
    /// # Errors
    /// The kernel's.
    pub fn settle(&self, room: &RoomName, path: &RelPath) -> Result<(), Errno> {
        rustix::fs::fsync(self.make_folder(room, path)?)
    }

    /// Returns how many bytes may still be written to this file system.
    ///
    /// # Errors
    /// The kernel's.
    pub fn free_bytes(&self) -> Result<u64, Errno> {
        let stat = rustix::fs::fstatvfs(&self.staging)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

/// Returns the process's umask. The system call that reads it also sets it, for all threads; /proc only reads it.
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    line.and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok()).unwrap_or(0o027)
}
