//! The log of one run's output: its end in memory, as encoded frames shared by all who watch, the rest on disk.
//!
//! What a host sends is in memory at once, so that watchers see it before it is written; it stays there at least until
//! it is. [`super::pump`] writes it. How many bytes may be unwritten is bounded by the window that the host is given.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;
use tokio::sync::watch;
use wardroom_protocol::RunId;

use super::output::{OutputFolder, OutputWriter};
use super::piece::Piece;
use crate::limits::{RUN_TAIL_BYTES_MAX, WATCHERS_MAX};
use crate::sender::ConnectionSender;

/// The log of one run's output.
pub(super) struct RunLog {
    /// Whose it is.
    pub run: RunId,
    /// Where it is on disk.
    pub folder: OutputFolder,
    /// Held by the pump alone, while it writes: on a thread that may block.
    pub writer: Mutex<Option<OutputWriter>>,
    /// Held for appending and copying out; never across an await or a write.
    state: Mutex<State>,
    /// Bytes on disk, for those who wait for it.
    written: watch::Sender<u64>,
    /// The connections to wake; read on every append, changed when somebody begins or ends to watch.
    watchers: RwLock<Vec<Arc<ConnectionSender>>>,
}

#[derive(Default)]
struct State {
    pieces: VecDeque<Piece>,
    /// Bytes of the frames of `pieces`.
    tail_bytes: usize,
    /// The place behind the last byte that is known.
    head: u64,
    /// The place behind the last byte that is on disk.
    written: u64,
    is_pumped: bool,
    /// The frame that follows the last byte, once the run is over.
    end: Option<Bytes>,
    /// The frame that says why what is known is not on record, as long as it is not.
    trouble: Option<Bytes>,
}

/// What became of output that a host sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Appended {
    /// All of it was there. On disk the log ends here.
    Old {
        /// Bytes on disk.
        written: u64,
    },
    /// Some of it is new. `starts_pump`: nobody writes it yet, the caller sees to that.
    New {
        /// The pump is to be started.
        starts_pump: bool,
    },
    /// It begins behind the place where the log ends.
    Gap {
        /// Where it ends.
        wanted: u64,
    },
}

/// What a watcher found at its cursor.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum LogRead {
    /// Nothing new, or no credit for it.
    UpToDate,
    /// Frames were taken; the cursor now stands here.
    Took(u64),
    /// The tail begins behind the cursor: read up to here from disk.
    Behind(u64),
    /// It stands at the end, which this frame says.
    End(Bytes),
    /// The run is over, and never had a byte there.
    Beyond,
}

impl RunLog {
    /// The log of a run that goes on; `head` bytes are on disk.
    pub(super) fn new(runs: &Path, run: RunId, head: u64) -> Self {
        let state = State { head, written: head, ..State::default() };
        Self {
            run,
            folder: OutputFolder::new(runs, run),
            writer: Mutex::default(),
            state: Mutex::new(state),
            written: watch::Sender::new(head),
            watchers: RwLock::default(),
        }
    }

