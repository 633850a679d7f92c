//! Somebody who looks at a terminal, and may type: what all contenders have in common. How the bytes travel is the
//! business of `wire.rs`, `pty.rs` and their like, which take them in here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

use super::look::Look;

/// What waits to be sent: keys, or acknowledgements of half a window.
const SENT_MAX: usize = 64;

/// What a viewer sends.
pub enum Sent {
    /// Keys.
    Keys(Vec<u8>),
    /// A line of the protocol, for those who have one.
    Line(String),
}

/// A viewer. Dropping it closes its connection.
pub struct Viewer {
    shared: Arc<Shared>,
    out: mpsc::Sender<Sent>,
    tasks: Vec<JoinHandle<()>>,
}

/// What a viewer shares with the tasks that carry its bytes.
pub struct Shared {
    seen: Mutex<Seen>,
    changed: Notify,
    is_stopped: watch::Sender<bool>,
    /// Bytes a second that it reads at most; for ever as many, if absent.
    pace: Option<u64>,
}

#[derive(Default)]
struct Seen {
    bytes: u64,
    screen: Look,
    line: Look,
    failure: Option<String>,
}

/// What [`Viewer::new`] gives to those who carry the bytes.
pub type Carried = (Viewer, Arc<Shared>, mpsc::Receiver<Sent>);

impl Viewer {
    /// A viewer whose tasks are still to be started.
    pub fn new(pace: Option<u64>) -> Carried {
        let (out, sent) = mpsc::channel(SENT_MAX);
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            changed: Notify::new(),
            is_stopped: watch::Sender::new(false),
            pace,
        });
        (Self { shared: Arc::clone(&shared), out, tasks: Vec::new() }, shared, sent)
    }

    /// Starts a task that ends with the viewer.
    pub fn spawn(&mut self, task: impl Future<Output = Result<()>> + Send + 'static) {
        let shared = Arc::clone(&self.shared);
        self.tasks.push(tokio::spawn(async move {
            if let Err(error) = task.await {
                shared.seen().failure = Some(format!("{error:#}"));
                shared.changed.notify_one();
            }
        }));
    }

    /// Where its lines and keys go.
    pub fn out(&self) -> mpsc::Sender<Sent> {
        self.out.clone()
    }

    /// Types.
    pub async fn press(&self, keys: &[u8]) -> Result<()> {
        self.send(Sent::Keys(keys.to_vec())).await
    }

    /// Sends a line of the protocol.
    pub async fn say(&self, line: String) -> Result<()> {
        self.send(Sent::Line(line)).await
    }

    async fn send(&self, sent: Sent) -> Result<()> {
        self.out.send(sent).await.map_err(|_| anyhow!("the connection of a viewer is closed"))
    }

    /// Begins to look for a marker on the screen.
    pub fn look_for(&self, marker: &[u8]) {
        self.shared.seen().screen.begin(marker);
    }

    /// Begins to look for a marker in the lines of the protocol.
    pub fn look_for_line(&self, marker: &[u8]) {
        self.shared.seen().line.begin(marker);
    }

    /// Waits for the marker, and says when it came.
    pub async fn found(&self, limit: Duration) -> Result<Instant> {
        self.wait(limit, |seen| seen.screen.found()).await
    }

    /// Waits for the marker in the lines of the protocol.
    pub async fn found_line(&self, limit: Duration) -> Result<Instant> {
        self.wait(limit, |seen| seen.line.found()).await
    }

    async fn wait(&self, limit: Duration, when: impl Fn(&Seen) -> Option<Instant>) -> Result<Instant> {
        let waiting = async {
            loop {
                {
                    let seen = self.shared.seen();
                    if let Some(at) = when(&seen) {
                        return Ok(at);
                    }
                    if let Some(failure) = &seen.failure {
                        bail!("a viewer lost its terminal: {failure}");
                    }
                }
                self.shared.changed.notified().await;
            }
        };
        tokio::time::timeout(limit, waiting).await.with_context(|| format!("nothing came in {} s", limit.as_secs()))?
    }

    /// Bytes of the terminal that it received.
    pub fn bytes(&self) -> u64 {
        self.shared.seen().bytes
    }

    /// Stops reading, or goes on.
    pub fn stop_reading(&self, is_stopped: bool) {
        self.shared.is_stopped.send_replace(is_stopped);
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes bytes of the terminal.
    pub fn take(&self, bytes: &[u8]) {
        let mut seen = self.seen();
        seen.bytes += bytes.len() as u64;
        if seen.screen.take(bytes) {
            self.changed.notify_one();
        }
    }

    /// Takes a line of the protocol.
    pub fn take_line(&self, line: &[u8]) {
        if self.seen().line.take(line) {
            self.changed.notify_one();
        }
    }

    /// Bytes to read at once: a slow viewer takes small pieces.
    pub fn read_bytes(&self) -> usize {
        if self.pace.is_some() { 16 << 10 } else { 256 << 10 }
    }

    /// Waits until more may be read: after so many bytes at its pace, and not while it has stopped.
    pub async fn until_it_reads(&self, after_bytes: usize) {
        if let Some(pace) = self.pace {
            tokio::time::sleep(Duration::from_secs_f64(after_bytes as f64 / pace as f64)).await;
        }
        // The sender lives as long as this.
        let _ = self.is_stopped.subscribe().wait_for(|is_stopped| !is_stopped).await;
    }
}
