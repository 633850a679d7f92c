//! Which runs a person follows, and how far their screen has got: what the task that reads and the task that writes
//! know together.

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
    /// Asked for: it is shown to its end, whatever room is open and though nothing more is asked.
    is_own: bool,
    is_watched: bool,
    is_over: bool,
}

/// What [`Followed::begin`] found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Begin {
    /// It is to be watched.
    New,
    /// It is watched already.
    Already,
    /// There is no place for one more.
    Full,
}

#[derive(Default)]
struct Inner {
    room: Option<RoomName>,
    /// Runs that began up to here are not news.
    live_from: u64,
    /// The last event of the room that was shown.
    shown: u64,
    entries: VecDeque<Entry>,
    /// Bytes that were shown, to tell a slow reader from one that has stopped.
    progress: u64,
    /// Lines of runs are on hold until they get old enough.
    has_partials: bool,
}

/// What both tasks of a person's connection know.
#[derive(Default)]
pub struct Followed {
    /// Held for a few look-ups; never across an await.
    inner: Mutex<Inner>,
    /// A run is to be watched, or has ended, or a line of one is on hold.
    changed: Notify,
}

impl Followed {
    /// The room that is shown from now on; runs that begin after `head` are followed by themselves.
    pub fn open(&self, room: &RoomName, head: u64) {
        let mut inner = self.lock();
        (inner.room, inner.live_from, inner.shown) = (Some(room.clone()), head, 0);
    }

    /// True for the room that is shown.
    pub fn is_open(&self, room: &RoomName) -> bool {
        self.lock().room.as_ref() == Some(room)
    }

    /// An event is shown.
    pub fn show(&self, room: &RoomName, seq: u64) {
        let mut inner = self.lock();
        if inner.room.as_ref() == Some(room) {
            inner.shown = seq;
        }
    }

    /// The last event of the current room that was shown.
    pub fn shown(&self) -> u64 {
        self.lock().shown
    }

    /// A run began in the room. It is to be watched, if it is news and there is a place.
    pub fn notice(&self, room: &RoomName, seq: u64, run: RunId, n: u64) {
        let mut inner = self.lock();
        let is_news = inner.room.as_ref() == Some(room) && seq > inner.live_from;
        if is_news && inner.find(run).is_none() && inner.make_room() {
            inner.entries.push_back(Entry { run, n, is_own: false, is_watched: false, is_over: false });
            drop(inner);
            self.changed.notify_one();
        }
    }

    /// Waits for [`Followed::notice`], for the end of a run, or for a line that is put on hold.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The next run that was noticed and is not watched yet.
    pub fn unwatched(&self) -> Option<(RunId, u64)> {
        self.lock().entries.iter().find(|entry| !entry.is_watched).map(|entry| (entry.run, entry.n))
    }

    /// A run is about to be watched.
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

    /// A run is not followed any more, or could not be.
    pub fn forget(&self, run: RunId) {
        self.lock().entries.retain(|entry| entry.run != run);
        self.changed.notify_one();
    }

    /// Forgets the runs that nobody asked for: their room is left.
    pub fn forget_noticed(&self) -> Vec<RunId> {
        let mut inner = self.lock();
        let is_dropped = |entry: &Entry| !entry.is_own && !entry.is_over;
        let gone = inner.entries.iter().filter(|entry| is_dropped(entry)).map(|entry| entry.run).collect();
        inner.entries.retain(|entry| !is_dropped(entry));
        gone
    }

    /// The last byte of a run was shown.
    pub fn end(&self, run: RunId) {
        if let Some(entry) = self.lock().find(run) {
            entry.is_over = true;
        }
        self.changed.notify_one();
    }

    /// The short number of a run that is followed, or was: then its output tells its end.
    pub fn number(&self, run: RunId) -> Option<u64> {
        self.lock().find(run).map(|entry| entry.n)
    }

    /// True while there is output to come that was asked for.
    pub fn has_own(&self) -> bool {
        self.lock().entries.iter().any(|entry| entry.is_own && !entry.is_over)
    }

    /// Bytes were shown; some lines are on hold.
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

    /// Changes whenever bytes are shown.
    pub fn progress(&self) -> u64 {
        self.lock().progress
    }

    /// True while lines are on hold.
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

    /// Makes room for one more; false if too many are under way.
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
