//! The log of one run's output. The end of it is in memory, as encoded frames shared by all watchers; the rest is on
//! disk.
//!
//! Output from a host is in memory at once, so that watchers see it before it is written, and stays there at least
//! until it is written. [`super::pump`] writes it. The host's window bounds how many bytes may be unwritten.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;
use tokio::sync::watch;
use wardroom_protocol::RunId;
use wardroom_protocol::messages::{TermSize, Tty};

use super::output::{OutputFolder, OutputWriter};
use super::piece::Piece;
use super::terminal::Terminal;
use crate::limits::{RUN_TAIL_BYTES_MAX, WATCHERS_MAX};
use crate::sender::ConnectionSender;

/// The log of one run's output.
pub(super) struct RunLog {
    /// The run that it belongs to.
    pub run: RunId,
    /// Its folder on disk.
    pub folder: OutputFolder,
    /// The screen beside it, if the run has a terminal.
    pub terminal: Option<Terminal>,
    /// Held only by the pump while it writes, on a blocking thread.
    pub writer: Mutex<Option<OutputWriter>>,
    /// Held for appending and copying out; never across an await or a write.
    state: Mutex<State>,
    /// The number of bytes on disk, for tasks that wait for it.
    written: watch::Sender<u64>,
    /// The connections to wake. Read on every append, changed when a watcher starts or stops.
    watchers: RwLock<Vec<Arc<ConnectionSender>>>,
}

#[derive(Default)]
struct State {
    pieces: VecDeque<Piece>,
    /// Bytes of the frames of `pieces`.
    tail_bytes: usize,
    /// The offset after the last known byte.
    head: u64,
    /// The offset after the last byte on disk.
    written: u64,
    is_pumped: bool,
    /// The frame after the last byte, once the run is over.
    end: Option<Bytes>,
    /// The frame that says why known output is not yet recorded, for as long as that lasts.
    trouble: Option<Bytes>,
}

/// The result of appending output from a host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Appended {
    /// All of it was known already.
    Old {
        /// The number of bytes on disk.
        written: u64,
    },
    /// Some of it is new.
    New {
        /// True if no pump is running: the caller must start it.
        starts_pump: bool,
    },
    /// It starts after the end of the log.
    Gap {
        /// The offset at which the log ends.
        wanted: u64,
    },
}

/// What a watcher found at its cursor.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum LogRead {
    /// Nothing new, or no credit for it.
    UpToDate,
    /// Frames were taken; this is the new cursor.
    Took(u64),
    /// The tail starts after the cursor: read up to this offset from disk.
    Behind(u64),
    /// The cursor is at the end of the run, which this frame reports.
    End(Bytes),
    /// The run is over, and its output ends before the cursor.
    Beyond,
}

impl RunLog {
    /// Creates the log of an open run; `head` bytes are on disk.
    pub(super) fn new(runs: &Path, run: RunId, head: u64, tty: Option<Tty>) -> Self {
        Self::with_terminal(runs, run, head, tty, true)
    }

    fn with_terminal(runs: &Path, run: RunId, head: u64, tty: Option<Tty>, is_live: bool) -> Self {
        let state = State { head, written: head, ..State::default() };
        let folder = OutputFolder::new(runs, run);
        Self {
            run,
            terminal: tty.map(|tty| Terminal::new(folder.clone(), run, tty.size, is_live)),
            folder,
            writer: Mutex::default(),
            state: Mutex::new(state),
            written: watch::Sender::new(head),
            watchers: RwLock::default(),
        }
    }

