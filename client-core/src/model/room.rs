//! A room as it is shown.

use std::sync::Arc;

use wardroom_protocol::messages::{MemberInfo, RoomInfo};

use super::timeline::Timeline;
use crate::outbox::PendingPost;

/// A room that one may see; with its lines if it is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// Name, title, head, read position, mentions, membership.
    pub info: RoomInfo,
    /// How far it is open.
    pub state: OpenState,
    /// Its lines, as far as they are loaded.
    pub timeline: Arc<Timeline>,
    /// One's own posts that do not stand in the timeline yet, oldest first.
    pub pending: Arc<Vec<PendingPost>>,
    /// Who is in it, once it was asked for.
    pub people: Option<Arc<Vec<MemberInfo>>>,
    /// A page of older lines is on its way.
    pub loading_older: bool,
}

impl Room {
    pub(crate) fn new(info: RoomInfo) -> Self {
        Room {
            info,
            state: OpenState::Closed,
            timeline: Arc::default(),
            pending: Arc::default(),
            people: None,
            loading_older: false,
        }
    }

    /// Lines that one has not read.
    pub fn unread(&self) -> u64 {
        self.info.head.saturating_sub(self.info.read)
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
