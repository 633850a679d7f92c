//! The output of a run on disk: one appender, which is the run's pump, and readers that each have an offset.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use wardroom_output_index::{Record, Segment, segments};
use wardroom_protocol::messages::TermSize;

use super::sizes::{self, SizeRecord};
use crate::limits::INDEX_RESOLUTION_MS;

/// Writes at the end.
#[derive(Debug)]
pub struct Appender {
    folder: PathBuf,
    output: File,
    index: File,
    len: u64,
    last: Option<Record>,
}

impl Appender {
    /// Creates an empty output in an existing folder.
    ///
    /// # Errors
    /// If the operating system refuses; an output that exists already is an error.
    pub fn create(folder: &Path) -> io::Result<Appender> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let index = options.open(folder.join("index"))?;
        let output = options.open(folder.join("output"))?;
        Ok(Appender { folder: folder.to_owned(), output, index, len: 0, last: None })
    }

    /// Returns the number of bytes written.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Returns the number of bytes that are free on this disk.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn free_bytes(&self) -> io::Result<u64> {
        let stat = rustix::fs::fstatvfs(&self.output)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Notes the size of the terminal from an offset on.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn resized(&self, off: u64, size: TermSize, at: u64) -> io::Result<()> {
        sizes::append(&self.folder, SizeRecord { off, size, at })
    }

    /// Appends what was read from a descriptor at a time.
    ///
    /// # Errors
    /// If the operating system refuses. What was appended before stays; this appender is then unusable.
    pub fn append(&mut self, fd: u8, bytes: &[u8], at: u64) -> io::Result<()> {
        let is_new = self.last.is_none_or(|last| last.fd != fd || at >= last.at.saturating_add(INDEX_RESOLUTION_MS));
        if is_new {
            let record = Record { fd, off: self.len, at };
            self.index.write_all(&record.encode())?;
            self.last = Some(record);
        }
        self.output.write_all(bytes)?;
        self.len = self.len.saturating_add(bytes.len() as u64);
        Ok(())
    }
}

/// Reads at any offset while the appender writes.
#[derive(Debug)]
pub struct Reader {
    output: File,
    index: File,
}

impl Reader {
    /// Opens the output in a folder.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn open(folder: &Path) -> io::Result<Reader> {
        Ok(Reader { output: File::open(folder.join("output"))?, index: File::open(folder.join("index"))? })
    }

    /// Returns the next segments of `from..upto`: at least one, and not always all of them.
    ///
    /// # Errors
    /// If a file cannot be read or does not contain the range.
    pub fn segments(&self, from: u64, upto: u64) -> io::Result<Vec<Segment>> {
        segments(&self.index, from, upto)
    }

    /// Fills the buffer with the bytes at an offset.
    ///
    /// # Errors
    /// If they cannot all be read.
    pub fn read(&self, buf: &mut [u8], off: u64) -> io::Result<()> {
        self.output.read_exact_at(buf, off)
    }
}