    /// Creates the log of a finished run, all of it on disk.
    pub(super) fn over(runs: &Path, run: RunId, head: u64, tty: Option<Tty>, end: Bytes) -> Self {
        let log = Self::with_terminal(runs, run, head, tty, false);
        log.state().end = Some(end);
        log
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the offset after the last known byte.
    pub(super) fn head(&self) -> u64 {
        self.state().head
    }

    /// Returns the offset after the last byte on disk.
    pub(super) fn written(&self) -> u64 {
        self.state().written
    }

    /// Returns true once the end is known.
    pub(super) fn is_over(&self) -> bool {
        self.state().end.is_some()
    }

    /// Appends output from a host. Bytes that are known already are cut off, which makes a resend harmless.
    pub(super) fn append(&self, fd: u8, off: u64, size: Option<TermSize>, bytes: &[u8]) -> Appended {
        let mut state = self.state();
        let Some(known) = state.head.checked_sub(off) else { return Appended::Gap { wanted: state.head } };
        let new = usize::try_from(known).ok().and_then(|known| bytes.get(known..)).unwrap_or_default();
        if new.is_empty() || state.end.is_some() {
            return Appended::Old { written: state.written };
        }
        // A size holds from the first byte on: if that is known, so is the size.
        let piece = Piece::new(self.run, fd, state.head, size.filter(|_| known == 0), new);
        state.head = piece.end();
        state.tail_bytes += piece.frame.len();
        state.pieces.push_back(piece);
        let starts_pump = !std::mem::replace(&mut state.is_pumped, true);
        drop(state);
        self.wake();
        Appended::New { starts_pump }
    }

    /// Returns the pieces to write next. If there are none, the pump stops.
    pub(super) fn unwritten(&self) -> Vec<Piece> {
        let mut state = self.state();
        let from = state.pieces.partition_point(|piece| piece.end() <= state.written);
        let pieces: Vec<Piece> = state.pieces.iter().skip(from).cloned().collect();
        state.is_pumped = !pieces.is_empty();
        pieces
    }

    /// Records that everything before `upto` is on disk, and drops what need not stay in memory.
    pub(super) fn set_written(&self, upto: u64) {
        let mut state = self.state();
        state.written = upto;
        state.trouble = None;
        while state.tail_bytes > RUN_TAIL_BYTES_MAX && state.pieces.front().is_some_and(|piece| piece.end() <= upto) {
            let Some(oldest) = state.pieces.pop_front() else { break };
            state.tail_bytes -= oldest.frame.len();
        }
        drop(state);
        self.written.send_replace(upto);
    }

    /// Records that a write failed: the pump stops and must be started again later.
    pub(super) fn stop_pump(&self) {
        self.state().is_pumped = false;
    }

    /// Sets the notice that watchers get while some of the run is not recorded. Returns true if it is new.
    pub(super) fn set_trouble(&self, frame: Bytes) -> bool {
        let mut state = self.state();
        if state.trouble.as_ref() == Some(&frame) {
            return false;
        }
        state.trouble = Some(frame);
        drop(state);
        self.wake();
        true
    }

    /// Returns the current notice, if any.
    pub(super) fn trouble(&self) -> Option<Bytes> {
        self.state().trouble.clone()
    }

    /// Returns true if output is unwritten and no pump is running; the caller must then start it.
    pub(super) fn wants_pump(&self) -> bool {
        let mut state = self.state();
        let wants = !state.is_pumped && state.written < state.head;
        state.is_pumped |= wants;
        wants
    }

    /// Waits until all known output is on disk.
    pub(super) async fn all_written(&self) {
        let head = self.head();
        // The sender lives as long as `self`.
        drop(self.written.subscribe().wait_for(|written| *written >= head).await);
    }

    /// Makes everything on disk durable, and closes the files. Blocks.
    pub(super) fn close(&self) -> std::io::Result<()> {
        // The last screen only saves reading the output again: a run ends without it, too.
        if let Some(Err(error)) = self.terminal.as_ref().map(|terminal| terminal.close(self.written())) {
            tracing::warn!(run = %self.run, %error, "the last screen of a terminal is not stored");
        }
        drop(self.writer.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.folder.sync()
    }

    /// Ends the run: watchers get `end` after the last byte.
    pub(super) fn finish(&self, end: Bytes) {
        self.state().end = Some(end);
        self.wake();
    }

    /// Copies up to `count` frames, starting at `cursor` and ending before `upto`, to `out`.
    pub(super) fn read(&self, cursor: u64, upto: u64, count: usize, out: &mut Vec<Bytes>) -> LogRead {
        let state = self.state();
        if cursor >= state.head {
            return match &state.end {
                Some(end) if cursor == state.head => LogRead::End(end.clone()),
                Some(_) => LogRead::Beyond,
                None => LogRead::UpToDate,
            };
        }
        if cursor >= upto {
            return LogRead::UpToDate;
        }
        let first = state.pieces.front().map_or(state.head, |piece| piece.off);
        if cursor < first {
            return LogRead::Behind(first.min(upto));
        }
        let skip = state.pieces.partition_point(|piece| piece.end() <= cursor);
        let mut at = cursor;
        for piece in state.pieces.iter().skip(skip).take(count) {
            let Some(piece) = piece.cut(self.run, at, upto) else { break };
            at = piece.end();
            out.push(piece.frame);
        }
        LogRead::Took(at)
    }

    /// Adds a connection to wake. Returns false if the maximum number is watching. Watchers subscribe before they read,
    /// so that no wake-up is lost.
    pub(super) fn subscribe(&self, watcher: &Arc<ConnectionSender>) -> bool {
        let mut watchers = self.watchers.write().unwrap_or_else(PoisonError::into_inner);
        let has_room = watchers.len() < WATCHERS_MAX;
        if has_room {
            watchers.push(Arc::clone(watcher));
        }
        has_room
    }

    /// Removes a connection.
    pub(super) fn unsubscribe(&self, watcher: &Arc<ConnectionSender>) {
        let mut watchers = self.watchers.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = watchers.iter().position(|w| Arc::ptr_eq(w, watcher)) {
            watchers.swap_remove(at);
        }
    }

    /// Calls `act` for each connection that watches.
    pub(super) fn each_watcher(&self, act: impl Fn(&ConnectionSender)) {
        for watcher in self.watchers.read().unwrap_or_else(PoisonError::into_inner).iter() {
            act(watcher);
        }
    }

    fn wake(&self) {
        for watcher in self.watchers.read().unwrap_or_else(PoisonError::into_inner).iter() {
            watcher.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::HOST_WINDOW_BYTES;
    use wardroom_protocol::messages::RunOutput;

    fn log() -> RunLog {
        RunLog::new(Path::new("/nowhere"), RunId::from_parts(1, 2), 0, None)
    }

    /// Returns the bytes that a reader gets, by descriptor, and the result with its new cursor.
    fn read(log: &RunLog, cursor: u64, upto: u64) -> (Vec<(u8, String)>, LogRead) {
        let mut out = Vec::new();
        let step = log.read(cursor, upto, usize::MAX, &mut out);
        let mut pieces: Vec<(u8, String)> = Vec::new();
        for frame in out {
            let text = String::from_utf8_lossy(&frame).into_owned();
            let (line, body) = text.split_once('\n').unwrap_or_default();
            let head: RunOutput = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            assert_eq!(head.len, body.len() as u64);
            match pieces.last_mut() {
                Some((fd, bytes)) if *fd == head.fd => bytes.push_str(body),
                _ => pieces.push((head.fd, body.to_owned())),
            }
        }
        (pieces, step)
    }

    #[test]
    fn a_resend_is_cut_and_a_gap_is_refused() {
        let log = log();
        assert_eq!(log.append(1, 0, None, b"abc"), Appended::New { starts_pump: true });
        assert_eq!(log.append(1, 0, None, b"abc"), Appended::Old { written: 0 });
        assert_eq!(log.append(1, 1, None, b"b"), Appended::Old { written: 0 });
        assert_eq!(log.append(2, 1, None, b"bcdef"), Appended::New { starts_pump: false });
        assert_eq!(log.append(1, 7, None, b"x"), Appended::Gap { wanted: 6 });
        assert_eq!(log.append(1, 6, None, b""), Appended::Old { written: 0 });
        assert_eq!(read(&log, 0, 99), (vec![(1, "abc".into()), (2, "def".into())], LogRead::Took(6)));
    }

    #[test]
    fn credit_cuts_pieces_and_a_cursor_may_stand_anywhere() {
        let log = log();
        log.append(1, 0, None, b"abcdef");
        log.append(2, 6, None, b"ghi");
        for from in 0..9 {
            for upto in from..=9 {
                let (pieces, step) = read(&log, from, upto);
                let bytes: String = pieces.into_iter().map(|(_, bytes)| bytes).collect();
                let range = usize::try_from(from).unwrap_or(0)..usize::try_from(upto).unwrap_or(0);
                assert_eq!(Some(bytes.as_str()), "abcdefghi".get(range));
                assert_eq!(step, if from == upto { LogRead::UpToDate } else { LogRead::Took(upto) });
            }
        }
    }

    #[test]
    fn the_end_comes_after_the_last_byte() {
        let log = log();
        log.append(1, 0, None, b"abc");
        log.finish(Bytes::from_static(b"end"));
        assert_eq!(read(&log, 0, 2).1, LogRead::Took(2));
        assert_eq!(read(&log, 2, 2).1, LogRead::UpToDate);
        assert_eq!(read(&log, 2, 9).1, LogRead::Took(3));
        assert_eq!(read(&log, 3, 3).1, LogRead::End(Bytes::from_static(b"end")));
        assert_eq!(read(&log, 4, 9).1, LogRead::Beyond);
        assert_eq!(log.append(1, 3, None, b"late"), Appended::Old { written: 0 });
    }

    #[test]
    fn memory_keeps_what_is_not_on_disk_and_little_else() {
        let log = log();
        let chunk = vec![b'x'; 64 << 10];
        let mut off = 0;
        while off < HOST_WINDOW_BYTES {
            log.append(1, off, None, &chunk);
            off += chunk.len() as u64;
        }
        assert_eq!(read(&log, 0, 1).1, LogRead::Took(1), "nothing is written, so nothing goes");
        assert_eq!(log.unwritten().len(), 16);
        log.set_written(HOST_WINDOW_BYTES / 2);
        assert_eq!(read(&log, 0, u64::MAX).1, LogRead::Behind(HOST_WINDOW_BYTES / 2));
        assert_eq!(read(&log, 0, 10).1, LogRead::Behind(10), "no further than the credit");
        log.set_written(HOST_WINDOW_BYTES);
        assert!(log.unwritten().is_empty());
        let kept = log.state().tail_bytes;
        assert!(kept <= RUN_TAIL_BYTES_MAX && kept > RUN_TAIL_BYTES_MAX / 2, "{kept}");
    }

    #[test]
    fn a_pump_is_started_once_and_again_after_a_fault() {
        let log = log();
        assert_eq!(log.append(1, 0, None, b"a"), Appended::New { starts_pump: true });
        assert!(!log.wants_pump());
        log.stop_pump();
        assert!(log.wants_pump());
        assert!(!log.wants_pump());
        log.set_written(1);
        assert!(log.unwritten().is_empty());
        assert!(!log.wants_pump(), "nothing is left");
        assert_eq!(log.append(1, 1, None, b"b"), Appended::New { starts_pump: true });
    }

    #[test]
    fn trouble_is_news_once_until_something_was_written() {
        let log = log();
        log.append(1, 0, None, b"a");
        assert!(log.set_trouble(Bytes::from_static(b"full")));
        assert!(!log.set_trouble(Bytes::from_static(b"full")));
        assert_eq!(log.trouble(), Some(Bytes::from_static(b"full")));
        log.set_written(1);
        assert_eq!(log.trouble(), None);
        assert!(log.set_trouble(Bytes::from_static(b"full")));
    }

    #[test]
    fn watchers_are_bounded_and_go() {
        let (log, sender) = (log(), ConnectionSender::new());
        (0..WATCHERS_MAX).for_each(|_| assert!(log.subscribe(&sender)));
        assert!(!log.subscribe(&sender));
        log.unsubscribe(&sender);
        assert!(log.subscribe(&sender));
    }
}
