//! The spool: a folder per run with everything that must survive a kill of the host.
//!
//! ```text
//! <spool>/lock               held with flock(2) by the host, and by shims that are about to start a command
//! <spool>/id                 a random id, which tells the core in which spool its runs are
//! <spool>/<run>/shim         the socket of the run's shim
//! <spool>/<run>/meta.json    what was started, written before the command may run
//! <spool>/<run>/output       its bytes, in the order in which they were read
//! <spool>/<run>/index        which bytes are whose, and when they came (see the crate wardroom-output-index)
//! <spool>/<run>/sizes        sizes of its terminal after the first one: a line of JSON each
//! <spool>/<run>/end.json     the `host.ended` of the run; its presence says that the run is over
//! ```
//!
//! The shim of a run writes its folder, and the host reads it. Nothing is fsynced. Written data survives a kill of the host, since the kernel has it; a power loss ends the processes too,
//! and what the core has acknowledged is durable in the core's own store.

mod id;
pub mod output;
mod sizes;

pub use id::random as random_id;
pub use sizes::SizeRecord;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wardroom_protocol::RunId;
use wardroom_protocol::messages::HostEnded;

use crate::limits::{LOCK_RETRY_MS, LOCK_WAIT_MS, RECORD_BYTES_MAX};
use crate::process::cgroup::Cgroup;

/// The folder of all spools, locked by this process.
#[derive(Debug)]
pub struct Root {
    path: PathBuf,
    lock: File,
    id: String,
}

/// Why a spool folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another host uses it.
    #[error("another host uses the spool folder {0}; give this one a folder of its own")]
    InUse(PathBuf),
    /// It cannot be created or written.
    #[error("the spool folder {0} cannot be used: {1}")]
    Io(PathBuf, #[source] io::Error),
}

/// What is needed to find a run's processes after a restart. The request itself is not kept: its environment may
/// contain secrets.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SpoolMeta {
    /// Its first process.
    pub pid: u32,
    /// The start time of that process, which identifies it together with the pid.
    pub start_ticks: u64,
    /// The boot during which both are valid.
    pub boot: String,
    /// When it was started, Unix milliseconds.
    pub at: u64,
    /// What a connection to the shim must begin with. Only the host can read it.
    #[serde(default)]
    pub key: String,
    /// The cgroup that its processes are in, if the host can make some.
    #[serde(default)]
    pub cgroup: Option<Cgroup>,
}

/// The spool of one run.
#[derive(Clone, Debug)]
pub struct Spool {
    path: PathBuf,
}

impl Root {
    /// Creates the folder if necessary, and locks it. Waits for a host that is just ending, and for its shims.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn open(path: &Path) -> Result<Root, OpenError> {
        let failed = |error: io::Error| OpenError::Io(path.to_owned(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let lock = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(path.join("lock"));
        let lock = lock.map_err(failed)?;
        let deadline = Instant::now() + Duration::from_millis(LOCK_WAIT_MS);
        loop {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {
                    let id = id::of(path).map_err(failed)?;
                    return Ok(Root { path: path.to_owned(), lock, id });
                }
                Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(LOCK_RETRY_MS));
                }
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(OpenError::InUse(path.to_owned())),
                Err(error) => return Err(failed(error.into())),
            }
        }
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the id of the folder, which it keeps as long as it exists.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the lock. It is held until all descriptors of it are closed.
    pub fn lock(&self) -> BorrowedFd<'_> {
        self.lock.as_fd()
    }

    /// Returns a run's spool, which need not exist.
    pub fn spool(&self, run: RunId) -> Spool {
        Spool { path: self.path.join(run.to_string()) }
    }

    /// Returns the runs that have a spool.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn runs(&self) -> io::Result<Vec<RunId>> {
        let names = std::fs::read_dir(&self.path)?.map(|entry| entry.map(|e| e.file_name()));
        let names: Vec<_> = names.collect::<io::Result<_>>()?;
        Ok(names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect())
    }
}

