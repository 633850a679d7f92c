//! The file of an upload: slices of it, read on demand on another thread, so that one is read while another is sent.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

/// An open file.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    file: Arc<File>,
    path: PathBuf,
    /// The size when it was opened.
    pub(crate) size: u64,
    /// Unix milliseconds.
    pub(crate) mtime_ms: u64,
    stamp: Stamp,
}

/// The attributes that change when a file does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Stamp {
    size: u64,
    mtime: (i64, i64),
    inode: u64,
}

impl Stamp {
    fn of(file: &File) -> io::Result<Stamp> {
        let meta = file.metadata()?;
        Ok(Stamp { size: meta.size(), mtime: (meta.mtime(), meta.mtime_nsec()), inode: meta.ino() })
    }
}

impl Source {
    /// Opens a file; folders and devices are refused.
    pub(crate) fn open(path: &Path) -> Result<Source, String> {
        let shown = path.display();
        let file = File::open(path).map_err(|e| format!("cannot read {shown}: {}", words(&e)))?;
        let meta = file.metadata().map_err(|e| format!("cannot read {shown}: {}", words(&e)))?;
        if meta.is_dir() {
            return Err(format!("{shown} is a directory; name the files in it"));
        }
        if !meta.is_file() {
            return Err(format!("{shown} is not a file"));
        }
        let stamp = Stamp::of(&file).map_err(|e| format!("cannot read {shown}: {}", words(&e)))?;
        let ms = stamp.mtime.0.saturating_mul(1_000).saturating_add(stamp.mtime.1 / 1_000_000);
        let mtime_ms = u64::try_from(ms).unwrap_or(0);
        Ok(Source { file: Arc::new(file), path: path.to_owned(), size: stamp.size, mtime_ms, stamp })
    }

    /// Identifies this state of the file: path, size, time and inode.
    pub(crate) fn fingerprint(&self) -> String {
        let path = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        format!("{}\0{:?}", path.display(), self.stamp)
    }

    /// Returns `true` if the file is still the one that was opened.
    pub(crate) fn is_unchanged(&self) -> bool {
        Stamp::of(&self.file).is_ok_and(|stamp| stamp == self.stamp)
    }

    /// Reads a slice; fewer bytes if the file ends earlier.
    pub(crate) async fn slice(self, off: u64, len: u64) -> Result<Bytes, String> {
        let Source { file, path, .. } = self;
        let read = tokio::task::spawn_blocking(move || read_at_most(&file, off, usize::try_from(len).unwrap_or(0)));
        match read.await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(e)) => Err(format!("cannot read {}: {}", path.display(), words(&e))),
            Err(e) => Err(e.to_string()),
        }
    }
}

fn read_at_most(file: &File, off: u64, len: usize) -> io::Result<Bytes> {
    let mut buf = vec![0u8; len];
    let mut have = 0usize;
    while let Some(rest) = buf.get_mut(have..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, off.saturating_add(have as u64)) {
            Ok(0) => break,
            Ok(n) => have = have.saturating_add(n),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    buf.truncate(have);
    Ok(Bytes::from(buf))
}

/// Returns the operating system's message without its number.
pub(super) fn words(e: &io::Error) -> String {
    let text = e.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn slices_end_where_the_file_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, b"0123456789").unwrap();
        let source = Source::open(&path).unwrap();
        assert_eq!(source.size, 10);
        assert_eq!(&source.clone().slice(2, 3).await.unwrap()[..], b"234");
        assert_eq!(&source.clone().slice(8, 5).await.unwrap()[..], b"89");
        assert!(source.is_unchanged());
        std::fs::write(&path, b"01234567890").unwrap();
        assert!(!source.is_unchanged());
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Source::open(folder.path()).unwrap_err().contains("is a directory"));
        assert!(Source::open(&folder.path().join("none")).unwrap_err().contains("no such file"));
        assert!(Source::open(Path::new("/dev/null")).unwrap_err().contains("not a file"));
    }
}
