//! Signals to and from the index's thread: which rooms have new events, and how far it has read them.

use std::collections::{HashMap, HashSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use wardroom_protocol::RunId;

use super::limits::{GATHER_MS, PRINTED_GATHER_MS, RETRY_MS};
use crate::store::RoomId;

/// Shared by the publisher, the searches and the index's thread.
#[derive(Default)]
pub struct Signal {
    /// Held for look-ups and changes.
    inner: Mutex<Inner>,
    woken: Condvar,
}

#[derive(Default)]
struct Inner {
    news: News,
    /// When the output in the news becomes due for reading.
    printed_due: Option<Instant>,
    at: HashMap<RoomId, u64>,
    is_ready: bool,
    is_stopping: bool,
}

/// What is new for the index.
#[derive(Debug, Default)]
pub struct News {
    /// Rooms with new events.
    pub moved: HashSet<RoomId>,
    /// Rooms that lost everything before this `seq`.
    pub trimmed: HashMap<RoomId, u64>,
    /// Open runs, and the bytes of their output that are on disk.
    pub printed: HashMap<RunId, u64>,
}

impl Inner {
    fn is_quiet(&self) -> bool {
        let is_new = !self.news.moved.is_empty() || !self.news.trimmed.is_empty() || self.is_printed_due();
        !is_new && !self.is_stopping
    }

    fn is_printed_due(&self) -> bool {
        self.printed_due.is_some_and(|due| due <= Instant::now())
    }
}

impl Signal {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports rooms with new events.
    pub fn moved(&self, rooms: impl Iterator<Item = RoomId>) {
        let mut inner = self.inner();
        let was_empty = inner.news.moved.is_empty();
        inner.news.moved.extend(rooms);
        if was_empty && !inner.news.moved.is_empty() {
            self.woken.notify_all();
        }
    }

    /// Reports that everything before `first` was removed from a room.
    pub fn trimmed(&self, room: RoomId, first: u64) {
        self.inner().news.trimmed.insert(room, first);
        self.woken.notify_all();
    }

    /// Reports that `upto` bytes of a run's output are on disk.
    pub fn printed(&self, run: RunId, upto: u64) {
        let mut inner = self.inner();
        inner.news.printed.insert(run, upto);
        if inner.printed_due.is_none() {
            inner.printed_due = Some(Instant::now() + Duration::from_millis(PRINTED_GATHER_MS));
            // The thread may be waiting without a timeout.
            self.woken.notify_all();
        }
    }

    /// Tells the thread to stop.
    pub fn stop(&self) {
        self.inner().is_stopping = true;
        self.woken.notify_all();
    }

    /// Takes what is new, and waits for it if idle. Returns `None` once the thread must stop.
    pub fn news(&self, is_idle: bool) -> Option<News> {
        let mut inner = self.inner();
        while is_idle && inner.is_quiet() {
            inner = match inner.printed_due {
                Some(due) => self.wait(inner, due.saturating_duration_since(Instant::now())),
                None => self.woken.wait(inner).unwrap_or_else(PoisonError::into_inner),
            };
        }
        if is_idle {
            // Waits a little longer to gather more.
            let gather = Duration::from_millis(GATHER_MS);
            let waited = self.woken.wait_timeout_while(inner, gather, |inner| !inner.is_stopping);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let mut news = std::mem::take(&mut inner.news);
        if inner.is_printed_due() {
            inner.printed_due = None;
        } else {
            inner.news.printed = std::mem::take(&mut news.printed);
        }
        (!inner.is_stopping).then_some(news)
    }

    fn wait<'a>(&self, inner: MutexGuard<'a, Inner>, time: Duration) -> MutexGuard<'a, Inner> {
        self.woken.wait_timeout(inner, time).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits before a retry. Returns true once the thread must stop.
    pub fn wait_to_retry(&self) -> bool {
        let wait = Duration::from_millis(RETRY_MS);
        let waited = self.woken.wait_timeout_while(self.inner(), wait, |inner| !inner.is_stopping);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_stopping
    }

    /// Records how far the rooms are indexed.
    pub fn set(&self, at: impl Iterator<Item = (RoomId, u64)>) {
        self.inner().at.extend(at);
    }

    /// Records that there is an index to search.
    pub fn ready(&self) {
        self.inner().is_ready = true;
    }

    /// Returns the number of events in these rooms that are not indexed yet, given their heads; `None` if there is no
    /// index yet.
    pub fn behind(&self, heads: impl Iterator<Item = (RoomId, u64)>) -> Option<u64> {
        let inner = self.inner();
        let left = |(room, head): (RoomId, u64)| head.saturating_sub(inner.at.get(&room).copied().unwrap_or(0));
        inner.is_ready.then(|| heads.map(left).sum())
    }
}
