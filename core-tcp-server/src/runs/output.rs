//! A run's output on disk: `data/runs/<id>/output`, and the index beside it. All of it blocks, so call it on blocking
//! threads. This module does not know who may read the output, nor what is still only in memory.
//!
//! Output is deleted with the run's event in its room: see `retention`.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use wardroom_output_index::{RECORD_BYTES, Record, Segment};
use wardroom_protocol::messages::TermSize;

use super::sizes::Sizes;
use crate::limits::INDEX_RESOLUTION_MS;

/// Returns the path of a run's output. The file exists once there are bytes.
pub fn output_path(runs: &Path, run: wardroom_protocol::RunId) -> PathBuf {
    OutputFolder::new(runs, run).0.join("output")
}

/// The folder of one run's output. It is created with the first byte.
#[derive(Clone, Debug)]
pub(super) struct OutputFolder(pub(super) PathBuf);

impl OutputFolder {
    /// Returns a run's folder within the folder of all runs.
    pub(super) fn new(runs: &Path, run: wardroom_protocol::RunId) -> Self {
        Self(runs.join(run.to_string()))
    }

    /// Returns the bytes of output on disk.
    pub(super) fn bytes(&self) -> io::Result<u64> {
        match std::fs::metadata(self.0.join("output")) {
            Ok(metadata) => Ok(metadata.len()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(e) => Err(e),
        }
    }

    /// Returns the offset of the first byte that was written after a moment (Unix milliseconds), if there is one.
    pub(super) fn written_until(&self, at: u64) -> io::Result<Option<u64>> {
        match File::open(self.0.join("index")) {
            Ok(index) => wardroom_output_index::first_after(&index, at),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Some(0)),
            Err(e) => Err(e),
        }
    }

    /// Opens the output for writing from `off` on. Bytes after it were written in part and will be sent again.
    pub(super) fn writer(&self, off: u64) -> io::Result<OutputWriter> {
        match DirBuilder::new().mode(0o700).create(&self.0) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
            _ => {}
        }
        let open = |name: &str| {
            let mut options = OpenOptions::new();
            options.create(true).truncate(false).read(true).write(true).mode(0o600).open(self.0.join(name))
        };
        let (output, index) = (open("output")?, open("index")?);
        let (records, last) = wardroom_output_index::last_before(&index, off)?;
        index.set_len(records * RECORD_BYTES)?;
        let sizes = Sizes::writer(&self.0, off)?;
        Ok(OutputWriter { folder: self.0.clone(), output, index, records, last, sizes })
    }

    /// Opens the output for reading.
    pub(super) fn reader(&self) -> io::Result<OutputReader> {
        let (output, index) = (File::open(self.0.join("output"))?, File::open(self.0.join("index"))?);
        Ok(OutputReader { output, index, sizes: Sizes::open(&self.0)? })
    }

    /// Makes everything durable: the bytes and their directory entries.
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(self.0.join("index"))?.sync_data()?;
        File::open(self.0.join("output"))?.sync_data()?;
        File::open(&self.0)?.sync_all()?;
        self.0.parent().map_or(Ok(()), |runs| File::open(runs)?.sync_all())
    }
}

/// Appends to a run's output.
pub(super) struct OutputWriter {
    folder: PathBuf,
    output: File,
    index: File,
    records: u64,
    last: Option<Record>,
    sizes: Sizes,
}

impl OutputWriter {
    /// Records that a terminal has this size from `off` on.
    pub(super) fn resize(&mut self, off: u64, size: TermSize) -> io::Result<()> {
        self.sizes.append(&self.folder, off, size)
    }

    /// Writes bytes of one descriptor at `off`, the current end of the output.
    pub(super) fn append(&mut self, fd: u8, off: u64, at: u64, bytes: &[u8]) -> io::Result<()> {
        let is_same = |last: Record| last.fd == fd && at.saturating_sub(last.at) < INDEX_RESOLUTION_MS;
        if !self.last.is_some_and(is_same) {
            let record = Record { fd, off, at };
            self.index.write_all_at(&record.encode(), self.records * RECORD_BYTES)?;
            self.records += 1;
            self.last = Some(record);
        }
        self.output.write_all_at(bytes, off)
    }
}

/// Reads a run's output.
pub(super) struct OutputReader {
    output: File,
    index: File,
    sizes: Sizes,
}

impl OutputReader {
    /// Returns the segments of `from..upto`, or the first of them.
    pub(super) fn segments(&self, from: u64, upto: u64) -> io::Result<Vec<Segment>> {
        wardroom_output_index::segments(&self.index, from, upto)
    }

    /// Returns the changes of a terminal's size within `from..upto`.
    pub(super) fn sizes(&self, from: u64, upto: u64) -> io::Result<Vec<(u64, TermSize)>> {
        self.sizes.between(from, upto)
    }

    /// Reads the bytes from `off` on.
    pub(super) fn read(&self, buf: &mut [u8], off: u64) -> io::Result<()> {
        self.output.read_exact_at(buf, off)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn folder(of: &tempfile::TempDir) -> OutputFolder {
        OutputFolder::new(of.path(), wardroom_protocol::RunId::from_parts(1, 2))
    }

    fn text(folder: &OutputFolder, upto: u64) -> Vec<(u8, String)> {
        let reader = folder.reader().unwrap();
        let read = |segment: Segment| {
            let mut buf = vec![0; usize::try_from(segment.end - segment.off).unwrap()];
            reader.read(&mut buf, segment.off).unwrap();
            (segment.fd, String::from_utf8(buf).unwrap())
        };
        reader.segments(0, upto).unwrap().into_iter().map(read).collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let data = tempfile::tempdir().unwrap();
        let folder = folder(&data);
        assert_eq!(folder.bytes().unwrap(), 0);
        let mut writer = folder.writer(0).unwrap();
        writer.append(1, 0, 100, b"out").unwrap();
        writer.append(1, 3, 101, b"put").unwrap();
        writer.append(2, 6, 102, b"err").unwrap();
        folder.sync().unwrap();
        assert_eq!(folder.bytes().unwrap(), 9);
        assert_eq!(text(&folder, 9), [(1, "output".to_owned()), (2, "err".to_owned())]);
    }

    #[test]
    fn what_was_written_in_part_is_written_again() {
        let data = tempfile::tempdir().unwrap();
        let folder = folder(&data);
        let mut writer = folder.writer(0).unwrap();
        writer.append(1, 0, 100, b"abc").unwrap();
        // As after a crash: three bytes too many, two records too many, and half of a third.
        writer.append(2, 3, 100, b"xyz").unwrap();
        writer.append(1, 6, 100, b"").unwrap();
        writer.index.write_all_at(b"half", 48).unwrap();
        drop(writer);
        let mut writer = folder.writer(3).unwrap();
        writer.append(1, 3, 100, b"d").unwrap();
        writer.append(2, 4, 100, b"ef").unwrap();
        assert_eq!(text(&folder, 6), [(1, "abcd".to_owned()), (2, "ef".to_owned())]);
    }
}
