//! Unread counts. The server counts; between two of its updates the arriving lines are counted here, so that the number
//! follows what is shown. The server's next update wins.

use wardroom_protocol::limits::UNREAD_MAX;
use wardroom_protocol::mention::is_mentioned;
use wardroom_protocol::messages::{RoomInfo, RoomState};
use wardroom_protocol::{Event, EventBody, UserName};

use super::room::{OpenState, Room};
use super::timeline::Timeline;

/// Unread lines, and how many of them mention the user.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts {
    unread: u64,
    mentions: u64,
}

impl Counts {
    /// What this line adds if it is unread.
    fn of(event: &Event, me: Option<&UserName>) -> Counts {
        let is_line = match &event.body {
            EventBody::Message(message) => !message.deleted,
            EventBody::RunStarted(_) | EventBody::FileAdded(_) => true,
            _ => false,
        };
        if !is_line || me.is_none_or(|me| *me == event.by) {
            return Counts::default();
        }
        let names_one = match (&event.body, me) {
            (EventBody::Message(message), Some(me)) => is_mentioned(message, me),
            _ => false,
        };
        Counts { unread: 1, mentions: u64::from(names_one) }
    }

    fn plus(self, other: Counts) -> Counts {
        Counts {
            unread: self.unread.saturating_add(other.unread).min(UNREAD_MAX),
            mentions: self.mentions.saturating_add(other.mentions).min(UNREAD_MAX),
        }
    }

    fn minus(self, other: Counts) -> Counts {
        Counts {
            unread: self.unread.saturating_sub(other.unread),
            mentions: self.mentions.saturating_sub(other.mentions),
        }
    }

    fn of_lines(timeline: &Timeline, after: u64, upto: u64, me: Option<&UserName>) -> Counts {
        let lines = timeline.events().skip(timeline.index_after(after)).take_while(|line| line.seq <= upto);
        lines.fold(Counts::default(), |counts, line| counts.plus(Counts::of(line, me)))
    }
}

impl Room {
    fn counts(&self) -> Counts {
        Counts { unread: self.info.unread, mentions: self.info.mentions }
    }

    fn set_counts(&mut self, counts: Counts) {
        (self.info.unread, self.info.mentions) = (counts.unread, counts.mentions);
    }

    /// What a deletion subtracts, before it is applied.
    pub(crate) fn uncount(&self, event: &Event, tail: Option<&Timeline>, me: Option<&UserName>) -> Counts {
        let EventBody::Delete(delete) = &event.body else { return Counts::default() };
        let line = tail.and_then(|tail| tail.by_seq(delete.target)).or_else(|| self.timeline.by_seq(delete.target));
        line.filter(|line| line.seq > self.info.read).map_or_else(Counts::default, |line| Counts::of(line, me))
    }

    /// Counts an event; `true` if the counts changed.
    pub(crate) fn count(&mut self, event: &Event, less: Counts, me: Option<&UserName>) -> bool {
        if event.seq <= self.counted {
            return false;
        }
        self.counted = event.seq;
        let before = self.counts();
        let more = if event.seq > self.info.read { Counts::of(event, me) } else { Counts::default() };
        self.set_counts(before.minus(less).plus(more));
        self.counts() != before
    }

    /// The user has read up to `seq`.
    pub(crate) fn read_to(&mut self, seq: u64, tail: Option<&Timeline>, me: Option<&UserName>) {
        let before = self.info.read;
        self.info.read = seq;
        let counts = match self.recount(tail, me) {
            Some(counts) => counts,
            None => self.counts().minus(Counts::of_lines(&self.timeline, before, seq, me)),
        };
        self.set_counts(counts);
    }

    /// The counts from the loaded lines, if these include all unread lines.
    fn recount(&self, tail: Option<&Timeline>, me: Option<&UserName>) -> Option<Counts> {
        if self.info.read >= self.info.head {
            return Some(Counts::default());
        }
        let live = tail.unwrap_or(&self.timeline);
        let has_all = live.base().is_some_and(|base| base <= self.info.read) && live.last() >= Some(self.info.head);
        has_all.then(|| Counts::of_lines(live, self.info.read, u64::MAX, me))
    }

    /// Applies the server's data of the room.
    pub(crate) fn apply_info(&mut self, info: RoomInfo, tail: Option<&Timeline>, me: Option<&UserName>) {
        let server = ServerCounts {
            head: info.head,
            read: info.read,
            counts: Counts { unread: info.unread, mentions: info.mentions },
        };
        let before = std::mem::replace(&mut self.info, info);
        (self.info.head, self.info.read) = (before.head, before.read);
        self.set_counts(Counts { unread: before.unread, mentions: before.mentions });
        self.apply_server_counts(server, tail, me);
    }

    /// Applies the server's counts.
    pub(crate) fn apply_state(&mut self, state: &RoomState, tail: Option<&Timeline>, me: Option<&UserName>) {
        let counts = Counts { unread: state.unread, mentions: state.mentions };
        self.apply_server_counts(ServerCounts { head: state.head, read: state.read, counts }, tail, me);
    }

    fn apply_server_counts(&mut self, server: ServerCounts, tail: Option<&Timeline>, me: Option<&UserName>) {
        let live = tail.unwrap_or(&self.timeline);
        // An open room may have events that the server's counts do not include yet.
        let live_last = live.last().filter(|_| matches!(self.state, OpenState::Live | OpenState::CatchingUp { .. }));
        let ahead =
            live_last.map_or(Counts::default(), |_| Counts::of_lines(live, server.head.max(server.read), u64::MAX, me));
        self.info.head = live_last.map_or(server.head, |last| last.max(server.head));
        self.counted = live_last.unwrap_or(0).max(server.head);
        let read_here = self.info.read.min(self.info.head);
        if read_here <= server.read {
            self.info.read = server.read;
            return self.set_counts(server.counts.plus(ahead));
        }
        // The user has read further than the server knows.
        self.info.read = read_here;
        let less = Counts::of_lines(&self.timeline, server.read, read_here, me);
        let counts = self.recount(tail, me).unwrap_or_else(|| server.counts.plus(ahead).minus(less));
        self.set_counts(counts);
    }
}

/// Counts from the server, and the positions for which they hold.
struct ServerCounts {
    head: u64,
    read: u64,
    counts: Counts,
}