impl Spool {
    /// Returns the spool in this folder, which need not exist.
    pub fn at(path: &Path) -> Spool {
        Spool { path: path.to_owned() }
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Listens on the socket of the shim.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn listen(&self) -> io::Result<UnixListener> {
        let (_folder, path) = self.socket()?;
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }

    /// Connects to the shim.
    ///
    /// # Errors
    /// `NotFound` or `ConnectionRefused` if there is none.
    pub fn connect(&self) -> io::Result<UnixStream> {
        let (_folder, path) = self.socket()?;
        let mut stream = UnixStream::connect(path)?;
        let key = self.meta().map(|meta| meta.key).unwrap_or_default();
        stream.write_all(format!("{{\"t\":\"attach\",\"key\":\"{key}\"}}\n").as_bytes())?;
        Ok(stream)
    }

    /// Returns a path of the socket that fits `sockaddr_un` (108 bytes on Linux), however long that of the folder is. It
    /// is valid while the descriptor is open.
    fn socket(&self) -> io::Result<(OwnedFd, PathBuf)> {
        let folder = rustix::fs::open(&self.path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join("shim");
        Ok((folder, path))
    }

    /// Returns the sizes of the terminal after the first one.
    pub fn sizes(&self) -> Vec<SizeRecord> {
        sizes::read(&self.path)
    }

    /// Creates the folder if necessary, and its empty output, which must not exist.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn create(&self) -> io::Result<output::Appender> {
        self.create_folder()?;
        output::Appender::create(&self.path)
    }

    /// Returns the number of bytes of output.
    pub fn output_bytes(&self) -> u64 {
        std::fs::metadata(self.path.join("output")).map_or(0, |meta| meta.len())
    }

    /// Opens the output for reading.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn reader(&self) -> io::Result<output::Reader> {
        output::Reader::open(&self.path)
    }

    /// Repairs the index of a run whose shim ended with the machine: cuts a record that was being written, and those
    /// without bytes. Output without a record counts as standard output.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn repair(&self) -> io::Result<()> {
        let path = self.path.join("index");
        let index = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(index) => index,
            // Nothing was started, so there is no output.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        wardroom_output_index::repair(&index, self.output_bytes())
    }

    /// Records the identity of the process that is about to become the command.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn write_meta(&self, meta: &SpoolMeta) -> io::Result<()> {
        self.write("meta.json", meta)
    }

    /// Returns what was started; `None` if the host was killed before that.
    pub fn meta(&self) -> Option<SpoolMeta> {
        self.read("meta.json")
    }

    /// Records that the run is over, and how. From here on its output and its end are final.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn write_end(&self, end: &HostEnded) -> io::Result<()> {
        self.write("end.json", end)
    }

    /// Writes the end; returns false if this must be tried again. A folder that somebody has removed will never take it.
    pub fn try_write_end(&self, end: &HostEnded) -> bool {
        let is_gone = || matches!(std::fs::metadata(&self.path), Err(error) if error.kind() == io::ErrorKind::NotFound);
        self.write_end(end).is_ok() || is_gone()
    }

    /// Returns how the run ended; `None` if it is not over.
    pub fn end(&self) -> Option<HostEnded> {
        self.read("end.json")
    }

    /// Deletes the spool.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn remove(&self) -> io::Result<()> {
        match std::fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn create_folder(&self) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    fn write<T: Serialize>(&self, name: &str, record: &T) -> io::Result<()> {
        let json = serde_json::to_vec(record)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(self.path.join(name))?.write_all(&json)
    }

    /// Reads a record. An incomplete one was being written when the host was killed, and counts as absent.
    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let mut json = Vec::new();
        File::open(self.path.join(name)).ok()?.take(RECORD_BYTES_MAX).read_to_end(&mut json).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

/// Returns Unix milliseconds; 0 before 1970.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn run() -> RunId {
        "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap()
    }

    #[test]
    fn one_host_at_a_time_has_a_spool() {
        let folder = tempfile::tempdir().unwrap();
        let first = Root::open(folder.path()).unwrap();
        let error = Root::open(folder.path()).unwrap_err();
        assert!(error.to_string().contains("another host uses the spool folder"), "{error}");
        drop(first);
        Root::open(folder.path()).unwrap();
    }

    #[test]
    fn a_torn_record_counts_as_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Root::open(folder.path()).unwrap().spool(run());
        spool.create().unwrap();
        let meta = SpoolMeta { pid: 7, start_ticks: 9, boot: "b".into(), at: 1, key: String::new(), cgroup: None };
        spool.write_meta(&meta).unwrap();
        assert_eq!(spool.meta().unwrap().pid, 7);
        std::fs::write(folder.path().join(run().to_string()).join("meta.json"), b"{\"pid\":7,\"sta").unwrap();
        assert!(spool.meta().is_none());
        assert!(spool.end().is_none());
    }

    #[test]
    fn other_files_in_the_folder_are_no_runs() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        std::fs::write(folder.path().join("notes.txt"), b"").unwrap();
        root.spool(run()).create().unwrap();
        assert_eq!(root.runs().unwrap(), [run()]);
        root.spool(run()).remove().unwrap();
        root.spool(run()).remove().unwrap();
        assert!(root.runs().unwrap().is_empty());
    }
}
