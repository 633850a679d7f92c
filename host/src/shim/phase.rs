//! The life of a run after its start, as a state machine: what it waits for, and what ends the wait.
//!
//! A run is over when its first process has ended and its pipes are closed. Background children that hold the pipes get
//! [`DRAIN_AFTER_EXIT_MS`] more; then, and for children that closed the pipes at once, the escalation follows: a run
//! leaves no process behind, however it ended, unless it was started with `detach`.

use std::time::{Duration, Instant};

use rustix::process::{WaitOptions, wait, waitpid};

use super::command::Leader;
use super::exit::StopCause;
use super::mask::Patterns;
use crate::limits::{DRAIN_AFTER_EXIT_MS, DRAIN_AFTER_STOP_MS, ENDED_CHARS_MAX, ENDED_MAX, KEPT_LOOK_MS, SWEEP_MS};
use crate::process::escalation::{Escalation, Step};
use crate::process::handle::{Process, pid};
use crate::process::{stat, tree};

/// What a run waits for.
#[derive(Debug)]
pub enum Phase {
    /// The end of its first process.
    Running,
    /// The end of its output, until then.
    Draining(Instant),
    /// The end of all other processes, with `detach`.
    Detached,
    /// The end of processes that are being ended.
    Ending(Escalation),
    /// The end of its output after its last process, until then.
    Closing(Instant),
    /// Nothing.
    Over,
}

/// What a phase needs to know, and what it leaves behind.
#[derive(Debug)]
pub struct Life {
    /// The phase.
    pub phase: Phase,
    /// Why the run was stopped.
    pub cause: Option<StopCause>,
    /// Processes that could not be ended.
    pub left: u32,
    /// The command lines of processes that outlived the first one, and are ended.
    pub ended: Vec<String>,
    /// The command lines of processes that outlived the first one, and are kept.
    pub kept: Vec<String>,
    /// When to look at those again.
    look_at: Instant,
    /// When the run is stopped for its time limit.
    pub deadline: Instant,
    is_detached: bool,
    has_terminal: bool,
    /// What is taken out of the command lines.
    patterns: Patterns,
}

impl Life {
    /// Begins with a running command.
    pub fn new(deadline: Instant, is_detached: bool, has_terminal: bool, patterns: Patterns) -> Life {
        let (phase, cause, ended, kept) = (Phase::Running, None, Vec::new(), Vec::new());
        Life {
            phase,
            cause,
            left: 0,
            ended,
            kept,
            look_at: Instant::now(),
            deadline,
            is_detached,
            has_terminal,
            patterns,
        }
    }

    /// Returns how long to wait at most before the next step.
    pub fn patience(&self) -> Option<Duration> {
        let now = Instant::now();
        let until = |at: &Instant| Some(at.saturating_duration_since(now));
        match &self.phase {
            Phase::Running => until(&self.deadline),
            Phase::Detached => until(&self.look_at.min(self.deadline)),
            Phase::Draining(at) => until(at.min(&self.deadline)),
            Phase::Closing(at) => until(at),
            Phase::Ending(_) => Some(Duration::from_millis(SWEEP_MS)),
            Phase::Over => Some(Duration::ZERO),
        }
    }

    /// Returns true while it is not being ended.
    pub fn can_be_stopped(&self) -> bool {
        self.cause.is_none() && matches!(self.phase, Phase::Running | Phase::Draining(_) | Phase::Detached)
    }

    /// Stops the run. The first cause counts, but a member's KILL makes a TERM harder.
    pub fn stop(&mut self, cause: StopCause) {
        let is_kill = cause.is_kill();
        match &mut self.cause {
            None => self.cause = Some(cause),
            Some(before) if is_kill && before.is_by_member() => *before = cause,
            Some(_) => {}
        }
        let begins = matches!(self.phase, Phase::Running | Phase::Draining(_) | Phase::Detached);
        if begins {
            self.phase = Phase::Ending(Escalation::new(self.has_terminal));
        }
        if let (true, Phase::Ending(escalation)) = (is_kill, &mut self.phase) {
            escalation.force();
        }
    }

