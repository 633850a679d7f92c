//! The file of a download: written and hashed on a thread of its own, first under another name, then renamed if the
//! digest matches. A partial file of an earlier call is read for the digest, then continued.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::source::words;
use crate::limits::{DOWNLOAD_ACK_BYTES, DOWNLOAD_PIECES};

/// Returns the name of a partial download.
pub(crate) fn part_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// The target of a download: its thread, and the channel to it.
pub(crate) struct Sink {
    pieces: mpsc::Sender<Bytes>,
    events: mpsc::Receiver<SinkEvent>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// An event of the thread.
#[derive(Debug)]
pub(crate) enum SinkEvent {
    /// Continues from this byte: the existing part has been read for the digest.
    Ready(u64),
    /// All bytes before this one are written.
    Written(u64),
    /// The end was received, and everything is on disk; this is the digest.
    Done(String),
    /// It cannot go on.
    Failed(io::Error),
}

impl Sink {
    /// Writes to this file, from its end on, or from the start if `anew`.
    pub(crate) fn file(part: PathBuf, anew: bool) -> Sink {
        Sink::spawn(move || {
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(anew).open(&part)?;
            let mut hasher = blake3::Hasher::new();
            let have = hash_all(&mut file, &mut hasher)?;
            Ok((Target::File(file), hasher, have))
        })
    }

    /// Writes to standard output.
    pub(crate) fn stdout() -> Sink {
        Sink::spawn(|| Ok((Target::Stdout(io::stdout()), blake3::Hasher::new(), 0)))
    }

    fn spawn(open: impl FnOnce() -> io::Result<(Target, blake3::Hasher, u64)> + Send + 'static) -> Sink {
        let (pieces, from_socket) = mpsc::channel(DOWNLOAD_PIECES);
        let (say, events) = mpsc::channel(4);
        let thread = std::thread::spawn(move || {
            if let Err(e) = write_all(open, from_socket, &say) {
                say.blocking_send(SinkEvent::Failed(e)).ok();
            }
        });
        Sink { pieces, events, thread: Some(thread) }
    }

    /// Returns the channel to the thread: when it is full, credit holds the sender back.
    pub(crate) fn pieces(&self) -> &mpsc::Sender<Bytes> {
        &self.pieces
    }

    /// Returns the thread's next event. Cancel-safe.
    pub(crate) async fn event(&mut self) -> SinkEvent {
        match self.events.recv().await {
            Some(event) => event,
            None => SinkEvent::Failed(io::Error::other("the writer of the file is gone")),
        }
    }

    /// Ends the download: [`SinkEvent::Done`] follows.
    pub(crate) async fn end(&mut self) {
        // An empty piece is the end, because a command that gave up also closes the channel.
        self.pieces.send(Bytes::new()).await.ok();
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let (closed, _) = mpsc::channel(1);
        self.pieces = closed;
        self.events.close();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

enum Target {
    File(File),
    Stdout(io::Stdout),
}

impl Target {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Target::File(file) => file.write_all(bytes),
            Target::Stdout(out) => out.write_all(bytes),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Target::File(file) => file.sync_all(),
            Target::Stdout(out) => out.flush(),
        }
    }
}

fn hash_all(file: &mut File, hasher: &mut blake3::Hasher) -> io::Result<u64> {
    let mut buf = vec![0u8; 1 << 20];
    let mut have = 0u64;
    loop {
        match file.read(&mut buf) {
            Ok(0) => return Ok(have),
            Ok(n) => {
                hasher.update(buf.get(..n).unwrap_or_default());
                have = have.saturating_add(n as u64);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

fn write_all(
    open: impl FnOnce() -> io::Result<(Target, blake3::Hasher, u64)>,
    mut pieces: mpsc::Receiver<Bytes>,
    say: &mpsc::Sender<SinkEvent>,
) -> io::Result<()> {
    let (mut target, mut hasher, mut at) = open()?;
    let mut said = at;
    let gone = || io::Error::other("the command is over");
    say.blocking_send(SinkEvent::Ready(at)).map_err(|_| gone())?;
    while let Some(piece) = pieces.blocking_recv() {
        if piece.is_empty() {
            target.finish()?;
            let digest = hasher.finalize().to_hex().to_string();
            say.blocking_send(SinkEvent::Done(digest)).map_err(|_| gone())?;
            return Ok(());
        }
        target.write_all(&piece)?;
        hasher.update(&piece);
        at = at.saturating_add(piece.len() as u64);
        if at.saturating_sub(said) >= DOWNLOAD_ACK_BYTES || pieces.is_empty() {
            said = at;
            say.blocking_send(SinkEvent::Written(at)).map_err(|_| gone())?;
        }
    }
    Ok(())
}

/// Moves the complete file into place.
pub(crate) fn publish(part: &Path, path: &Path) -> io::Result<()> {
    std::fs::rename(part, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Returns the operating system's message.
pub(crate) fn io_words(e: &io::Error) -> String {
    words(e)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    async fn done(sink: &mut Sink) -> String {
        loop {
            match sink.event().await {
                SinkEvent::Done(digest) => return digest,
                SinkEvent::Failed(e) => panic!("{e}"),
                _ => {}
            }
        }
    }

    #[tokio::test]
    async fn it_goes_on_where_it_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let part = part_path(&path);
        assert_eq!(part.file_name().unwrap(), "f.part");
        {
            let mut sink = Sink::file(part.clone(), false);
            assert!(matches!(sink.event().await, SinkEvent::Ready(0)));
            sink.pieces().send(Bytes::from_static(b"hello ")).await.unwrap();
            assert!(matches!(sink.event().await, SinkEvent::Written(6)));
        }
        let mut sink = Sink::file(part.clone(), false);
        assert!(matches!(sink.event().await, SinkEvent::Ready(6)));
        sink.pieces().send(Bytes::from_static(b"world")).await.unwrap();
        sink.end().await;
        assert_eq!(done(&mut sink).await, blake3::hash(b"hello world").to_hex().to_string());
        publish(&part, &path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"hello world");
        assert!(!part.exists());
    }

    #[tokio::test]
    async fn anew_is_anew() {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("f.part");
        std::fs::write(&part, b"old").unwrap();
        let mut sink = Sink::file(part, true);
        assert!(matches!(sink.event().await, SinkEvent::Ready(0)));
        sink.end().await;
        assert_eq!(done(&mut sink).await, blake3::hash(b"").to_hex().to_string());
    }

    #[tokio::test]
    async fn a_place_that_cannot_be_written_is_told() {
        let mut sink = Sink::file(PathBuf::from("/proc/none/f.part"), false);
        assert!(matches!(sink.event().await, SinkEvent::Failed(_)));
    }
}
