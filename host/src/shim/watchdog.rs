//! Watches what the processes of a run use together, and whether anything happens. A limit of setrlimit(2) holds for
//! each process alone; the sum is looked at from time to time.

use std::time::{Duration, Instant};

use wardroom_protocol::messages::RunLimits;

use crate::limits::USAGE_LOOK_MS;
use crate::process::cgroup::OwnedCgroup;
use crate::process::usage::{exact_memory_below, oom_kills, usage_below};

/// The limits of a run that its shim enforces.
#[derive(Debug)]
pub struct Watchdog {
    limits: RunLimits,
    /// Bytes of output and input at the last look.
    progress: (u64, u64),
    /// When these last changed.
    active: Instant,
    /// When the processes are looked at next, if there is a limit for which they are.
    next_look: Option<Instant>,
    /// Processes that the kernel had killed for memory when the run began.
    oom_kills: u64,
    /// What the run is in. It ends with this, after the host was told of the end.
    cgroup: Option<OwnedCgroup>,
}

impl Watchdog {
    /// Begins with a running command.
    pub fn new(limits: RunLimits, now: Instant, cgroup: Option<OwnedCgroup>) -> Watchdog {
        let is_measured = limits.cpu_s.or(limits.memory_bytes).or(limits.processes).is_some();
        Watchdog {
            limits,
            progress: (0, 0),
            active: now,
            next_look: is_measured.then_some(now),
            oom_kills: oom_kills(),
            cgroup,
        }
    }

    /// Returns what the run may use.
    pub fn limits(&self) -> &RunLimits {
        &self.limits
    }

    /// Returns true if the kernel has killed a process for memory since the run began.
    pub fn has_seen_oom(&self) -> bool {
        oom_kills() > self.oom_kills
    }

    /// Returns the limit at which the kernel has stopped the run as a whole.
    pub fn limit_reached(&self) -> Option<&'static str> {
        let limit = self.cgroup.as_ref()?.0.limit_reached()?;
        // Without such a limit of its own, it was one of a cgroup above.
        self.limits.named().into_iter().any(|(name, own)| name == limit && own.is_some()).then_some(limit)
    }

    /// Returns how long to wait at most before the next [`Watchdog::check`].
    pub fn patience(&self) -> Option<Duration> {
        let now = Instant::now();
        let next = [self.next_look, self.idle_at()].into_iter().flatten().min();
        next.map(|at| at.saturating_duration_since(now))
    }

    /// Returns the limit that the run exceeds, if it does. `progress` is its bytes of output and of input.
    pub fn check(&mut self, progress: (u64, u64)) -> Option<&'static str> {
        let now = Instant::now();
        if progress != self.progress {
            (self.progress, self.active) = (progress, now);
        }
        if self.idle_at().is_some_and(|at| now >= at) {
            return Some("idle");
        }
        if self.next_look.is_none_or(|at| now < at) {
            return None;
        }
        self.next_look = now.checked_add(Duration::from_millis(USAGE_LOOK_MS));
        self.exceeded()
    }

    fn idle_at(&self) -> Option<Instant> {
        self.active.checked_add(Duration::from_secs(self.limits.idle_s?))
    }

    fn exceeded(&self) -> Option<&'static str> {
        if let Some(limit) = self.limit_reached() {
            return Some(limit);
        }
        let me = std::process::id();
        let usage = usage_below(me);
        let is_over = |used: u64, limit: Option<u64>| limit.is_some_and(|limit| used > limit);
        if is_over(usage.processes, self.limits.processes) {
            return Some("processes");
        }
        if is_over(usage.memory_bytes, self.limits.memory_bytes)
            && is_over(exact_memory_below(me), self.limits.memory_bytes)
        {
            return Some("memory");
        }
        // Processes that nobody waits for are missing in what `/proc` says.
        let cpu_ms = self.cgroup.as_ref().and_then(|cgroup| cgroup.0.cpu_ms()).unwrap_or(0).max(usage.cpu_ms);
        is_over(cpu_ms, self.limits.cpu_s.map(|s| s.saturating_mul(1_000))).then_some("cpu")
    }
}
