//! A room as it is shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use wardroom_protocol::messages::{MemberInfo, RoomInfo};
use wardroom_protocol::{Event, UserName};

use super::timeline::Timeline;
use crate::amendment::PendingAmendment;
use crate::limits::QUOTES_MAX;
use crate::pending_post::PendingPost;

/// A room that one may see; with its lines if it is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// Name, title, topic, head, read position, what is unread, membership, one's role; kept up to date while it is open.
    pub info: RoomInfo,
    /// How far it is open.
    pub state: OpenState,
    /// The lines that are shown, as far as they are loaded: the room's live end, or a window elsewhere
    /// ([`Timeline::has_newer`]) after [`crate::Command::Jump`].
    pub timeline: Arc<Timeline>,
    /// One's own posts that do not stand in the timeline yet, oldest first.
    pub pending: Arc<Vec<PendingPost>>,
    /// What one has done to its messages, and the server has not answered yet, oldest first: see [`Room::with_pending`].
    pub amendments: Arc<[PendingAmendment]>,
    /// Who is in it, once it was asked for; `here` is kept up to date from then on.
    pub people: Option<Arc<Vec<MemberInfo>>>,
    /// Who is about to say something, oneself left out.
    pub typing: Arc<Vec<UserName>>,
    /// A page of older lines is on its way.
    pub loading_older: bool,
    /// A page of newer lines is on its way (only for a window).
    pub loading_newer: bool,
    /// One jumps to this line, and the lines around it are on their way.
    pub jumping: Option<u64>,
    /// Lines that replies quote and that were fetched on their own: see [`Room::line`].
    pub(crate) quotes: Arc<BTreeMap<u64, Quote>>,
    /// Events up to here are counted in `info.unread`.
    pub(crate) counted: u64,
}

/// A line that a reply quotes.
#[derive(Clone, Debug, PartialEq)]
pub enum Quote {
    /// It is loaded. It is kept up to date like any other.
    Line(Arc<Event>),
    /// It is on its way.
    Loading,
    /// It is not there any more, or one may not see it.
    Gone,
    /// It has not been asked for: [`crate::Command::LoadQuote`].
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

    /// Unread lines of others. Exact below [`wardroom_protocol::limits::UNREAD_MAX`].
    pub fn unread(&self) -> u64 {
        self.info.unread
    }

    /// The line at this place, be it loaded with the others or fetched as a quote.
    pub fn line(&self, seq: u64) -> Quote {
        match self.timeline.by_seq(seq) {
            Some(line) => Quote::Line(line.clone()),
            None => self.quotes.get(&seq).cloned().unwrap_or(Quote::Unknown),
        }
    }

    /// A line with what one has done to it and the server has not answered yet, and the last of that; `None` where that is
    /// nothing.
    pub fn with_pending(&self, line: &Event, me: &UserName) -> Option<(Event, &PendingAmendment)> {
        let mut wanted = None;
        let mut last = None;
        for amend in self.amendments.iter().filter(|amend| amend.seq == line.seq) {
            amend.carry_out(wanted.get_or_insert_with(|| line.clone()), me);
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

    /// Carries out an amendment on a line that was fetched as a quote.
    pub(crate) fn amend_quote(&mut self, event: &Event) {
        let Some(target) = event.body.target() else { return };
        let Some(Quote::Line(line)) = self.quotes.get(&target) else { return };
        let mut amended = Event::clone(line);
        if amended.body.amend(event.seq, &event.by, &event.body) {
            Arc::make_mut(&mut self.quotes).insert(target, Quote::Line(Arc::new(amended)));
        }
    }

    /// Forgets all that belongs to positions in the room.
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
    /// It is not shown.
    #[default]
    Closed,
    /// It was asked for, or waits for the connection.
    Opening,
    /// Lines that were missed are on their way.
    CatchingUp {
        /// So many.
        left: u64,
    },
    /// Up to date.
    Live,
    /// It cannot be opened; the words say why.
    Failed(String),
}

impl OpenState {
    /// The room is shown, or is to be.
    pub fn is_open(&self) -> bool {
        !matches!(self, OpenState::Closed | OpenState::Failed(_))
    }
}
