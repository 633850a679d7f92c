//! The output of a run on disk: one appender, which is the run's pump, and readers that each stand at an offset.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use wardroom_output_index::{Record, Segment, segments};

use crate::limits::INDEX_RESOLUTION_MS;

/// Writes at the end.
#[derive(Debug)]
pub struct Appender {
    output: File,
    index: File,
    len: u64,
    last: Option<Record>,
}

impl Appender {
    /// An output without bytes, in an existing folder.
    ///
    /// # Errors
    /// What the operating system says; an output that is there already is an error.
    pub fn create(folder: &Path) -> io::Result<Appender> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let index = options.open(folder.join("index"))?;
        let output = options.open(folder.join("output"))?;
        Ok(Appender { output, index, len: 0, last: None })
    }

    /// Bytes that are there.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Bytes that may still be written to this disk.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn free_bytes(&self) -> io::Result<u64> {
        let stat = rustix::fs::fstatvfs(&self.output)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Appends what was read from a descriptor at a time.
    ///
    /// # Errors
    /// What the operating system says. What was appended before stays; this is over.
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

/// Reads anywhere, beside the appender.
#[derive(Debug)]
pub struct Reader {
    output: File,
    index: File,
}

impl Reader {
    /// Opens the output in a folder.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn open(folder: &Path) -> io::Result<Reader> {
        Ok(Reader { output: File::open(folder.join("output"))?, index: File::open(folder.join("index"))? })
    }

    /// The next segments of `from..upto`: at least one, and not always all of them.
    ///
    /// # Errors
    /// Where a file cannot be read or does not hold what was asked for.
    pub fn segments(&self, from: u64, upto: u64) -> io::Result<Vec<Segment>> {
        segments(&self.index, from, upto)
    }

    /// The bytes at an offset.
    ///
    /// # Errors
    /// Where they cannot all be read.
    pub fn read(&self, buf: &mut [u8], off: u64) -> io::Result<()> {
        self.output.read_exact_at(buf, off)
    }
}
