//! The data folder and the keys in it. It is created if missing, private to its owner, and used by one core at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::error::is_no_room;
use crate::secrets::random_hex;

/// Why a data folder cannot be used. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The disk is full.
    #[error(
        "the disk is full: nothing can be written to the data folder {}: free some space there, or choose another with --data",
        .0.display()
    )]
    Full(PathBuf),
    /// The folder cannot be created or written to.
    #[error("cannot write to the data folder {}: {error}: choose another with --data", .path.display())]
    NotWritable {
        /// The path.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// It contains something else.
    #[error("{} is not a wardroom data folder: choose an empty or a new one with --data", .0.display())]
    NotOurs(PathBuf),
    /// Another core uses it.
    #[error("the data folder {} is in use by another wardroom: stop that one, or choose another with --data", .0.display())]
    InUse(PathBuf),
}

/// The data folder, locked for this process.
#[derive(Debug)]
pub struct DataFolder {
    /// The path.
    pub path: PathBuf,
    /// The kernel releases it when the process ends, in whatever way.
    _lock: File,
}

/// The keys of the server's parts. Each is a secret line in a file that only its owner can read.
#[derive(Clone)]
pub struct Keys {
    /// Sent by a gateway in `via`.
    pub gateway: String,
    /// Sent by a host in `host.hello`.
    pub host: String,
    /// Sent by the administrator's command on the unix socket.
    pub admin: String,
}

impl DataFolder {
    /// Opens the folder, and creates what is missing in it.
    ///
    /// # Errors
    /// If the folder cannot be used. The [`DataError`] says what to do.
    pub fn open(path: &Path) -> Result<DataFolder, DataError> {
        let wrap = |error| not_writable(path, path, error);
        let make = |folder: &Path| fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        make(path).map_err(wrap)?;
        let is_ours = path.join("wardroom.db").exists() || path.join("lock").exists();
        // The root of a separate device may contain lost+found, but nothing else.
        let mut others = fs::read_dir(path).map_err(wrap)?.filter_map(Result::ok);
        if !is_ours && others.any(|entry| entry.file_name() != "lost+found") {
            return Err(DataError::NotOurs(path.to_owned()));
        }
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path.join("lock"));
        let lock = lock.map_err(wrap)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| DataError::InUse(path.to_owned()))?;
        // Before 0.1.0 the files of rooms were in `shelves`.
        let (old, new) = (path.join("shelves"), path.join("files"));
        if old.is_dir() && !new.exists() {
            fs::rename(&old, &new).and_then(|()| File::open(path)?.sync_all()).map_err(wrap)?;
        }
        for folder in ["keys", "runs", "files", "files/.staging", "host"] {
            make(&path.join(folder)).map_err(wrap)?;
        }
        Ok(DataFolder { path: path.to_owned(), _lock: lock })
    }

    /// Returns the path of the database.
    pub fn database(&self) -> PathBuf {
        self.path.join("wardroom.db")
    }

    /// Reads the keys, and creates missing ones.
    ///
    /// # Errors
    /// [`DataError::NotWritable`], [`DataError::Full`]
    pub fn keys(&self) -> Result<Keys, DataError> {
        let key = |name: &str| {
            let path = self.path.join("keys").join(name);
            read_or_make(&path).map_err(|error| not_writable(&self.path, &path, error))
        };
        Ok(Keys { gateway: key("gateway.key")?, host: key("host.key")?, admin: key("admin.key")? })
    }
}

fn not_writable(folder: &Path, path: &Path, error: io::Error) -> DataError {
    if is_no_room(&error) {
        return DataError::Full(folder.to_owned());
    }
    DataError::NotWritable { path: path.to_owned(), error }
}

fn read_or_make(path: &Path) -> io::Result<String> {
    let mut key = String::new();
    match File::open(path) {
        Ok(file) => file.take(1_024).read_to_string(&mut key)?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return make(path),
        Err(e) => return Err(e),
    };
    let key = key.trim().to_owned();
    if key.len() < 32 {
        let why = format!("{} holds no key: remove it, and a new one is made", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    Ok(key)
}

/// Creates a key file atomically: a full disk or a crash must not leave half a key for the next start to find.
fn make(path: &Path) -> io::Result<String> {
    let (key, beside) = (random_hex(32), path.with_extension("new"));
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&beside)?;
    writeln!(file, "{key}")?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())?;
    Ok(key)
}
