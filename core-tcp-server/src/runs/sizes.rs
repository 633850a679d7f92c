//! The sizes of a terminal on disk: `data/runs/<id>/sizes`, each with the offset of output from which on it holds.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use wardroom_protocol::messages::TermSize;

/// Offset, columns, rows, and four bytes for later.
const RECORD_BYTES: u64 = 16;

/// The sizes of one terminal. The file is created with the first change.
pub(super) struct Sizes {
    file: Option<File>,
    records: u64,
}

impl Sizes {
    /// Opens them for reading.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        Self::from(File::open(folder.join("sizes")))
    }

    /// Opens them for writing, without those from `off` on.
    pub(super) fn writer(folder: &Path, off: u64) -> io::Result<Self> {
        let mut sizes = Self::from(OpenOptions::new().read(true).write(true).open(folder.join("sizes")))?;
        sizes.records = sizes.first_from(off)?;
        Ok(sizes)
    }

    fn from(opened: io::Result<File>) -> io::Result<Self> {
        let file = match opened {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let bytes = file.as_ref().map_or(Ok(0), |file| file.metadata().map(|metadata| metadata.len()))?;
        Ok(Self { file, records: bytes / RECORD_BYTES })
    }

    /// Records a size from `off` on, which is beyond all others.
    pub(super) fn append(&mut self, folder: &Path, off: u64, size: TermSize) -> io::Result<()> {
        if self.file.is_none() {
            let mut options = OpenOptions::new();
            options.create(true).truncate(false).read(true).write(true).mode(0o600);
            self.file = Some(options.open(folder.join("sizes"))?);
        }
        let Some(file) = &self.file else { return Ok(()) };
        let mut record = Vec::with_capacity(16);
        record.extend_from_slice(&off.to_be_bytes());
        record.extend_from_slice(&size.cols.to_be_bytes());
        record.extend_from_slice(&size.rows.to_be_bytes());
        record.extend_from_slice(&[0; 4]);
        file.set_len(self.records * RECORD_BYTES)?;
        file.write_all_at(&record, self.records * RECORD_BYTES)?;
        self.records += 1;
        Ok(())
    }

    /// Returns the changes within `from..upto`.
    pub(super) fn between(&self, from: u64, upto: u64) -> io::Result<Vec<(u64, TermSize)>> {
        let mut changes = Vec::new();
        for index in self.first_from(from)?..self.records {
            let (off, size) = self.record(index)?;
            if off >= upto {
                break;
            }
            changes.push((off, size));
        }
        Ok(changes)
    }

    /// Returns the first record that holds from `off` or a later offset on.
    fn first_from(&self, off: u64) -> io::Result<u64> {
        let (mut low, mut high) = (0, self.records);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.record(middle)?.0 < off {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    fn record(&self, index: u64) -> io::Result<(u64, TermSize)> {
        let mut record = [0; 16];
        let file = self.file.as_ref().ok_or(io::ErrorKind::NotFound)?;
        file.read_exact_at(&mut record, index * RECORD_BYTES)?;
        let [o0, o1, o2, o3, o4, o5, o6, o7, c0, c1, r0, r1, ..] = record;
        let off = u64::from_be_bytes([o0, o1, o2, o3, o4, o5, o6, o7]);
        Ok((off, TermSize { cols: u16::from_be_bytes([c0, c1]), rows: u16::from_be_bytes([r0, r1]) }))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn changes_are_found_by_offset() {
        let data = tempfile::tempdir().unwrap();
        let size = |cols| TermSize { cols, rows: 24 };
        assert_eq!(Sizes::open(data.path()).unwrap().between(0, 99).unwrap(), []);
        let mut sizes = Sizes::writer(data.path(), 0).unwrap();
        for off in [0, 10, 20] {
            sizes.append(data.path(), off, size(80 + u16::try_from(off).unwrap())).unwrap();
        }
        let sizes = Sizes::open(data.path()).unwrap();
        assert_eq!(sizes.between(1, 20).unwrap(), [(10, size(90))]);
        assert_eq!(sizes.between(10, 21).unwrap(), [(10, size(90)), (20, size(100))]);
        let mut again = Sizes::writer(data.path(), 15).unwrap();
        again.append(data.path(), 17, size(7)).unwrap();
        assert_eq!(Sizes::open(data.path()).unwrap().between(5, 99).unwrap(), [(10, size(90)), (17, size(7))]);
    }
}
