//! Text that arrives piece by piece and may become long: in memory while it is short, then in a file of its own. It
//! collects pastes into a chat and long lines of a pipe; neither has a bound.

use std::io;
use std::path::Path;

use super::Spool;
use super::source::words;
use crate::limits::GATHERED_MEMORY;

/// The text so far.
#[derive(Debug, Default)]
pub(crate) struct LongText {
    /// The whole text, or its beginning.
    begin: Vec<u8>,
    spool: Option<Spool>,
    bytes: u64,
    line_feeds: u64,
    ends_open: bool,
    /// Why the rest could not be kept.
    failed: Option<String>,
}

impl LongText {
    /// Adds a piece.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        let Some(last) = piece.last() else { return };
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        let line_feeds = piece.iter().filter(|byte| **byte == b'\n').count();
        self.line_feeds = self.line_feeds.saturating_add(line_feeds as u64);
        self.ends_open = *last != b'\n';
        if self.spool.is_none() && self.begin.len().saturating_add(piece.len()) <= GATHERED_MEMORY {
            self.begin.extend_from_slice(piece);
        } else if self.failed.is_none()
            && let Err(e) = self.spool(piece)
        {
            self.failed = Some(words(&e));
        }
    }

    fn spool(&mut self, piece: &[u8]) -> io::Result<()> {
        match &mut self.spool {
            Some(spool) => spool.push(piece),
            None => {
                self.spool = Some(Spool::of(&self.begin, piece, random()?)?);
                Ok(())
            }
        }
    }

    /// Returns the whole text, if it is short.
    pub(crate) fn text(&self) -> Option<String> {
        self.spool.is_none().then(|| String::from_utf8_lossy(&self.begin).into_owned())
    }

    /// Returns its beginning.
    pub(crate) fn begin(&self) -> &[u8] {
        &self.begin
    }

    /// Returns its length.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns its number of lines; the last one counts with or without its end.
    pub(crate) fn lines(&self) -> u64 {
        self.line_feeds.saturating_add(u64::from(self.ends_open))
    }

    /// Returns the file with the whole text, which lives as long as this.
    ///
    /// # Errors
    /// The message if it could not be written.
    pub(crate) fn path(&mut self) -> Result<&Path, String> {
        if let Some(why) = &self.failed {
            return Err(why.clone());
        }
        if self.spool.is_none() {
            let made = random().and_then(|random| Spool::of(&self.begin, io::empty(), random));
            self.spool = Some(made.map_err(|e| words(&e))?);
        }
        match &self.spool {
            Some(spool) => Ok(spool.path()),
            None => Err("it is gone".to_owned()),
        }
    }
}

impl From<String> for LongText {
    fn from(text: String) -> Self {
        let mut gathered = LongText::default();
        gathered.push(text.as_bytes());
        gathered
    }
}

fn random() -> io::Result<u128> {
    crate::runner::random().map_err(|e| io::Error::other(e.words))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn short_text_stays_in_memory_and_long_text_goes_to_a_file() {
        let mut text = LongText::default();
        text.push(b"a\n");
        text.push(b"b");
        assert_eq!((text.text().unwrap().as_str(), text.bytes(), text.lines()), ("a\nb", 3, 2));
        text.push(&vec![b'x'; GATHERED_MEMORY]);
        assert_eq!((text.text(), text.begin()), (None, &b"a\nb"[..]));
        text.push(b"\n");
        assert_eq!(text.lines(), 2);
        let path = text.path().unwrap().to_owned();
        let written = std::fs::read(&path).unwrap();
        assert_eq!((written.len() as u64, written.last()), (text.bytes(), Some(&b'\n')));
        drop(text);
        assert!(!path.exists(), "it is gone with what held it");
    }
}
