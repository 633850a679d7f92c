//! The terminal of a run as the core sees it: its screen beside the log. The pump feeds the screen with what it has just
//! written, so that a screen belongs to an offset; watchers that join late or fall behind begin with a snapshot of it.
//! Everything here blocks, so call it on blocking threads.
//!
//! The screen in memory can always be made again, from the last one on disk and the output behind it.

mod store;

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use wardroom_protocol::RunId;
use wardroom_protocol::frame::{Number, encode_with_body};
use wardroom_protocol::limits::{BODY_BYTES_MAX, LINE_BYTES_MAX};
use wardroom_protocol::messages::{HostReply, RunSnapshot, TermSize, TermTextOk};
use wardroom_screen::{Reply, Screen};

use super::output::OutputFolder;
use super::piece::Piece;
use crate::limits::{REPLIES_KEPT_MAX, SCREEN_EVERY_BYTES};

/// The terminal of one run.
pub(super) struct Terminal {
    run: RunId,
    folder: OutputFolder,
    /// Its size before the first byte of output.
    first_size: TermSize,
    /// False if the run is over: its screen is not kept in memory.
    is_live: bool,
    /// Held while output is fed, on a blocking thread; never across an await.
    state: Mutex<State>,
    /// True once the screen is in memory. Costs no lock.
    is_restored: AtomicBool,
    /// The last answers to queries, for a host that may not have got them. Held for a look.
    replies: Mutex<VecDeque<Bytes>>,
}

#[derive(Default)]
struct State {
    screen: Option<Screen>,
    /// The last snapshot, for watchers that begin at the same offset.
    snapshot: Option<Arc<Snapshot>>,
    /// The offset of the last screen on disk, and the end of its record.
    stored: (u64, u64),
    /// The offset from which on the next one is written.
    store_at: u64,
}

/// The rows of a screen.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The offset of the first byte of output that it does not contain.
    pub off: u64,
    /// The rows as text, without empty ones at the bottom.
    pub lines: Vec<String>,
    /// The row with the cursor.
    pub cursor: usize,
}

/// A screen as frames of `run.snapshot`, encoded once for all watchers.
pub(super) struct Snapshot {
    /// The offset of the first byte of output that it does not contain.
    pub off: u64,
    /// The parts.
    pub frames: Vec<Bytes>,
}

