//! Finds the processes of a run, however they tried to leave it: `nohup`, `setsid`, double forks, closed pipes.
//!
//! A shim is the subreaper of all that it starts, so the processes of its run are its descendants, and nothing can leave
//! that tree. Only if the shim itself was killed, the tree is gone. Then what counts is the first process (pid and start
//! time), its session, and two markers that every process of a run has. One is a variable of its environment, which
//! `env -i` removes, and which cannot be read of another user's process. The other is a limit that has no effect but is
//! inherited by every process ([`tag`]): it survives `env -i`, `setsid` and `sudo`, and needs no privilege. Every
//! descendant of such a process, and every process in its session, belongs to the run too.

use std::collections::BTreeSet;

use wardroom_protocol::RunId;

use super::cgroup::Cgroup;
use super::handle::Process;
use super::stat::{self, Stat};

/// The variable that says which run a process belongs to.
pub const MARK: &str = "WARDROOM_RUN";

/// Returns the run's number as a limit of file locks: random, and far from any that somebody would set.
pub fn tag(run: RunId) -> u64 {
    const LOW: u64 = (1 << 62) - 1;
    u64::try_from(run.0.random() & u128::from(LOW)).unwrap_or(LOW) | 1 << 62
}

/// The processes of a run whose shim is gone.
#[derive(Clone, Debug)]
pub struct LostRun {
    /// The run.
    pub run: RunId,
    /// The pid of its first process, which is also its session.
    pub leader: u32,
    /// When that was started.
    pub start_ticks: u64,
    /// What its processes are in, unless they left it.
    pub cgroup: Option<Cgroup>,
}

/// Returns the living descendants of a process. Reads all of `/proc`: some milliseconds.
pub fn descendants(of: u32) -> Vec<Process> {
    members_of(of).iter().filter(|s| s.is_alive).filter_map(Process::open).collect()
}

/// Returns the descendants of a process, also those that are not reaped.
pub fn members_of(of: u32) -> Vec<Stat> {
    let mut table = stat::table();
    let mut members = BTreeSet::from([of]);
    loop {
        let children = table.iter().filter(|s| members.contains(&s.ppid)).map(|s| s.pid);
        let grown: BTreeSet<u32> = children.chain(members.iter().copied()).collect();
        if grown.len() == members.len() {
            break;
        }
        members = grown;
    }
    members.remove(&of);
    table.retain(|s| members.contains(&s.pid));
    table
}

fn opened(table: &[Stat], members: &BTreeSet<u32>) -> Vec<Process> {
    table.iter().filter(|s| s.is_alive && members.contains(&s.pid)).filter_map(Process::open).collect()
}

impl LostRun {
    /// Returns the processes that are alive now. Reads all of `/proc`.
    pub fn living(&self) -> Vec<Process> {
        let me = std::process::id();
        let table = stat::table();
        let foreign = BTreeSet::from([0, 1, me]);
        let members = with_descendants(&table, self.seeds(&table), &foreign, Stat::of(me).map_or(0, |s| s.sid));
        opened(&table, &members)
    }

    fn is_leader(&self, stat: &Stat) -> bool {
        stat.pid == self.leader && stat.start_ticks == self.start_ticks
    }

    fn is_marked(&self, stat: &Stat) -> bool {
        let has_variable = || stat::variable(stat.pid, MARK).is_some_and(|id| id == self.run.to_string().as_bytes());
        stat::locks_limit(stat.pid) == Some(tag(self.run)) || has_variable()
    }

    /// The leader's session counts only while the leader itself exists: its number may have been reused.
    fn seeds(&self, table: &[Stat]) -> BTreeSet<u32> {
        let has_leader = table.iter().any(|s| self.is_leader(s));
        let members = self.cgroup.as_ref().map(Cgroup::members).unwrap_or_default();
        let is_own = |s: &&Stat| members.contains(&s.pid) || (has_leader && s.sid == self.leader) || self.is_marked(s);
        table.iter().filter(is_own).map(|s| s.pid).collect()
    }
}

/// Adds all descendants of members and all processes in their sessions, but none of `foreign` and nothing below those.
fn with_descendants(table: &[Stat], seeds: BTreeSet<u32>, foreign: &BTreeSet<u32>, host_sid: u32) -> BTreeSet<u32> {
    let mut members: BTreeSet<u32> = seeds.difference(foreign).copied().collect();
    loop {
        let in_members = table.iter().filter(|s| members.contains(&s.pid));
        let sessions: BTreeSet<u32> = in_members.map(|s| s.sid).filter(|sid| *sid != 0 && *sid != host_sid).collect();
        let belongs = |s: &&Stat| members.contains(&s.ppid) || sessions.contains(&s.sid);
        let all = table.iter().filter(belongs).map(|s| s.pid).filter(|pid| !foreign.contains(pid));
        let grown: BTreeSet<u32> = all.chain(members.iter().copied()).collect();
        if grown.len() == members.len() {
            return members;
        }
        members = grown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(pid: u32, ppid: u32, sid: u32) -> Stat {
        Stat { pid, ppid, sid, start_ticks: u64::from(pid), is_alive: true }
    }

    #[test]
    fn tags_differ_and_are_no_plausible_limits() {
        let (a, b) = (tag(RunId::from_parts(1, 5)), tag(RunId::from_parts(1, 6)));
        assert_ne!(a, b);
        assert_eq!((a >> 62, b >> 62), (1, 1));
        assert_eq!(tag(RunId::from_parts(1, u128::MAX)) >> 62, 1, "never the value that means no limit");
    }

    #[test]
    fn descendants_and_sessions_are_followed() {
        // 10 is the leader; 11 its child; 12 called setsid, 13 is its child; 14 shares 12's session as an orphan.
        // 20 is another run's leader with a child; 2 is the host.
        let table = [
            stat(2, 1, 2),
            stat(10, 2, 10),
            stat(11, 10, 10),
            stat(12, 11, 12),
            stat(13, 12, 12),
            stat(14, 2, 12),
            stat(20, 2, 20),
            stat(21, 20, 20),
        ];
        let foreign = BTreeSet::from([0, 1, 2, 20]);
        let members = with_descendants(&table, BTreeSet::from([10]), &foreign, 2);
        assert_eq!(members, BTreeSet::from([10, 11, 12, 13, 14]));
    }

    #[test]
    fn the_host_is_never_a_member() {
        let table = [stat(2, 1, 2), stat(3, 2, 2), stat(10, 2, 10)];
        let members = with_descendants(&table, BTreeSet::from([2, 10]), &BTreeSet::from([0, 1, 2]), 2);
        assert_eq!(members, BTreeSet::from([10]));
    }

    #[test]
    fn a_session_of_the_host_is_not_followed() {
        let table = [stat(2, 1, 2), stat(3, 2, 2), stat(4, 2, 2)];
        let members = with_descendants(&table, BTreeSet::from([3]), &BTreeSet::from([0, 1, 2]), 2);
        assert_eq!(members, BTreeSet::from([3]));
    }
}
