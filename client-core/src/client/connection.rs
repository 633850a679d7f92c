//! The connection state that is shown, computed from the socket and from the open rooms.

use super::Client;
use super::state::Phase;
use crate::connection::ConnectionState;
use crate::effect::Change;
use crate::limits::OUT_OF_DATE_AFTER_MS;
use crate::model::OpenState;

impl Client {
    pub(super) fn connection_now(&self) -> ConnectionState {
        let wall = |ms: u64| ms.saturating_sub(self.clock_lag_ms);
        let at_ms = match &self.session.phase {
            Phase::SignedOut { why } => return ConnectionState::SignedOut { why: why.clone() },
            Phase::Stopped => return ConnectionState::Stopped,
            Phase::Up => return self.connection_up(),
            Phase::Waiting { at_ms } => *at_ms,
            Phase::Idle | Phase::Opening { .. } | Phase::Greeting { .. } => self.now_ms,
        };
        match self.session.lost_ms {
            None => ConnectionState::Connecting,
            Some(lost_ms) if self.now_ms.saturating_sub(lost_ms) >= OUT_OF_DATE_AFTER_MS => {
                ConnectionState::OutOfDate { since_ms: wall(lost_ms), at_ms: wall(at_ms) }
            }
            Some(lost_ms) => ConnectionState::Reconnecting { at_ms: wall(at_ms), since_ms: wall(lost_ms) },
        }
    }

    fn connection_up(&self) -> ConnectionState {
        let mut is_behind = false;
        let mut left: u64 = 0;
        for name in self.open_rooms.keys() {
            match self.rooms.get(name).map(|room| &room.state) {
                Some(OpenState::Opening) => is_behind = true,
                Some(OpenState::CatchingUp { left: of_room }) => {
                    is_behind = true;
                    left = left.saturating_add(*of_room);
                }
                _ => {}
            }
        }
        if is_behind { ConnectionState::CatchingUp { left } } else { ConnectionState::Live }
    }

    /// Reports the state once each time it changes.
    pub(super) fn report_connection(&mut self) {
        let now = self.connection_now();
        let is_same = match (&now, &self.connection_reported) {
            // During an attempt `at_ms` follows the clock; that is no change.
            (
                ConnectionState::Reconnecting { since_ms: a, at_ms },
                ConnectionState::Reconnecting { since_ms: b, at_ms: reported },
            )
            | (
                ConnectionState::OutOfDate { since_ms: a, at_ms },
                ConnectionState::OutOfDate { since_ms: b, at_ms: reported },
            ) => a == b && (at_ms == reported || !matches!(self.session.phase, Phase::Waiting { .. })),
            (now, reported) => now == reported,
        };
        if !is_same {
            self.connection_reported = now;
            self.changed(Change::Connection);
        }
    }
}