    /// Does what the phase asks for now. Called in every turn of the loop.
    pub fn step(&mut self, leader: &mut Leader, is_closed: bool) {
        let now = Instant::now();
        let is_running = matches!(self.phase, Phase::Running | Phase::Draining(_) | Phase::Detached);
        if is_running && now >= self.deadline {
            self.stop(StopCause::Timeout);
        }
        if matches!(self.phase, Phase::Running) && leader.status().is_some() {
            self.phase = Phase::Draining(now + Duration::from_millis(DRAIN_AFTER_EXIT_MS));
        }
        if let Phase::Draining(until) = self.phase {
            let has_others = has_others(leader);
            if self.is_detached && has_others {
                self.phase = Phase::Detached;
            } else if is_closed || now >= until || !has_others {
                self.sweep(has_others);
            }
        }
        if matches!(self.phase, Phase::Detached) && now >= self.look_at {
            self.kept = self.command_lines();
            self.look_at = now + Duration::from_millis(KEPT_LOOK_MS);
        }
        if matches!(self.phase, Phase::Detached) && !has_others(leader) {
            self.phase = Phase::Closing(now + Duration::from_millis(DRAIN_AFTER_STOP_MS));
        }
        self.end_processes(leader);
        if let Phase::Closing(until) = self.phase
            && (is_closed || now >= until)
        {
            self.phase = Phase::Over;
        }
    }

    /// The first process has ended by itself: ends the others.
    fn sweep(&mut self, has_others: bool) {
        if !has_others {
            self.phase = Phase::Closing(Instant::now() + Duration::from_millis(DRAIN_AFTER_STOP_MS));
            return;
        }
        self.ended = self.command_lines();
        self.phase = Phase::Ending(Escalation::new(self.has_terminal));
    }

    /// Returns the command lines of the first processes that are left.
    fn command_lines(&self) -> Vec<String> {
        let lines = living().into_iter().filter_map(|process| stat::command_line(process.pid));
        lines.map(|line| shortened(self.patterns.mask_cut(&line))).take(ENDED_MAX).collect()
    }

    fn end_processes(&mut self, leader: &mut Leader) {
        let Phase::Ending(escalation) = &mut self.phase else { return };
        if leader.status().is_some() && !has_others(leader) {
            self.phase = Phase::Closing(Instant::now() + Duration::from_millis(DRAIN_AFTER_STOP_MS));
            return;
        }
        if escalation.is_killing() {
            // First: a process may fork faster than `/proc` is read.
            leader.kill_at_once();
        }
        if let Step::GaveUp(left) = escalation.step(&living()) {
            self.left = left;
            self.phase = Phase::Closing(Instant::now() + Duration::from_millis(DRAIN_AFTER_STOP_MS));
        }
    }
}

fn living() -> Vec<Process> {
    tree::descendants(std::process::id())
}

fn shortened(line: String) -> String {
    match line.char_indices().nth(ENDED_CHARS_MAX) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

/// Reaps the children of this process that have ended, and returns true if others than the leader are left. Whatever the
/// run has started is a descendant of one of them. Reaps the leader too once it seems to be the last one: only then the
/// kernel can say for certain that there is no child.
pub fn has_others(leader: &mut Leader) -> bool {
    if leader.is_reaped() {
        return has_children();
    }
    let mut has_others = false;
    for child in children_of_this_process() {
        has_others |= child != leader.pid && matches!(waitpid(pid(child), WaitOptions::NOHANG), Ok(None));
    }
    if has_others || leader.status().is_none() {
        return has_others;
    }
    leader.reap();
    has_children()
}

/// Reaps all children that have ended, and returns true if any is left.
fn has_children() -> bool {
    loop {
        // Any child: `waitpid` without a pid would mean those of this process group.
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

/// Lists the children of this process, which has one thread. Kernels without `CONFIG_PROC_CHILDREN` have no such list.
fn children_of_this_process() -> Vec<u32> {
    let me = std::process::id();
    match std::fs::read_to_string(format!("/proc/self/task/{me}/children")) {
        Ok(list) => list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect(),
        Err(_) => stat::table().into_iter().filter(|s| s.ppid == me).map(|s| s.pid).collect(),
    }
}
