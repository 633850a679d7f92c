//! How the link stands, put together from the connection and from the rooms that are open.

use super::Client;
use super::state::Phase;
use crate::effect::Change;
use crate::limits::OUT_OF_DATE_AFTER_MS;
use crate::link::Link;
use crate::model::OpenState;

impl Client {
    pub(super) fn link_now(&self) -> Link {
        let wall = |ms: u64| ms.saturating_sub(self.clock_lag_ms);
        let at_ms = match &self.session.phase {
            Phase::SignedOut { why } => return Link::SignedOut { why: why.clone() },
            Phase::Stopped => return Link::Stopped,
            Phase::Up => return self.link_up(),
            Phase::Waiting { at_ms } => *at_ms,
            Phase::Idle | Phase::Opening { .. } | Phase::Greeting { .. } => self.now_ms,
        };
        match self.session.lost_ms {
            None => Link::Connecting,
            Some(lost_ms) if self.now_ms.saturating_sub(lost_ms) >= OUT_OF_DATE_AFTER_MS => {
                Link::OutOfDate { since_ms: wall(lost_ms), at_ms: wall(at_ms) }
            }
            Some(lost_ms) => Link::Reconnecting { at_ms: wall(at_ms), since_ms: wall(lost_ms) },
        }
    }

    fn link_up(&self) -> Link {
        let mut is_behind = false;
        let mut left: u64 = 0;
        for name in self.rooms_open.keys() {
            match self.rooms.get(name).map(|room| &room.state) {
                Some(OpenState::Opening) => is_behind = true,
                Some(OpenState::CatchingUp { left: of_room }) => {
                    is_behind = true;
                    left = left.saturating_add(*of_room);
                }
                _ => {}
            }
        }
        if is_behind { Link::CatchingUp { left } } else { Link::Live }
    }

    /// Says so once when the link's state is another one.
    pub(super) fn tell_link(&mut self) {
        let link = self.link_now();
        let is_same = match (&link, &self.link_told) {
            // While an attempt is under way its time moves with the clock; that is no news.
            (Link::Reconnecting { since_ms: a, at_ms }, Link::Reconnecting { since_ms: b, at_ms: told })
            | (Link::OutOfDate { since_ms: a, at_ms }, Link::OutOfDate { since_ms: b, at_ms: told }) => {
                a == b && (at_ms == told || !matches!(self.session.phase, Phase::Waiting { .. }))
            }
            (link, told) => link == told,
        };
        if !is_same {
            self.link_told = link;
            self.changed(Change::Link);
        }
    }
}
