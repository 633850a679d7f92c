//! Prints a run's output, for `run` and `output`, to stdout and stderr on a thread of its own, so that a slow reader delays the run (by credit),
//! and not the heartbeat.

use std::io::{self, Write};

use base64::Engine;
use bytes::Bytes;
use tokio::task::JoinHandle;
use wardroom_protocol::RunId;
use wardroom_protocol::messages::RunEnd;
use wardroom_protocol::terminal_queries::QueryFilter;

use super::starting::say_started;
use crate::exit::Failure;
use crate::text::TerminalFilter;

/// How output is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Style {
    /// Byte for byte.
    Raw,
    /// For a terminal: controls made visible, colours kept.
    Filtered,
    /// The output of a terminal, for a terminal: unchanged, but for the queries that the server has answered already.
    Terminal,
    /// One JSON object per piece, on stdout.
    Json,
}

type Piece = (u8, Vec<u8>);

/// The printer.
pub(super) struct Printer {
    style: Style,
    filters: [TerminalFilter; 2],
    queries: QueryFilter,
    waiting: Vec<Bytes>,
    /// The descriptor of each of `waiting`: 1 or 2.
    fds: Vec<u8>,
    /// The offset after the last queued piece.
    end: u64,
    writing: Option<(u64, JoinHandle<io::Result<()>>)>,
}

impl Printer {
    pub(super) fn new(style: Style) -> Printer {
        Printer {
            style,
            filters: Default::default(),
            queries: QueryFilter::default(),
            waiting: Vec::new(),
            fds: Vec::new(),
            end: 0,
            writing: None,
        }
    }

    /// Queues the next bytes of the output.
    pub(super) fn push(&mut self, fd: u8, off: u64, bytes: Bytes) {
        self.end = off.saturating_add(bytes.len() as u64);
        self.waiting.push(bytes);
        self.fds.push(fd);
    }

    /// Drops what waits, for a picture of a screen that contains all output before `off`.
    pub(super) fn restart(&mut self, off: u64, picture: Bytes) {
        self.waiting.clear();
        self.fds.clear();
        self.queries = QueryFilter::default();
        self.push(0, off, picture);
        self.end = off;
    }

    /// Queues words of ours.
    pub(super) fn say(&mut self, words: Bytes) {
        self.waiting.push(words);
        self.fds.push(0);
    }

    /// Bytes that wait to be written.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting.iter().fold(0, |sum, bytes| sum.saturating_add(bytes.len()))
    }

    /// Counts bytes up to `end` as printed once everything before them is.
    pub(super) fn skip(&mut self, end: u64) {
        self.push(0, end, Bytes::new());
    }

    /// Tells the number of the run: programs in a first line, people at a terminal.
    pub(super) fn started(&mut self, run: RunId, n: u64) {
        if self.style == Style::Json {
            let line = serde_json::json!({ "t": "started", "run": run, "n": n }).to_string();
            self.waiting.push(Bytes::from(line + "\n"));
            self.fds.push(0);
        } else {
            say_started(n, "");
        }
    }

    /// Returns true if nothing is queued or being written.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.writing.is_none()
    }

    /// Writes what is queued; returns the offset up to which everything is written. Pending while there is nothing to
    /// write. Cancel-safe.
    pub(super) async fn printed(&mut self) -> io::Result<u64> {
        if self.writing.is_none() {
            if self.waiting.is_empty() {
                return std::future::pending().await;
            }
            let pieces = self.take_waiting();
            self.writing = Some((self.end, tokio::task::spawn_blocking(move || write(&pieces))));
        }
        let Some((end, task)) = &mut self.writing else { return std::future::pending().await };
        let (end, result) = (*end, task.await);
        self.writing = None;
        result.map_err(io::Error::other)?.map(|()| end)
    }

    fn take_waiting(&mut self) -> Vec<Piece> {
        let fds = std::mem::take(&mut self.fds);
        let waiting = std::mem::take(&mut self.waiting);
        fds.into_iter().zip(waiting).map(|(fd, bytes)| self.piece(fd, &bytes)).collect()
    }

    fn piece(&mut self, fd: u8, bytes: &[u8]) -> Piece {
        match self.style {
            _ if fd == 0 => (1, bytes.to_vec()),
            Style::Raw => (fd, bytes.to_vec()),
            Style::Filtered => {
                let [out, err] = &mut self.filters;
                (fd, if fd == 2 { err.push(bytes) } else { out.push(bytes) })
            }
            Style::Terminal => {
                let mut shown = Vec::with_capacity(bytes.len());
                self.queries.filter(bytes, &mut shown);
                (1, shown)
            }
            Style::Json => {
                let value = match std::str::from_utf8(bytes) {
                    Ok(text) => serde_json::json!({ "t": "output", "fd": fd, "text": text }),
                    Err(_) => {
                        let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
                        serde_json::json!({ "t": "output", "fd": fd, "base64": base64 })
                    }
                };
                (1, format!("{value}\n").into_bytes())
            }
        }
    }

    /// Prints what was held back at the end of the output, and the last line for programs.
    pub(super) async fn finish(&mut self, end: Option<&RunEnd>) -> Result<(), Failure> {
        let [out, err] = &mut self.filters;
        let mut pieces = vec![(1, out.finish()), (2, err.finish())];
        if let Some(end) = end.filter(|_| self.style == Style::Json) {
            let value = serde_json::json!({
                "t": "ended", "exit": end.exit, "bytes": end.bytes, "ms": end.ms, "truncated": end.truncated, "left": end.left, "ended": end.ended,
            });
            pieces.push((1, format!("{value}\n").into_bytes()));
        }
        let written = tokio::task::spawn_blocking(move || write(&pieces)).await.map_err(io::Error::other);
        match written.and_then(|written| written) {
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Failure::from(e)),
            _ => Ok(()),
        }
    }
}

fn write(pieces: &[Piece]) -> io::Result<()> {
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    for (fd, bytes) in pieces {
        if *fd == 2 {
            // Earlier output on stdout must appear first.
            out.flush()?;
            match err.write_all(bytes) {
                Err(e) if e.kind() != io::ErrorKind::BrokenPipe => return Err(e),
                _ => {}
            }
        } else {
            out.write_all(bytes)?;
        }
    }
    out.flush()
}
