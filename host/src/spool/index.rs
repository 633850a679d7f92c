//! The index of an output: which bytes came from which descriptor, and when.
//!
//! Records of 16 bytes, little endian, in the order of their offsets: eight bytes that hold the offset of the first
//! byte in the lower 56 bits and the descriptor (1 or 2) in the upper 8, then the time in Unix milliseconds. A record
//! ends where the next one begins, the last one with the output. It is written before its bytes, so that no byte is
//! ever without one; a last record without bytes is what a kill between the two writes leaves.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes of a record.
const RECORD_BYTES: u64 = 16;
/// Records read at once: the segments of one batch of frames, for output that changes its descriptor often.
const BLOCK_RECORDS: u64 = 128;
const OFFSET_BITS: u32 = 56;

/// A record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Record {
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// The first byte's place in the output.
    pub off: u64,
    /// When it was read, Unix milliseconds.
    pub at: u64,
}

/// Bytes of one descriptor that lie together in the output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Segment {
    /// 1 for stdout, 2 for stderr.
    pub fd: u8,
    /// The first byte's place in the output.
    pub off: u64,
    /// The place behind the last byte.
    pub end: u64,
}

impl Record {
    /// The record as it stands in the file.
    pub fn encode(self) -> [u8; RECORD_BYTES as usize] {
        let tagged = u64::from(self.fd) << OFFSET_BITS | self.off;
        let mut bytes = [0; RECORD_BYTES as usize];
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

/// The segments of `from..upto`, cut to that range; fewer than all where the descriptor changes very often, and the
/// next call goes on.
///
/// # Errors
/// Where the file cannot be read, or has no record for `from`.
pub fn segments(index: &File, from: u64, upto: u64) -> io::Result<Vec<Segment>> {
    let first = last_at_or_before(index, from)?;
    let mut block = vec![0; (BLOCK_RECORDS * RECORD_BYTES) as usize];
    let read = read_at_most(index, &mut block, first * RECORD_BYTES)?;
    let bytes = block.get(..read).unwrap_or_default();
    let records: Vec<Record> = bytes.chunks_exact(RECORD_BYTES as usize).filter_map(Record::decode).collect();
    let is_whole = read < block.len();
    let mut found: Vec<Segment> = Vec::new();
    for (i, record) in records.iter().enumerate() {
        let next = records.get(i.saturating_add(1)).map(|next| next.off);
        let end = match next {
            Some(next) => next.min(upto),
            None if is_whole => upto,
            // Where the block ends, the end of its last record is not known.
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
    if found.is_empty() { Err(io::Error::other("the index has no record for an offset")) } else { Ok(found) }
}

/// The number of the record that holds the byte at `off`.
fn last_at_or_before(index: &File, off: u64) -> io::Result<u64> {
    let mut low = 0;
    let mut high = index.metadata()?.len() / RECORD_BYTES;
    // The record sought is in low..high. A record without bytes has the offset of the next one: the last one counts.
    while high.saturating_sub(low) > 1 {
        let middle = low + (high - low) / 2;
        let mut bytes = [0; RECORD_BYTES as usize];
        index.read_exact_at(&mut bytes, middle * RECORD_BYTES)?;
        match Record::decode(&bytes) {
            Some(record) if record.off <= off => low = middle,
            _ => high = middle,
        }
    }
    Ok(low)
}

fn read_at_most(file: &File, buf: &mut [u8], at: u64) -> io::Result<usize> {
    let mut read = 0;
    while let Some(rest) = buf.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, at + read as u64) {
            Ok(0) => break,
            Ok(n) => read += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::io::Write;

    fn index_of(records: &[(u8, u64)]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        for (fd, off) in records {
            file.write_all(&Record { fd: *fd, off: *off, at: 1 }.encode()).unwrap();
        }
        file
    }

    fn told(index: &File, from: u64, upto: u64) -> Vec<(u8, u64, u64)> {
        segments(index, from, upto).unwrap().into_iter().map(|s| (s.fd, s.off, s.end)).collect()
    }

    #[test]
    fn the_bytes_of_a_record() {
        let record = Record { fd: 2, off: 0x0102_0304, at: 0x0506 };
        assert_eq!(record.encode(), [4, 3, 2, 1, 0, 0, 0, 2, 6, 5, 0, 0, 0, 0, 0, 0]);
        assert_eq!(Record::decode(&record.encode()), Some(record));
        assert_eq!(Record::decode(&[0; 15]), None);
    }

    #[test]
    fn every_range_is_cut_right() {
        // 0..10 of 1, 10..12 of 2, 12..13 of 1 in two records, then a record without bytes.
        let index = index_of(&[(1, 0), (2, 10), (1, 12), (1, 13), (2, 20)]);
        let whose = |off: u64| if (10..12).contains(&off) { 2 } else { 1 };
        for from in 0..20 {
            for upto in from + 1..=20 {
                let mut at = from;
                for (fd, off, end) in told(&index, from, upto) {
                    assert_eq!(off, at);
                    assert!((off..end).all(|byte| whose(byte) == fd), "{from}..{upto}");
                    at = end;
                }
                assert_eq!(at, upto, "{from}..{upto}");
            }
        }
    }

    #[test]
    fn a_record_without_bytes_is_passed_over() {
        let index = index_of(&[(1, 0), (2, 0), (1, 5), (2, 5)]);
        assert_eq!(told(&index, 0, 9), [(2, 0, 9)]);
    }

    #[test]
    fn descriptors_that_change_with_every_byte() {
        let records: Vec<(u8, u64)> = (0..1000).map(|off| (if off % 2 == 0 { 1 } else { 2 }, off)).collect();
        let index = index_of(&records);
        let mut at = 0;
        while at < 1000 {
            for (fd, off, end) in told(&index, at, 1000) {
                assert_eq!((fd, off, end), (if at % 2 == 0 { 1 } else { 2 }, at, at + 1));
                at = end;
            }
        }
    }

    #[test]
    fn an_empty_index_is_an_error() {
        assert!(segments(&index_of(&[]), 0, 1).is_err());
    }
}
