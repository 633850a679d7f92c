//! A room as it is shown.

use crate::sorted_map::SortedMap;
use std::sync::Arc;

use wardroom_protocol::messages::{MemberInfo, RoomInfo};
use wardroom_protocol::{Event, UserName};

use super::timeline::Timeline;
use crate::amendment::PendingAmendment;
use crate::limits::QUOTES_MAX;
use crate::pending_post::PendingPost;

/// A visible room; with its lines if it is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// Name, title, topic, counts, membership and the user's role; up to date while the room is open.
    pub info: RoomInfo,
    /// How far it is open.
    pub state: OpenState,
    /// The loaded lines: the live end, or an older window ([`Timeline::has_newer`]) after [`crate::Command::Jump`].
    pub timeline: Arc<Timeline>,
    /// The user's own posts that are not in the timeline yet, oldest first.
    pub pending: Arc<Vec<PendingPost>>,
    /// The user's unconfirmed changes to its messages, oldest first: see [`Room::with_pending`].
    pub amendments: Arc<[PendingAmendment]>,
    /// The members, once they were loaded; `here` is kept up to date from then on.
    pub people: Option<Arc<Vec<MemberInfo>>>,
    /// Who is typing, except the user.
    pub typing: Arc<Vec<UserName>>,
    /// A page of older lines is in flight.
    pub loading_older: bool,
    /// A page of newer lines is in flight (only for an older window).
    pub loading_newer: bool,
    /// The jump target whose page is in flight.
    pub jumping: Option<u64>,
    /// Quoted lines that were fetched separately: see [`Room::line`].
    pub(crate) quotes: Arc<SortedMap<u64, Quote>>,
    /// Events up to here are included in `info.unread`.
    pub(crate) counted: u64,
}

/// A line that a reply quotes.
#[derive(Clone, Debug, PartialEq)]
pub enum Quote {
    /// It is loaded, and kept up to date like any other line.
    Line(Arc<Event>),
    /// It is in flight.
    Loading,
    /// It no longer exists, or the user may not see it.
    Gone,
    /// It was not requested: [`crate::Command::LoadQuote`].
    Unknown,
}

impl Room {
    pub(crate) fn new(info: RoomInfo) -> Self {
        let counted = info.head;
        Room {
            info,
            state: OpenState::Closed,
            timeline: Arc::default(),
            pending: Arc::default(),
            amendments: Arc::default(),
            people: None,
            typing: Arc::default(),
            loading_older: false,
            loading_newer: false,
            jumping: None,
            quotes: Arc::default(),
            counted,
        }
    }

    /// Unread lines by others. Exact below [`wardroom_protocol::limits::UNREAD_MAX`].
    pub fn unread(&self) -> u64 {
        self.info.unread
    }

    /// The line at this position, from the timeline or from the quotes.
    pub fn line(&self, seq: u64) -> Quote {
        match self.timeline.by_seq(seq) {
            Some(line) => Quote::Line(line.clone()),
            None => self.quotes.get(&seq).cloned().unwrap_or(Quote::Unknown),
        }
    }

    /// The line with the user's unconfirmed changes applied, and the last of these changes; `None` if there are none.
    pub fn with_pending(&self, line: &Event, me: &UserName) -> Option<(Event, &PendingAmendment)> {
        let mut wanted = None;
        let mut last = None;
        for amend in self.amendments.iter().filter(|amend| amend.seq == line.seq) {
            amend.apply_to(wanted.get_or_insert_with(|| line.clone()), me);
            last = Some(amend);
        }
        wanted.zip(last)
    }

    pub(crate) fn quote(&mut self, seq: u64, quote: Quote) {
        let quotes = Arc::make_mut(&mut self.quotes);
        while quotes.len() >= QUOTES_MAX && !quotes.contains_key(&seq) {
            quotes.pop_first();
        }
        quotes.insert(seq, quote);
    }

    /// Applies an amendment to a quoted line.
    pub(crate) fn amend_quote(&mut self, event: &Event) {
        let Some(target) = event.body.target() else { return };
        let Some(Quote::Line(line)) = self.quotes.get(&target) else { return };
        let mut amended = Event::clone(line);
        if amended.body.amend(event.seq, &event.by, &event.body) {
            Arc::make_mut(&mut self.quotes).insert(target, Quote::Line(Arc::new(amended)));
        }
    }

    /// Drops everything that depends on positions in the room.
    pub(crate) fn forget_lines(&mut self) {
        self.timeline = Arc::default();
        self.quotes = Arc::default();
        self.loading_older = false;
        self.loading_newer = false;
    }
}

/// How far a room is open.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum OpenState {
    /// It is not open.
    #[default]
    Closed,
    /// It was requested, or waits for the connection.
    Opening,
    /// Missed lines are arriving.
    CatchingUp {
        /// How many lines are left.
        left: u64,
    },
    /// Up to date.
    Live,
    /// It cannot be opened, and why.
    Failed(String),
}

impl OpenState {
    /// The room is open, or will be.
    pub fn is_open(&self) -> bool {
        !matches!(self, OpenState::Closed | OpenState::Failed(_))
    }
}
