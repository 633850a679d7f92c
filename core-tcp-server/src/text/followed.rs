//! The runs that a person follows, and how much of them is on the screen. The reading and the writing task share this.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use wardroom_protocol::{RoomName, RunId};

use super::limits::{FOLLOWED_MAX, REMEMBERED_MAX};

/// A run that is or was followed.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Entry {
    run: RunId,
    n: u64,
    /// True if the user asked for it: it is shown to its end, whichever room is open, even after the last line of
    /// input.
    is_own: bool,
    is_watched: bool,
    is_over: bool,
}

/// The result of [`Followed::begin`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Begin {
    /// The run must now be watched.
    New,
    /// The run is already being watched.
    Already,
    /// The maximum number of runs is being followed.
    Full,
}

#[derive(Default)]
struct Inner {
    room: Option<RoomName>,
    /// Runs that started at or before this `seq` are not new.
    live_from: u64,
    /// The last event of the room that was shown.
    shown: u64,
    entries: VecDeque<Entry>,
    /// A count of shown bytes, to tell a slow reader from one that has stopped.
    progress: u64,
    /// True if unfinished lines of runs are held back until they are old enough.
    has_partials: bool,
}

/// The state shared by both tasks of a person's connection.
#[derive(Default)]
pub struct Followed {
    /// Held for a few look-ups; never across an await.
    inner: Mutex<Inner>,
    /// Notified when a run must be watched, has ended, or has a line held back.
    changed: Notify,
}

impl Followed {
    /// Sets the room that is shown; runs that start after `head` are followed automatically.
    pub fn open(&self, room: &RoomName, head: u64) {
        let mut inner = self.lock();
        (inner.room, inner.live_from, inner.shown) = (Some(room.clone()), head, 0);
    }

    /// Returns true for the room that is shown.
    pub fn is_open(&self, room: &RoomName) -> bool {
        self.lock().room.as_ref() == Some(room)
    }

    /// Records that an event was shown.
    pub fn show(&self, room: &RoomName, seq: u64) {
        let mut inner = self.lock();
        if inner.room.as_ref() == Some(room) {
            inner.shown = seq;
        }
    }

    /// Returns the `seq` of the last event of the current room that was shown.
    pub fn shown(&self) -> u64 {
        self.lock().shown
    }

    /// Notices the start of a run in the room. It is to be watched if it is new and the limit is not reached.
    pub fn notice(&self, room: &RoomName, seq: u64, run: RunId, n: u64) {
        let mut inner = self.lock();
        let is_news = inner.room.as_ref() == Some(room) && seq > inner.live_from;
        if is_news && inner.find(run).is_none() && inner.make_room() {
            inner.entries.push_back(Entry { run, n, is_own: false, is_watched: false, is_over: false });
            drop(inner);
            self.changed.notify_one();
        }
    }

    /// Waits for [`Followed::notice`], for the end of a run, or for a line to be held back.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Returns the next run that was noticed and is not watched yet.
    pub fn unwatched(&self) -> Option<(RunId, u64)> {
        self.lock().entries.iter().find(|entry| !entry.is_watched).map(|entry| (entry.run, entry.n))
    }

    /// Marks a run as watched.
    pub fn begin(&self, run: RunId, n: u64, is_own: bool) -> Begin {
        let mut inner = self.lock();
        if let Some(entry) = inner.find(run) {
            let is_under_way = entry.is_watched && !entry.is_over;
            entry.is_own |= is_own;
            (entry.is_watched, entry.is_over) = (true, false);
            return if is_under_way { Begin::Already } else { Begin::New };
        }
        if !inner.make_room() {
            return Begin::Full;
        }
        inner.entries.push_back(Entry { run, n, is_own, is_watched: true, is_over: false });
        Begin::New
    }

    /// Forgets a run that is no longer followed, or could not be.
    pub fn forget(&self, run: RunId) {
        self.lock().entries.retain(|entry| entry.run != run);
        self.changed.notify_one();
    }

    /// Forgets the runs that the user did not ask for, because their room is being left.
    pub fn forget_noticed(&self) -> Vec<RunId> {
        let mut inner = self.lock();
        let is_dropped = |entry: &Entry| !entry.is_own && !entry.is_over;
        let gone = inner.entries.iter().filter(|entry| is_dropped(entry)).map(|entry| entry.run).collect();
        inner.entries.retain(|entry| !is_dropped(entry));
        gone
    }

