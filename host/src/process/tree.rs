//! Finds all processes of a run, however they tried to escape it: `nohup`, `setsid`, double forks, closed pipes.
//!
//! While the host lives it is the subreaper of all its runs, so everything that a run started is somewhere below the
//! host: under the run's leader, or under an orphan. An orphan belongs to the run whose session it is in, or whose
//! marker it has; an orphan with neither belongs to the last run that can have made it. After a restart of the host
//! that tree is gone, and what counts is the leader (pid and start time), its session, and the markers.
//!
//! Every process of a run has two markers. One is a variable of its environment, which `env -i` removes, and which the
//! host cannot read of another user's process. The other is a limit that has no effect but is inherited by every
//! process ([`tag`]): it survives `env -i`, `setsid` and `sudo`, and needs no privilege.
//!
//! Every descendant of a member, and every process in a member's session, is a member.

use std::collections::BTreeSet;
use std::sync::Arc;

use wardroom_protocol::RunId;

use super::children::{Children, Leader};
use super::handle::Process;
use super::stat::{self, Stat};

/// The variable that says which run a process belongs to.
pub const MARK: &str = "WARDROOM_RUN";

/// Returns the run's number as a limit of file locks: random, and far from any that somebody would set.
pub fn tag(run: RunId) -> u64 {
    const LOW: u64 = (1 << 62) - 1;
    u64::try_from(run.0.random() & u128::from(LOW)).unwrap_or(LOW) | 1 << 62
}

/// The processes of one run.
#[derive(Clone, Debug)]
pub struct ProcessTree {
    /// The run.
    pub run: RunId,
    /// Its leader's pid, which is also its session.
    pub leader: u32,
    /// When the leader was started.
    pub start_ticks: u64,
    /// The leader as a child of this process, if the run was started by this host.
    pub child: Option<Arc<Leader>>,
}

/// A snapshot of a process tree.
#[derive(Debug, Default)]
pub struct TreeSnapshot {
    /// Processes that were found and still exist.
    pub processes: Vec<Process>,
    /// False if processes started or ended meanwhile: then some may exist even if none was found.
    pub is_sure: bool,
}

impl ProcessTree {
    /// Returns the host's other children, if this host started the run.
    pub fn children(&self) -> Option<&Arc<Children>> {
        self.child.as_ref().map(|leader| leader.children())
    }

    /// Returns the processes that are alive now. Reaps orphans that have ended. Reads all of `/proc`: some
    /// milliseconds.
    pub fn living(&self) -> TreeSnapshot {
        let me = std::process::id();
        let table = stat::table();
        // After the table: a shim that was started meanwhile is known by now, and not an orphan.
        let known = self.children().map(|children| children.known()).unwrap_or_default();
        let is_adopted = |s: &Stat| s.ppid == me && !known.contains(&s.pid);
        let seeds: BTreeSet<u32> = match self.children() {
            Some(children) => {
                let own = table.iter().filter(|s| self.is_leader(s) || s.sid == self.leader);
                let adopted = table.iter().filter(|s| is_adopted(s) && self.claims(s, children));
                own.chain(adopted).map(|s| s.pid).collect()
            }
            None => self.seeds_after_restart(&table),
        };
        let mut foreign = known.clone();
        foreign.remove(&self.leader);
        foreign.extend([0, 1, me]);
        let members = with_descendants(&table, seeds, &foreign, Stat::of(me).map_or(0, |s| s.sid));
        let alive: Vec<&Stat> = table.iter().filter(|s| s.is_alive && members.contains(&s.pid)).collect();
        let processes: Vec<Process> = alive.iter().filter_map(|stat| Process::open(stat)).collect();
        // Reading the table takes time. A process that was orphaned meanwhile was not examined as an orphan.
        let orphans = self.children().map(|children| children.orphans()).unwrap_or_default();
        let was_judged = |pid: &u32| table.iter().any(|s| s.pid == *pid && is_adopted(s));
        TreeSnapshot { is_sure: processes.len() == alive.len() && orphans.iter().all(was_judged), processes }
    }

    fn is_leader(&self, stat: &Stat) -> bool {
        stat.pid == self.leader && stat.start_ticks == self.start_ticks
    }

    /// Returns true if an orphan belongs to this run.
    fn claims(&self, orphan: &Stat, children: &Children) -> bool {
        orphan.sid == self.leader
            || self.is_marked(orphan)
            // A process that removed both markers can be attributed only by its age.
            || !is_marked_at_all(orphan) && children.is_only_leader_before(self.leader, orphan.start_ticks)
    }

    fn is_marked(&self, stat: &Stat) -> bool {
        let has_variable = || stat::variable(stat.pid, MARK).is_some_and(|id| id == self.run.to_string().as_bytes());
        stat::locks_limit(stat.pid) == Some(tag(self.run)) || has_variable()
    }

    /// Returns the seeds after a restart. The leader's session counts only while the leader itself exists: its number
    /// may have been reused.
    fn seeds_after_restart(&self, table: &[Stat]) -> BTreeSet<u32> {
        let has_leader = table.iter().any(|s| self.is_leader(s));
        let is_own = |s: &&Stat| (has_leader && s.sid == self.leader) || self.is_marked(s);
        table.iter().filter(is_own).map(|s| s.pid).collect()
    }
}

fn is_marked_at_all(stat: &Stat) -> bool {
    stat::locks_limit(stat.pid).is_some_and(|limit| limit >> 62 == 1) || stat::variable(stat.pid, MARK).is_some()
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
