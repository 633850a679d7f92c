//! Screens on disk: `data/runs/<id>/screens`, one record behind the other. A restarted core, a late watcher and a replay
//! begin at the nearest one. A record that was written in part, or is ahead of the output, is ignored and overwritten.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use wardroom_protocol::messages::TermSize;

/// The first bytes of a record.
const MAGIC: [u8; 4] = *b"WSCR";
/// Magic, length, offset, columns, rows, and the first bytes of the digest of all this and the screen.
const HEAD_BYTES: usize = 32;
/// The part of the head that the digest covers.
const SUMMED_BYTES: usize = 20;

/// A screen as stored.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Stored {
    /// The offset of the first byte of output that it does not contain.
    pub off: u64,
    /// Its size.
    pub size: Option<TermSize>,
    /// What restores it.
    pub bytes: Vec<u8>,
    /// The end of its record in the file.
    pub end: u64,
}

/// Writes a screen at `at`, the end of the last valid record. Returns the new end.
pub(super) fn append(folder: &Path, at: u64, off: u64, size: TermSize, bytes: &[u8]) -> io::Result<u64> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(folder.join("screens"))?;
    let mut record = Vec::with_capacity(HEAD_BYTES + bytes.len());
    record.extend_from_slice(&MAGIC);
    record.extend_from_slice(&u32::try_from(bytes.len()).map_err(io::Error::other)?.to_be_bytes());
    record.extend_from_slice(&off.to_be_bytes());
    record.extend_from_slice(&size.cols.to_be_bytes());
    record.extend_from_slice(&size.rows.to_be_bytes());
    let digest = digest(&record, bytes);
    record.extend_from_slice(&digest);
    record.extend_from_slice(bytes);
    file.set_len(at)?;
    file.write_all_at(&record, at)?;
    Ok(at + record.len() as u64)
}

/// Makes the screens durable.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    match File::open(folder.join("screens")) {
        Ok(file) => file.sync_data(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Returns the last screen with an offset of at most `upto`; an empty one if there is none.
pub(super) fn last(folder: &Path, upto: u64) -> io::Result<Stored> {
    let file = match File::open(folder.join("screens")) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Stored::default()),
        Err(error) => return Err(error),
    };
    let mut places = Vec::new();
    let mut at = 0;
    while let Some((len, off)) = head(&file, at)?.filter(|(_, off)| *off <= upto) {
        places.push((at, len, off));
        at += HEAD_BYTES as u64 + len as u64;
    }
    while let Some((at, len, off)) = places.pop() {
        if let Some(stored) = read(&file, at, len, off)? {
            return Ok(stored);
        }
    }
    Ok(Stored::default())
}

/// Reads length and offset of the record at `at`, if there is one.
fn head(file: &File, at: u64) -> io::Result<Option<(usize, u64)>> {
    let mut head = [0; HEAD_BYTES];
    if !read_all(file, &mut head, at)? {
        return Ok(None);
    }
    let [a, b, c, d, l0, l1, l2, l3, o @ ..] = head;
    let [o0, o1, o2, o3, o4, o5, o6, o7, ..] = o;
    let len = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
    let off = u64::from_be_bytes([o0, o1, o2, o3, o4, o5, o6, o7]);
    let is_whole = at + HEAD_BYTES as u64 + len as u64 <= file.metadata()?.len();
    Ok(([a, b, c, d] == MAGIC && is_whole).then_some((len, off)))
}

fn read(file: &File, at: u64, len: usize, off: u64) -> io::Result<Option<Stored>> {
    let mut record = vec![0; HEAD_BYTES + len];
    if !read_all(file, &mut record, at)? {
        return Ok(None);
    }
    let (head, bytes) = record.split_at(HEAD_BYTES);
    let (summed, sum) = head.split_at(SUMMED_BYTES);
    let [.., c0, c1, r0, r1] = summed else { return Ok(None) };
    if digest(summed, bytes) != sum {
        return Ok(None);
    }
    let size = TermSize { cols: u16::from_be_bytes([*c0, *c1]), rows: u16::from_be_bytes([*r0, *r1]) };
    Ok(Some(Stored { off, size: Some(size), bytes: bytes.to_vec(), end: at + record.len() as u64 }))
}

fn digest(head: &[u8], bytes: &[u8]) -> [u8; HEAD_BYTES - SUMMED_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(head).update(bytes);
    let mut digest = [0; HEAD_BYTES - SUMMED_BYTES];
    hasher.finalize_xof().fill(&mut digest);
    digest
}

/// Reads exactly this much; false if the file is shorter.
fn read_all(file: &File, buf: &mut [u8], at: u64) -> io::Result<bool> {
    match file.read_exact_at(buf, at) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const SIZE: TermSize = TermSize { cols: 80, rows: 24 };

    #[test]
    fn the_nearest_screen_is_found_whatever_follows_it() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(last(data.path(), 99).unwrap(), Stored::default());
        let first = append(data.path(), 0, 10, SIZE, b"first").unwrap();
        let second = append(data.path(), first, 20, SIZE, b"second").unwrap();
        let found = last(data.path(), 99).unwrap();
        assert_eq!((found.off, found.bytes.as_slice(), found.end), (20, &b"second"[..], second));
        assert_eq!((found.size, last(data.path(), 19).unwrap().off), (Some(SIZE), 10));
        assert_eq!(last(data.path(), 9).unwrap().off, 0);
        let file = OpenOptions::new().write(true).open(data.path().join("screens")).unwrap();
        for torn in [second - 1, first + 40, first + 31, first + 1] {
            file.set_len(torn).unwrap();
            assert_eq!(last(data.path(), 99).unwrap().bytes, b"first", "cut at {torn}");
        }
        append(data.path(), first, 30, SIZE, b"third").unwrap();
        assert_eq!(last(data.path(), 99).unwrap().bytes, b"third");
        file.write_all_at(b"X", first + 33).unwrap();
        assert_eq!(last(data.path(), 99).unwrap().bytes, b"first", "one that has changed");
    }
}