    /// Records that the last byte of a run was shown.
    pub fn end(&self, run: RunId) {
        if let Some(entry) = self.lock().find(run) {
            entry.is_over = true;
        }
        self.changed.notify_one();
    }

    /// Returns the short number of a run that is or was followed: its output then reports its end.
    pub fn number(&self, run: RunId) -> Option<u64> {
        self.lock().find(run).map(|entry| entry.n)
    }

    /// Returns true while output that the user asked for is still to come.
    pub fn has_own(&self) -> bool {
        self.lock().entries.iter().any(|entry| entry.is_own && !entry.is_over)
    }

    /// Records that bytes were shown, and whether lines are held back.
    pub fn advance(&self, bytes: usize, has_partials: bool) {
        let mut inner = self.lock();
        inner.progress = inner.progress.wrapping_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        let is_news = has_partials && !inner.has_partials;
        inner.has_partials = has_partials;
        drop(inner);
        if is_news {
            self.changed.notify_one();
        }
    }

    /// Returns a number that changes whenever bytes are shown.
    pub fn progress(&self) -> u64 {
        self.lock().progress
    }

    /// Returns true while lines are held back.
    pub fn has_partials(&self) -> bool {
        self.lock().has_partials
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn find(&mut self, run: RunId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.run == run)
    }

    /// Makes room for another run. Returns false if too many are under way.
    fn make_room(&mut self) -> bool {
        if self.entries.iter().filter(|entry| !entry.is_over).count() >= FOLLOWED_MAX {
            return false;
        }
        if self.entries.len() >= REMEMBERED_MAX
            && let Some(oldest) = self.entries.iter().position(|entry| entry.is_over)
        {
            self.entries.remove(oldest);
        }
        true
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn run(n: u64) -> RunId {
        RunId::from_parts(n, 0)
    }

    fn opened(head: u64) -> (Followed, RoomName) {
        let (followed, room) = (Followed::default(), RoomName::parse("ops").unwrap());
        followed.open(&room, head);
        (followed, room)
    }

    #[test]
    fn only_news_of_the_open_room_is_followed() {
        let (followed, room) = opened(10);
        followed.notice(&room, 10, run(1), 1);
        followed.notice(&RoomName::parse("other").unwrap(), 11, run(2), 2);
        assert_eq!(followed.unwatched(), None);
        followed.notice(&room, 11, run(3), 3);
        assert_eq!(followed.unwatched(), Some((run(3), 3)));
        assert_eq!(followed.begin(run(3), 3, false), Begin::New);
        assert_eq!(followed.unwatched(), None);
        assert_eq!(followed.begin(run(3), 3, true), Begin::Already, "but now it was asked for");
        assert!(followed.has_own());
        followed.end(run(3));
        assert!(!followed.has_own());
        assert_eq!(followed.number(run(3)), Some(3), "its end was told");
        assert_eq!(followed.begin(run(3), 3, true), Begin::New, "once more from the start");
    }

    #[test]
    fn a_room_that_is_left_takes_its_runs_along() {
        let (followed, room) = opened(0);
        followed.notice(&room, 1, run(1), 1);
        assert_eq!(followed.begin(run(2), 2, true), Begin::New);
        assert_eq!(followed.forget_noticed(), [run(1)]);
        assert_eq!((followed.number(run(1)), followed.number(run(2))), (None, Some(2)));
    }

    #[test]
    fn it_follows_and_remembers_a_bounded_number() {
        let (followed, _) = opened(0);
        let many = u64::try_from(FOLLOWED_MAX).unwrap();
        assert!((0..many).all(|n| followed.begin(run(n), n, true) == Begin::New));
        assert_eq!(followed.begin(run(many), many, true), Begin::Full);
        followed.end(run(0));
        assert_eq!(followed.begin(run(many), many, true), Begin::New);
        for n in 0..10 * many {
            followed.end(run(n));
            followed.begin(run(n + many), n + many, true);
        }
        assert!(followed.lock().entries.len() <= REMEMBERED_MAX);
    }
}
