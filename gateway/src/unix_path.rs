//! Unix sockets whose path is longer than the 108 bytes of `sockaddr_un`: reached through their folder's descriptor.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// Bytes of a path that every Unix accepts; Linux has 108 with the final zero.
const PATH_BYTES_MAX: usize = 100;

/// A sufficiently short path to a socket, valid while this lives.
pub(crate) struct ShortPath {
    path: PathBuf,
    _folder: Option<File>,
}

impl ShortPath {
    /// # Errors
    /// If the folder of a long path cannot be opened.
    pub fn of(path: &Path) -> io::Result<ShortPath> {
        if path.as_os_str().len() <= PATH_BYTES_MAX {
            return Ok(ShortPath { path: path.to_owned(), _folder: None });
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the socket's path has no name"));
        };
        let folder = File::open(folder)?;
        let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
        Ok(ShortPath { path, _folder: Some(folder) })
    }

    pub fn as_path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_is_bound_and_reached() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let socket = deep.join("core.sock");
        let listener = std::os::unix::net::UnixListener::bind(ShortPath::of(&socket).unwrap().as_path()).unwrap();
        assert!(socket.exists());
        std::os::unix::net::UnixStream::connect(ShortPath::of(&socket).unwrap().as_path()).unwrap();
        drop(listener);
    }
}