    /// The log of a run that is over, all of it on disk.
    pub(super) fn over(runs: &Path, run: RunId, head: u64, end: Bytes) -> Self {
        let log = Self::new(runs, run, head);
        log.state().end = Some(end);
        log
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place behind the last byte that is known.
    pub(super) fn head(&self) -> u64 {
        self.state().head
    }

    /// The place behind the last byte that is on disk.
    pub(super) fn written(&self) -> u64 {
        self.state().written
    }

    /// True once the end is known.
    pub(super) fn is_over(&self) -> bool {
        self.state().end.is_some()
    }

    /// Takes output from a host. What is there already is cut off: a resend is harmless.
    pub(super) fn append(&self, fd: u8, off: u64, bytes: &[u8]) -> Appended {
        let mut state = self.state();
        let Some(known) = state.head.checked_sub(off) else { return Appended::Gap { wanted: state.head } };
        let new = usize::try_from(known).ok().and_then(|known| bytes.get(known..)).unwrap_or_default();
        if new.is_empty() || state.end.is_some() {
            return Appended::Old { written: state.written };
        }
        let piece = Piece::new(self.run, fd, state.head, new);
        state.head = piece.end();
        state.tail_bytes += piece.frame.len();
        state.pieces.push_back(piece);
        let starts_pump = !std::mem::replace(&mut state.is_pumped, true);
        drop(state);
        self.wake();
        Appended::New { starts_pump }
    }

    /// What is to be written next; nothing ends the pump.
    pub(super) fn unwritten(&self) -> Vec<Piece> {
        let mut state = self.state();
        let from = state.pieces.partition_point(|piece| piece.end() <= state.written);
        let pieces: Vec<Piece> = state.pieces.iter().skip(from).cloned().collect();
        state.is_pumped = !pieces.is_empty();
        pieces
    }

    /// All before `upto` is on disk. What is not needed in memory any more goes.
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

    /// The disk did not take it: the pump ends, and is to be started again later.
    pub(super) fn stop_pump(&self) {
        self.state().is_pumped = false;
    }

    /// What the run's watchers are told while something of it is not on record. True if it is news.
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

    /// What is to be told now.
    pub(super) fn trouble(&self) -> Option<Bytes> {
        self.state().trouble.clone()
    }

    /// True where something is unwritten and nobody writes it; the caller starts the pump then.
    pub(super) fn wants_pump(&self) -> bool {
        let mut state = self.state();
        let wants = !state.is_pumped && state.written < state.head;
        state.is_pumped |= wants;
        wants
    }

    /// Waits until all that is known is on disk.
    pub(super) async fn all_written(&self) {
        let head = self.head();
        // The sender lives as long as this.
        drop(self.written.subscribe().wait_for(|written| *written >= head).await);
    }

    /// Makes all that is on disk durable, and closes its files. Blocks.
    pub(super) fn close(&self) -> std::io::Result<()> {
        drop(self.writer.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.folder.sync()
    }

    /// The run is over: its watchers are told after the last byte.
    pub(super) fn finish(&self, end: Bytes) {
        self.state().end = Some(end);
        self.wake();
    }

    /// Copies up to `count` frames from `cursor` on to `out`, none of them beyond `upto`.
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

    /// Adds a connection to wake; false where there are as many as may be. It subscribes before it looks, so that no
    /// wake-up is lost.
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
        RunLog::new(Path::new("/nowhere"), RunId::from_parts(1, 2), 0)
    }

    /// The bytes that a reader is given, by descriptor, and where it then stands.
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
        assert_eq!(log.append(1, 0, b"abc"), Appended::New { starts_pump: true });
        assert_eq!(log.append(1, 0, b"abc"), Appended::Old { written: 0 });
        assert_eq!(log.append(1, 1, b"b"), Appended::Old { written: 0 });
        assert_eq!(log.append(2, 1, b"bcdef"), Appended::New { starts_pump: false });
        assert_eq!(log.append(1, 7, b"x"), Appended::Gap { wanted: 6 });
        assert_eq!(log.append(1, 6, b""), Appended::Old { written: 0 });
        assert_eq!(read(&log, 0, 99), (vec![(1, "abc".into()), (2, "def".into())], LogRead::Took(6)));
    }

    #[test]
    fn credit_cuts_pieces_and_a_cursor_may_stand_anywhere() {
        let log = log();
        log.append(1, 0, b"abcdef");
        log.append(2, 6, b"ghi");
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
        log.append(1, 0, b"abc");
        log.finish(Bytes::from_static(b"end"));
        assert_eq!(read(&log, 0, 2).1, LogRead::Took(2));
        assert_eq!(read(&log, 2, 2).1, LogRead::UpToDate);
        assert_eq!(read(&log, 2, 9).1, LogRead::Took(3));
        assert_eq!(read(&log, 3, 3).1, LogRead::End(Bytes::from_static(b"end")));
        assert_eq!(read(&log, 4, 9).1, LogRead::Beyond);
        assert_eq!(log.append(1, 3, b"late"), Appended::Old { written: 0 });
    }

    #[test]
    fn memory_keeps_what_is_not_on_disk_and_little_else() {
        let log = log();
        let chunk = vec![b'x'; 64 << 10];
        let mut off = 0;
        while off < HOST_WINDOW_BYTES {
            log.append(1, off, &chunk);
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
        assert_eq!(log.append(1, 0, b"a"), Appended::New { starts_pump: true });
        assert!(!log.wants_pump());
        log.stop_pump();
        assert!(log.wants_pump());
        assert!(!log.wants_pump());
        log.set_written(1);
        assert!(log.unwritten().is_empty());
        assert!(!log.wants_pump(), "nothing is left");
        assert_eq!(log.append(1, 1, b"b"), Appended::New { starts_pump: true });
    }

    #[test]
    fn trouble_is_news_once_until_something_was_written() {
        let log = log();
        log.append(1, 0, b"a");
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
