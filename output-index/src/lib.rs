//! The index of a run's output on disk: which bytes came from which descriptor, and when. A host keeps one in its
//! spool, the core keeps one beside the output in its run store; both write it themselves, and read it here.
//!
//! Records of 16 bytes, little endian, by ascending offset: eight bytes with the descriptor (1 or 2) in the upper 8
//! bits and the offset of the first byte in the lower 56, then the time in Unix milliseconds. A record extends to the
//! next one, the last one to the end. It is written before its bytes, so every byte has one; a record beyond the last
//! byte is left by a crash between the two writes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Bytes of a record.
pub const RECORD_BYTES: u64 = 16;
/// Records that are read at once: 2 KiB, enough for the segments of a frame or more.
pub const BLOCK_RECORDS: usize = 128;
const OFFSET_BITS: u32 = 56;

/// A record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Record {
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// The offset of the first byte in the output.
    pub off: u64,
    /// When the bytes were read, Unix milliseconds.
    pub at: u64,
}

/// Consecutive bytes of one descriptor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Segment {
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// The offset of the first byte in the output.
    pub off: u64,
    /// The offset after the last byte.
    pub end: u64,
}

impl Record {
    /// Encodes it as in the file.
    pub fn encode(self) -> [u8; 16] {
        let tagged = u64::from(self.fd) << OFFSET_BITS | self.off;
        let mut bytes = [0; 16];
        let (first, second) = bytes.split_at_mut(8);
        first.copy_from_slice(&tagged.to_le_bytes());
        second.copy_from_slice(&self.at.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Record> {
        let (tagged, rest) = bytes.split_first_chunk::<8>()?;
        let (at, _) = rest.split_first_chunk::<8>()?;
        let tagged = u64::from_le_bytes(*tagged);
        let fd = u8::try_from(tagged >> OFFSET_BITS).ok()?;
        Some(Record { fd, off: tagged & ((1 << OFFSET_BITS) - 1), at: u64::from_le_bytes(*at) })
    }
}

/// Returns the last record that begins before `upto`, and the number of records up to it: those after it have no bytes.
///
/// # Errors
/// If the file cannot be read.
pub fn last_before(index: &File, upto: u64) -> io::Result<(u64, Option<Record>)> {
    let mut count = index.metadata()?.len() / RECORD_BYTES;
    while count > 0 {
        let record = record(index, count - 1)?;
        if record.off < upto {
            return Ok((count, Some(record)));
        }
        count -= 1;
    }
    Ok((0, None))
}

/// Repairs an index that was cut while it was written, for an output of this many bytes: removes an incomplete record,
/// and all from the first one on that is damaged or has no bytes. Output without a record counts as standard output.
///
/// # Errors
/// If the file cannot be read or written.
pub fn repair(index: &File, bytes: u64) -> io::Result<()> {
    let count = index.metadata()?.len() / RECORD_BYTES;
    let (mut good, mut next_off) = (0, 0);
    while good < count {
        let Ok(record) = record(index, good) else { break };
        let is_in_order = record.off >= next_off && (good > 0 || record.off == 0);
        if !is_in_order || record.off >= bytes || !matches!(record.fd, 1 | 2) {
            break;
        }
        next_off = record.off.saturating_add(1);
        good += 1;
    }
    index.set_len(good * RECORD_BYTES)?;
    if good == 0 && bytes > 0 {
        index.write_all_at(&Record { fd: 1, off: 0, at: 0 }.encode(), 0)?;
    }
    Ok(())
}

/// Returns the segments of `from..upto`, cut to that range. Not all of them if the descriptor changes very often: the
/// next call continues after the last one.
///
/// # Errors
/// If the file cannot be read, or has no record for `from`.
pub fn segments(index: &File, from: u64, upto: u64) -> io::Result<Vec<Segment>> {
    let first = holding(index, from)?;
    let mut block = vec![0; BLOCK_RECORDS * 16];
    let read = read_some(index, &mut block, first * RECORD_BYTES)?;
    let is_whole = read < block.len();
    let bytes = block.get(..read).unwrap_or_default();
    let mut records = bytes.chunks_exact(16).filter_map(Record::decode).peekable();
    let mut found: Vec<Segment> = Vec::new();
    while let Some(record) = records.next() {
        let end = match records.peek() {
            Some(next) => next.off.min(upto),
            None if is_whole => upto,
            // The end of a block's last segment is known only from the next record.
            None => break,
        };
        let off = record.off.max(from);
        if off >= end {
            continue;
        }
        match found.last_mut() {
            Some(last) if last.fd == record.fd => last.end = end,
            _ => found.push(Segment { fd: record.fd, off, end }),
        }
    }
    let has_begin = found.first().is_some_and(|first| first.off == from);
    if has_begin { Ok(found) } else { Err(io::Error::other("the index of a run's output has no record for an offset")) }
}

/// Returns at most `max` records, from the one that holds the byte at `from` on.
///
/// # Errors
/// If the file cannot be read.
pub fn records(index: &File, from: u64, max: usize) -> io::Result<Vec<Record>> {
    let first = holding(index, from)?;
    let mut bytes = vec![0; max.saturating_mul(16)];
    let read = read_some(index, &mut bytes, first * RECORD_BYTES)?;
    Ok(bytes.get(..read).unwrap_or_default().chunks_exact(16).filter_map(Record::decode).collect())
}

/// Returns the offset of the first record after a moment (Unix milliseconds), if there is one. Where the clock went back,
/// it is one of several.
///
/// # Errors
/// If the file cannot be read.
pub fn first_after(index: &File, at: u64) -> io::Result<Option<u64>> {
    let count = index.metadata()?.len() / RECORD_BYTES;
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if record(index, middle)?.at <= at { low = middle + 1 } else { high = middle }
    }
    if low == count { Ok(None) } else { record(index, low).map(|record| Some(record.off)) }
}

/// Returns the number of the record that contains the byte at `off`.
fn holding(index: &File, off: u64) -> io::Result<u64> {
    let (mut low, mut high) = (0, index.metadata()?.len() / RECORD_BYTES);
    while high.saturating_sub(low) > 1 {
        let middle = low + (high - low) / 2;
        if record(index, middle)?.off <= off { low = middle } else { high = middle }
    }
    Ok(low)
}

fn record(index: &File, number: u64) -> io::Result<Record> {
    let mut bytes = [0; 16];
    index.read_exact_at(&mut bytes, number * RECORD_BYTES)?;
    Record::decode(&bytes).ok_or_else(|| io::Error::other("the index of a run's output is damaged"))
}

fn read_some(file: &File, buf: &mut [u8], at: u64) -> io::Result<usize> {
    let mut read = 0;
    while let Some(rest) = buf.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, at + read as u64) {
            Ok(0) => break,
            Ok(count) => read += count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(read)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn index_of(records: impl IntoIterator<Item = (u8, u64)>) -> File {
        let mut file = tempfile::tempfile().unwrap();
        for (fd, off) in records {
            file.write_all(&Record { fd, off, at: 7 }.encode()).unwrap();
        }
        file
    }

    #[test]
    fn a_moment_is_found() {
        let mut file = tempfile::tempfile().unwrap();
        for (off, at) in [(0, 100), (5, 200), (9, 200), (20, 350)] {
            file.write_all(&Record { fd: 1, off, at }.encode()).unwrap();
        }
        for (at, off) in
            [(0, Some(0)), (99, Some(0)), (100, Some(5)), (199, Some(5)), (200, Some(20)), (349, Some(20)), (350, None)]
        {
            assert_eq!(first_after(&file, at).unwrap(), off, "at {at}");
        }
        assert_eq!(first_after(&tempfile::tempfile().unwrap(), 7).unwrap(), None);
    }

    #[test]
    fn a_cut_index_is_repaired() {
        let index = index_of([(1, 0), (2, 5), (1, 9)]);
        index.set_len(2 * RECORD_BYTES + 7).unwrap();
        repair(&index, 12).unwrap();
        assert_eq!(index.metadata().unwrap().len(), 2 * RECORD_BYTES);
        let ends =
            |index: &File, upto| segments(index, 0, upto).unwrap().iter().map(|s| (s.fd, s.end)).collect::<Vec<_>>();
        assert_eq!(ends(&index, 12), [(1, 5), (2, 12)], "what has no record belongs to the one before");
        repair(&index, 3).unwrap();
        assert_eq!(ends(&index, 3), [(1, 3)], "a record without bytes is removed");
        index.set_len(9).unwrap();
        repair(&index, 3).unwrap();
        assert_eq!(ends(&index, 3), [(1, 3)], "output without any record is standard output");
        repair(&index_of([(9, 0)]), 0).unwrap();
    }

    #[test]
    fn records_are_read_from_the_one_that_holds_a_byte() {
        let index = index_of([(1, 0), (2, 5), (1, 9)]);
        let offs = |from, max| records(&index, from, max).unwrap().iter().map(|r| r.off).collect::<Vec<_>>();
        assert_eq!(offs(0, 9), [0, 5, 9]);
        assert_eq!(offs(6, 9), [5, 9]);
        assert_eq!(offs(6, 1), [5]);
        assert_eq!(offs(99, 9), [9]);
        assert!(records(&index_of([]), 0, 9).unwrap().is_empty());
    }

    #[test]
    fn the_bytes_of_a_record() {
        let record = Record { fd: 2, off: 0x0102_0304, at: 0x0506 };
        assert_eq!(record.encode(), [4, 3, 2, 1, 0, 0, 0, 2, 6, 5, 0, 0, 0, 0, 0, 0]);
        assert_eq!(Record::decode(&record.encode()), Some(record));
        assert_eq!(Record::decode(&[0; 15]), None);
    }

    #[test]
    fn every_range_gives_every_byte_its_descriptor() {
        let index = index_of([(1, 0), (2, 10), (1, 12), (1, 13), (2, 20)]);
        let fd_of = |off: u64| if (10..12).contains(&off) || off >= 20 { 2 } else { 1 };
        for from in 0..22 {
            for upto in from + 1..=22 {
                let mut at = from;
                for segment in segments(&index, from, upto).unwrap() {
                    assert_eq!(segment.off, at);
                    assert!((segment.off..segment.end).all(|off| fd_of(off) == segment.fd), "{from}..{upto}");
                    at = segment.end;
                }
                assert_eq!(at, upto, "{from}..{upto}");
            }
        }
    }

    #[test]
    fn a_block_at_a_time() {
        let count = 3 * u64::try_from(BLOCK_RECORDS).unwrap() + 5;
        let index = index_of((0..count).map(|off| (1 + u8::from(off % 2 == 1), off)));
        let mut at = 0;
        while at < count {
            for Segment { fd, off, end } in segments(&index, at, count).unwrap() {
                assert_eq!((fd, off, end), (1 + u8::from(at % 2 == 1), at, at + 1));
                at = end;
            }
        }
    }

    #[test]
    fn records_behind_the_last_byte_are_not_counted() {
        let index = index_of([(1, 0), (2, 5), (1, 9), (2, 9)]);
        assert_eq!(last_before(&index, 9).unwrap(), (2, Some(Record { fd: 2, off: 5, at: 7 })));
        assert_eq!(last_before(&index, 0).unwrap(), (0, None));
        assert_eq!(last_before(&index_of([]), 9).unwrap(), (0, None));
    }

    #[test]
    fn a_record_without_bytes_is_passed_over() {
        let index = index_of([(1, 0), (2, 0), (1, 5), (2, 5)]);
        assert_eq!(segments(&index, 0, 9).unwrap(), [Segment { fd: 2, off: 0, end: 9 }]);
    }

    #[test]
    fn an_index_without_the_offset_is_an_error() {
        assert!(segments(&index_of([]), 0, 1).is_err());
        assert!(segments(&index_of([(1, 5)]), 3, 9).is_err());
    }
}
