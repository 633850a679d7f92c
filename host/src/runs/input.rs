//! Standard input of a run. The core's input is appended to a file, and a task writes it to the pipe as the command
//! reads it: a command that never reads blocks nobody, and a large input needs no memory. Over the limit the run is
//! stopped: a command must never read an input with a gap, or one that ends too early.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe::Sender;
use tokio::sync::watch;

use crate::limits::{INPUT_BYTES_MAX, READ_BYTES};

/// Why input was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rejected {
    /// The end of the input had been sent before.
    AfterEnd,
    /// The input exceeds the limit. The run must be stopped.
    TooMuch,
    /// The spool cannot be written. The run must be stopped.
    Spool,
}

/// The input of a run.
#[derive(Debug)]
pub struct Input {
    file: Arc<File>,
    // Orders the writers; never held across an await.
    appending: Mutex<()>,
    there: watch::Sender<Received>,
}

/// What has been received.
#[derive(Clone, Copy, Debug, Default)]
struct Received {
    bytes: u64,
    is_whole: bool,
}

impl Input {
    /// Makes an empty input, kept in this new file.
    pub fn new(file: File) -> Input {
        Input { file: Arc::new(file), appending: Mutex::default(), there: watch::Sender::default() }
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// [`Rejected`]: none of them were stored.
    pub fn append(&self, bytes: &[u8]) -> Result<(), Rejected> {
        let _appending = self.appending.lock().unwrap_or_else(PoisonError::into_inner);
        let Received { bytes: before, is_whole } = *self.there.borrow();
        if is_whole {
            return Err(Rejected::AfterEnd);
        }
        let after = before.saturating_add(bytes.len() as u64);
        if after > INPUT_BYTES_MAX {
            return Err(Rejected::TooMuch);
        }
        if let Err(error) = (&*self.file).write_all(bytes) {
            tracing::error!(%error, "the input of a run cannot be kept");
            return Err(Rejected::Spool);
        }
        self.there.send_modify(|there| there.bytes = after);
        Ok(())
    }

    /// Ends the input.
    pub fn close(&self) {
        self.there.send_modify(|there| there.is_whole = true);
    }

    /// Writes the input to the pipe, until all is written or the command reads no more. The task that runs this is
    /// stopped with the run.
    pub async fn feed(&self, pipe: OwnedFd) {
        let mut pipe = match Sender::from_owned_fd(pipe) {
            Ok(pipe) => pipe,
            Err(error) => return tracing::error!(%error, "a pipe cannot be written"),
        };
        let mut there = self.there.subscribe();
        let mut at = 0;
        loop {
            let Received { bytes, is_whole } = *there.borrow_and_update();
            if at < bytes {
                let Some(chunk) = self.read(at, bytes).await else { return };
                // The command closed its input: that is not an error, and the rest is dropped.
                if pipe.write_all(&chunk).await.is_err() {
                    return;
                }
                at = at.saturating_add(chunk.len() as u64);
            } else if is_whole || there.changed().await.is_err() {
                return;
            }
        }
    }

    async fn read(&self, from: u64, upto: u64) -> Option<Vec<u8>> {
        let file = Arc::clone(&self.file);
        let len = usize::try_from(upto.saturating_sub(from)).unwrap_or(READ_BYTES).min(READ_BYTES);
        let read = tokio::task::spawn_blocking(move || {
            let mut chunk = vec![0; len];
            file.read_exact_at(&mut chunk, from).map(|()| chunk)
        });
        match read.await {
            Ok(Ok(chunk)) => Some(chunk),
            Ok(Err(error)) => {
                tracing::error!(%error, "the input of a run cannot be read back");
                None
            }
            Err(_) => None,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_after_the_end() {
        let input = Input::new(tempfile::tempfile().unwrap());
        input.append(b"a").unwrap();
        input.close();
        assert_eq!(input.append(b"b"), Err(Rejected::AfterEnd));
    }

    #[test]
    fn too_much_is_refused_whole() {
        let input = Input::new(tempfile::tempfile().unwrap());
        input.there.send_modify(|there| there.bytes = INPUT_BYTES_MAX - 1);
        assert_eq!(input.append(b"ab"), Err(Rejected::TooMuch));
        input.append(b"a").unwrap();
    }

    #[test]
    fn a_spool_that_cannot_be_written_is_told() {
        let read_only = File::open("/dev/null").unwrap();
        assert_eq!(Input::new(read_only).append(b"a"), Err(Rejected::Spool));
    }
}
