//! Ends processes: TERM (and CONT, for stopped ones) to each; after a grace period KILL, repeated until none is left or a
//! deadline has passed. What is left then is reported, never hidden. Only the steps are here: the caller lists the
//! processes, and waits between two steps.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::handle::Process;
use crate::limits::{GRACE_MS, KILL_MS};

/// The state of an escalation.
#[derive(Debug)]
pub struct Escalation {
    deadline: Instant,
    is_killing: bool,
    /// Processes on a terminal also get HUP: interactive shells ignore TERM.
    hangs_up: bool,
    asked: BTreeSet<u32>,
}

/// The result of a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Wait a moment, list the processes and step again.
    Wait,
    /// This many processes cannot be ended.
    GaveUp(u32),
}

impl Escalation {
    /// Begins with TERM.
    pub fn new(hangs_up: bool) -> Escalation {
        let deadline = Instant::now() + Duration::from_millis(GRACE_MS);
        Escalation { deadline, is_killing: false, hangs_up, asked: BTreeSet::new() }
    }

    /// Ends the grace period.
    pub fn force(&mut self) {
        if !self.is_killing {
            self.is_killing = true;
            self.deadline = Instant::now() + Duration::from_millis(KILL_MS);
        }
    }

    /// Returns true once processes are killed.
    pub fn is_killing(&self) -> bool {
        self.is_killing
    }

    /// Signals the processes that are alive. Each gets TERM once, and KILL as often as this is called.
    pub fn step(&mut self, living: &[Process]) -> Step {
        let is_late = Instant::now() >= self.deadline;
        if is_late && self.is_killing {
            // At least one: the caller would have stopped if it had been certain of none.
            return Step::GaveUp(u32::try_from(living.len()).unwrap_or(u32::MAX).max(1));
        }
        if is_late {
            self.force();
        }
        for process in living {
            if self.is_killing {
                send(process, Signal::KILL);
            } else if self.asked.insert(process.pid) {
                send(process, Signal::TERM);
                if self.hangs_up {
                    send(process, Signal::HUP);
                }
                send(process, Signal::CONT);
            }
        }
        Step::Wait
    }
}

fn send(process: &Process, signal: Signal) {
    if let Err(error) = process.signal(signal) {
        tracing::debug!(%error, pid = process.pid, "a process took no signal");
    }
}