impl Terminal {
    /// Creates a terminal. Nothing is read yet.
    pub(super) fn new(folder: OutputFolder, run: RunId, first_size: TermSize, is_live: bool) -> Self {
        Self {
            run,
            folder,
            first_size,
            is_live,
            state: Mutex::default(),
            is_restored: AtomicBool::new(false),
            replies: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Feeds what was written to disk. Returns frames for the host: answers to the queries in it.
    pub(super) fn feed(&self, pieces: &[Piece]) -> Vec<Bytes> {
        let Some(first) = pieces.first() else { return Vec::new() };
        let mut state = self.state();
        let mut replies = match self.ensure(&mut state, first.off) {
            Ok(replies) => replies,
            Err(error) => {
                // Tried again with the next output.
                tracing::warn!(run = %self.run, %error, "the screen of a terminal cannot be read");
                return Vec::new();
            }
        };
        state.snapshot = None;
        if let Some(screen) = &mut state.screen {
            for piece in pieces {
                self.guarded(screen, piece.end(), |screen| {
                    if let Some(size) = piece.size.filter(|_| piece.off >= screen.off()) {
                        screen.resize(size);
                    }
                    let known = usize::try_from(screen.off().saturating_sub(piece.off)).unwrap_or(usize::MAX);
                    screen.feed(piece.bytes().get(known..).unwrap_or_default(), &mut replies);
                });
            }
        }
        if state.screen.as_ref().is_some_and(|screen| screen.off() >= state.store_at) {
            self.store(&mut state);
        }
        let frames: Vec<Bytes> = replies.into_iter().map(|reply| self.reply(reply)).collect();
        let mut kept = self.replies();
        kept.extend(frames.iter().cloned());
        let old = kept.len().saturating_sub(REPLIES_KEPT_MAX);
        kept.drain(..old);
        drop(kept);
        frames
    }

    /// Reads the screen of a terminal whose core was restarted. Returns answers to the queries that this core has read,
    /// which the host may have already.
    pub(super) fn restore(&self, upto: u64) -> io::Result<Vec<Bytes>> {
        let mut state = self.state();
        let replies = self.ensure(&mut state, upto)?;
        Ok(replies.into_iter().map(|reply| self.reply(reply)).collect())
    }

    /// Returns true if the screen is in memory.
    pub(super) fn is_restored(&self) -> bool {
        self.is_restored.load(Ordering::Acquire)
    }

    /// Returns the last answers, for a host that has connected again.
    pub(super) fn last_replies(&self) -> Vec<Bytes> {
        self.replies().iter().cloned().collect()
    }

    fn replies(&self) -> MutexGuard<'_, VecDeque<Bytes>> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the screen. `upto` is the offset up to which output is on disk.
    pub(super) fn snapshot(&self, upto: u64) -> io::Result<Arc<Snapshot>> {
        let mut state = self.state();
        if let Some(snapshot) = &state.snapshot {
            return Ok(Arc::clone(snapshot));
        }
        self.ensure(&mut state, upto)?;
        let screen = state.screen.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let snapshot = Arc::new(Snapshot {
            off: screen.off(),
            frames: self.frames(screen.off(), screen.size(), &screen.snapshot()),
        });
        state.snapshot = Some(Arc::clone(&snapshot));
        if !self.is_live {
            state.screen = None;
        }
        Ok(snapshot)
    }

    /// Returns the last screen on disk from before a moment (Unix milliseconds), an empty one if there is none. `upto` is
    /// the offset up to which output is on disk.
    pub(super) fn recorded(&self, at: u64, upto: u64) -> io::Result<Arc<Snapshot>> {
        let written = self.folder.written_until(at)?.unwrap_or(upto);
        let stored = store::last(&self.folder.0, written.min(upto))?;
        let size = stored.size.unwrap_or(self.first_size);
        Ok(Arc::new(Snapshot { off: stored.off, frames: self.frames(stored.off, size, &stored.bytes) }))
    }

    /// Returns the rows of the visible screen, and the row of the cursor.
    pub(super) fn rows(&self, upto: u64) -> io::Result<Rows> {
        let mut state = self.state();
        self.ensure(&mut state, upto)?;
        let screen = state.screen.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let rows = Rows { off: screen.off(), lines: screen.lines(), cursor: screen.cursor_row() };
        if !self.is_live {
            state.screen = None;
        }
        Ok(rows)
    }

    /// Returns the visible screen as text: as many rows as fit a line of the wire.
    pub(super) fn text(&self, upto: u64) -> io::Result<TermTextOk> {
        let mut state = self.state();
        self.ensure(&mut state, upto)?;
        let screen = state.screen.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let mut text = TermTextOk { off: screen.off(), title: screen.title().to_owned(), lines: Vec::new() };
        let mut bytes = 4_096;
        for line in screen.lines() {
            bytes += serde_json::to_string(&line).map_or(0, |json| json.len() + 1);
            if bytes > LINE_BYTES_MAX {
                break;
            }
            text.lines.push(line);
        }
        if !self.is_live {
            state.screen = None;
        }
        Ok(text)
    }

    /// Writes the last screen, after the last byte of output.
    pub(super) fn close(&self, upto: u64) -> io::Result<()> {
        let mut state = self.state();
        self.ensure(&mut state, upto)?;
        if state.screen.as_ref().is_some_and(|screen| screen.off() > state.stored.0) {
            self.store(&mut state);
        }
        store::sync(&self.folder.0)
    }

    /// Makes sure that the screen is in memory: the last one on disk, and the output from there up to `upto`. Returns
    /// answers to the queries in it.
    fn ensure(&self, state: &mut State, upto: u64) -> io::Result<Vec<Reply>> {
        let mut replies = Vec::new();
        if state.screen.is_some() {
            return Ok(replies);
        }
        let stored = store::last(&self.folder.0, upto)?;
        let mut screen = match stored.size {
            Some(size) => self.restored(size, stored.off, &stored.bytes),
            None => Screen::new(self.first_size, 0),
        };
        if screen.off() < upto {
            let reader = self.folder.reader()?;
            let mut buf = vec![0; BODY_BYTES_MAX];
            while screen.off() < upto {
                let off = screen.off();
                let changes = reader.sizes(off, upto)?;
                // Up to the next change of the size.
                let next = changes.iter().map(|(at, _)| *at).find(|at| *at > off).unwrap_or(upto);
                let len = usize::try_from(next.min(upto) - off).unwrap_or(usize::MAX).min(BODY_BYTES_MAX);
                let bytes = buf.get_mut(..len).unwrap_or_default();
                reader.read(bytes, off)?;
                self.guarded(&mut screen, off + len as u64, |screen| {
                    if let Some((_, size)) = changes.first().filter(|(at, _)| *at == off) {
                        screen.resize(*size);
                    }
                    screen.feed(bytes, &mut replies);
                });
            }
        }
        state.stored = (stored.off, stored.end);
        state.store_at = stored.off + SCREEN_EVERY_BYTES;
        state.screen = Some(screen);
        self.is_restored.store(true, Ordering::Release);
        Ok(replies)
    }

    /// A panic of the emulator must not stop the run: then the screen begins anew, at `off`.
    fn guarded(&self, screen: &mut Screen, off: u64, act: impl FnOnce(&mut Screen)) {
        if catch_unwind(AssertUnwindSafe(|| act(screen))).is_err() {
            tracing::error!(run = %self.run, off, "the emulator has failed; this screen begins anew");
            *screen = Screen::new(screen.size(), off);
        }
    }

    fn restored(&self, size: TermSize, off: u64, bytes: &[u8]) -> Screen {
        let restored = catch_unwind(|| Screen::restored(size, off, bytes));
        restored.unwrap_or_else(|_| {
            tracing::error!(run = %self.run, off, "the emulator has failed; this screen begins anew");
            Screen::new(size, off)
        })
    }

    fn store(&self, state: &mut State) {
        let Some(screen) = &state.screen else { return };
        let (off, bytes) = (screen.off(), screen.snapshot());
        // Large screens are stored less often: at most a quarter of the output's size in all.
        state.store_at = off + SCREEN_EVERY_BYTES.max(4 * bytes.len() as u64);
        match store::append(&self.folder.0, state.stored.1, off, screen.size(), &bytes) {
            Ok(end) => state.stored = (off, end),
            // Only a later start takes longer.
            Err(error) => tracing::warn!(run = %self.run, %error, "the screen of a terminal cannot be stored"),
        }
    }

    fn frames(&self, off: u64, size: TermSize, bytes: &[u8]) -> Vec<Bytes> {
        let run = self.run;
        let count = bytes.len().div_ceil(BODY_BYTES_MAX).max(1);
        let mut frames = Vec::with_capacity(count);
        for part in 0..count {
            let from = part * BODY_BYTES_MAX;
            let body = bytes.get(from..bytes.len().min(from + BODY_BYTES_MAX)).unwrap_or_default();
            let head = RunSnapshot { run, off, size, len: body.len() as u64, more: part + 1 < count };
            frames.push(encode_with_body(Number::None, &head, body));
        }
        frames
    }

    fn reply(&self, Reply { at, bytes }: Reply) -> Bytes {
        encode_with_body(Number::None, &HostReply { run: self.run, at, len: bytes.len() as u64 }, &bytes)
    }
}
