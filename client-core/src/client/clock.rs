//! Time: deadlines, keep-alive, detecting a dead connection, and recovering after the machine slept.

use wardroom_protocol::limits::{DEAD_AFTER_MS, PING_AFTER_MS};
use wardroom_protocol::messages::Ping;

use super::Client;
use super::state::Phase;
use crate::limits::{PROBE_TIMEOUT_MS, SLEEP_GAP_MS, TICK_MAX_MS};

impl Client {
    /// The caller's clock.
    pub(super) fn wall_ms(&self) -> u64 {
        self.now_ms.saturating_sub(self.clock_lag_ms)
    }

    /// Advances the clock. A large gap means that the machine slept: requests get the lost time back, but the
    /// connection must prove that it is alive.
    pub(super) fn advance(&mut self, clock_ms: u64) {
        let now_ms = clock_ms.saturating_add(self.clock_lag_ms);
        if now_ms < self.now_ms {
            self.clock_lag_ms = self.now_ms.saturating_sub(clock_ms);
            return;
        }
        let gap_ms = now_ms.saturating_sub(self.now_ms);
        let is_first = self.now_ms == 0;
        self.now_ms = now_ms;
        if !is_first && gap_ms > SLEEP_GAP_MS {
            self.requests.delay_by(gap_ms);
            if self.is_up() && self.session.probe_until_ms.is_none() {
                self.session.last_frame_ms = now_ms;
                self.probe();
            }
        }
    }

    pub(super) fn probe(&mut self) {
        if self.is_up() && self.session.probe_until_ms.is_none() {
            self.session.probe_until_ms = Some(self.now_ms.saturating_add(PROBE_TIMEOUT_MS));
            self.ping();
        }
    }

    fn ping(&mut self) {
        self.session.pings = self.session.pings.saturating_add(1);
        self.session.pinged_ms = self.now_ms;
        self.send(&Ping { n: self.session.pings, now: None });
    }

    fn ping_due_ms(&self) -> u64 {
        self.session.last_frame_ms.max(self.session.pinged_ms).saturating_add(PING_AFTER_MS)
    }

    pub(super) fn run_deadlines(&mut self) {
        let now_ms = self.now_ms;
        match self.session.phase {
            Phase::Waiting { at_ms } if at_ms <= now_ms => self.connect(),
            Phase::Opening { until_ms } if until_ms <= now_ms => {
                self.disconnect("the server did not take the connection")
            }
            Phase::Greeting { until_ms } if until_ms <= now_ms => {
                self.disconnect("the server did not answer the greeting")
            }
            Phase::Up => {
                let is_silent = now_ms.saturating_sub(self.session.last_frame_ms) >= DEAD_AFTER_MS;
                if is_silent || self.session.probe_until_ms.is_some_and(|at| at <= now_ms) {
                    // The data is as old as the last frame, not as the moment when the loss was noticed.
                    self.session.lost_ms = Some(self.session.last_frame_ms);
                    return self.disconnect("the server does not answer any more");
                }
                if self.expire_requests() {
                    return self.disconnect("the server did not answer a request");
                }
                if self.ping_due_ms() <= now_ms {
                    self.ping();
                }
            }
            _ => {}
        }
    }

    pub(super) fn next_deadline_ms(&self) -> u64 {
        let latest = self.now_ms.saturating_add(TICK_MAX_MS);
        let of_phase = match self.session.phase {
            Phase::Waiting { at_ms } => at_ms,
            Phase::Opening { until_ms } | Phase::Greeting { until_ms } => until_ms,
            Phase::Up => self.ping_due_ms().min(self.session.probe_until_ms.unwrap_or(u64::MAX)),
            Phase::Idle | Phase::SignedOut { .. } | Phase::Stopped => u64::MAX,
        };
        let others = [
            self.requests.deadline_ms(),
            self.posts.deadline_ms(),
            self.runs_deadline_ms(),
            self.keyboards_deadline_ms(),
            self.read_positions.deadline_ms(),
            self.presence.deadline_ms(),
        ];
        let earliest = others.into_iter().flatten().fold(latest.min(of_phase), u64::min);
        earliest.max(self.now_ms).saturating_sub(self.clock_lag_ms)
    }
}
