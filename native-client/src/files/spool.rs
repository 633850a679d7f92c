//! Text that is too long for a message, kept in a temporary file until it is sent; deleted on drop.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A temporary file.
#[derive(Debug)]
pub(crate) struct Spool {
    path: PathBuf,
    file: File,
}

impl Spool {
    /// Writes `begin` and then all of `rest` into a new file that only this user can read. `random` names it.
    pub(crate) fn of(begin: &[u8], mut rest: impl Read, random: u128) -> io::Result<Spool> {
        let path = std::env::temp_dir().join(format!("wardroom-{random:032x}.txt"));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let mut spool = Spool { path, file };
        spool.file.write_all(begin)?;
        io::copy(&mut rest, &mut spool.file)?;
        spool.file.flush()?;
        Ok(spool)
    }

    /// Appends a piece.
    pub(crate) fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        self.file.write_all(piece)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).ok();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn it_is_there_as_long_as_it_is_held() {
        let spool = Spool::of(b"ab", &b"cd"[..], 0x5eed_0001 + u128::from(std::process::id())).unwrap();
        let path = spool.path().to_owned();
        assert_eq!(std::fs::read(&path).unwrap(), b"abcd");
        assert!(Spool::of(b"", &b""[..], 0x5eed_0001 + u128::from(std::process::id())).is_err(), "never over another");
        drop(spool);
        assert!(!path.exists());
    }
}
