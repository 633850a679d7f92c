//! An open run, as all its users share it.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{Detached, HostEnded, HostStart, Notice, RunInfo};
use wardroom_protocol::{RoomName, RunId, UserName};

use super::keyboard::Keyboard;
use super::log::RunLog;
use super::values::Values;
use crate::store::{RoomId, UserId};

/// An open run.
pub(super) struct Run {
    /// The part that never changes.
    pub record: RunRecord,
    /// The run's output.
    pub log: Arc<RunLog>,
    /// Its keyboard, if it has a terminal or reads standard input.
    pub keyboard: Option<Keyboard>,
    /// Held for a read or a change; never across an await. May be locked while the lock of the hosts is held, but not
    /// the other way round.
    life: Mutex<RunState>,
}

/// The part of a run that never changes.
pub(super) struct RunRecord {
    /// The run's id.
    pub id: RunId,
    /// The short number, as in `r41`.
    pub n: u64,
    /// The room that shows it.
    pub room: RoomId,
    /// The name of that room.
    pub room_name: RoomName,
    /// The `seq` of its event there.
    pub seq: u64,
    /// The user who started it.
    pub by: UserId,
    /// The name of that user.
    pub by_name: UserName,
    /// The command as people read it.
    pub cmd: String,
    /// The host that it runs on.
    pub host: String,
    /// The spool of the host that it is in, if the host has said which.
    pub spool: Option<String>,
    /// The first run of its group, if it is in one.
    pub group: Option<RunId>,
    /// When it was started, in Unix milliseconds.
    pub at: u64,
    /// The order for the host, without the values that are on no record: see [`RunState::order`].
    pub order: HostStart,
    /// True if it was started since the machine booted: see [`Phase::Committed`].
    pub is_this_boot: bool,
}

/// The part of a run that changes.
#[derive(Debug)]
pub(super) struct RunState {
    /// Its phase.
    pub phase: Phase,
    /// True if the store knows that it has started.
    pub is_noted: bool,
    /// What goes on after its first process, as far as its host has said.
    pub detached: Option<Detached>,
    /// How it ended, until that is recorded.
    pub ended: Option<HostEnded>,
    /// Since when its host is away, by the monotonic clock, as far as has been noticed.
    pub away_since_ms: Option<u64>,
    /// The values of its variables and secrets, until the host has it; `None` if they are gone.
    values: Option<Values>,
}

impl RunState {
    /// Returns the complete order for the host; `None` if its values are gone.
    pub(super) fn order(&self, record: &RunRecord) -> Option<HostStart> {
        self.values.as_ref().map(|values| values.fill(&record.order))
    }

    /// Notes that the host has it.
    pub(super) fn begin(&mut self) {
        (self.phase, self.values) = (Phase::Started, None);
    }
}

/// The phase of a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// Its intent is not on disk yet: no host may be told to start it.
    Committing,
    /// The intent is on disk, and the host has not said that it has the run. This core or an earlier one may have sent
    /// the order. A host that does not know the run never started it: it writes a record before the command may run,
    /// and that record survives a kill. So the order is sent (again) to a host that does not name the run. Only a
    /// reboot of the machine can lose a record: such a run is called lost, and never sent twice.
    Committed,
    /// The host has said that it has the run. If it no longer knows it, the run is lost.
    Started,
    /// It is over, and the end is being recorded.
    Ending,
    /// It is over, but the store refused the end: recording it is tried again.
    EndRefused,
}

impl Run {
    /// Creates a run with its output in the folder of all runs.
    pub(super) fn new(
        runs: &Path,
        record: RunRecord,
        phase: Phase,
        values: Option<Values>,
        output_bytes: u64,
        keyboard: Option<Keyboard>,
    ) -> Arc<Run> {
        let log = Arc::new(RunLog::new(runs, record.id, output_bytes, record.order.tty));
        let is_noted = phase == Phase::Started;
        let life = Mutex::new(RunState { phase, is_noted, detached: None, ended: None, away_since_ms: None, values });
        Arc::new(Run { record, log, keyboard, life })
    }

    /// Returns true if a host with this spool has the run. A host without an id of its spool is believed.
    pub(super) fn is_in(&self, spool: Option<&str>) -> bool {
        self.record.spool.as_deref().zip(spool).is_none_or(|(ours, theirs)| ours == theirs)
    }

    /// Locks the part that changes.
    pub(super) fn life(&self) -> MutexGuard<'_, RunState> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that the host has the run.
    pub(super) fn set_started(&self) {
        let mut life = self.life();
        if life.phase == Phase::Committed {
            life.begin();
        }
    }

    /// Tells the watchers that part of the run (its output, its end) cannot be recorded yet and is tried again. Returns
    /// true if this is news to them.
    pub(super) fn is_held_up(&self, what: &str, is_disk_full: bool) -> bool {
        let n = self.record.n;
        let text = if is_disk_full {
            format!("the server's disk is full: {what} of r{n} waits until there is room; free some space there")
        } else {
            format!("the server cannot write {what} of r{n}, and tries again: its log says why")
        };
        self.log.set_trouble(encode(Number::None, &Notice { text }))
    }

    /// Returns the run as members see it.
    pub(super) fn info(&self) -> RunInfo {
        let record = &self.record;
        let keys = self.keyboard.as_ref().map(Keyboard::state);
        let (tty, holder) = keys.map_or((None, None), |keys| (keys.tty, keys.holder));
        RunInfo {
            run: record.id,
            n: record.n,
            room: record.room_name.clone(),
            seq: record.seq,
            by: record.by_name.clone(),
            cmd: record.cmd.clone(),
            host: record.host.clone(),
            at: record.at,
            bytes: self.log.head(),
            exit: None,
            ms: None,
            ended: Vec::new(),
            detached: self.life().detached.clone(),
            tty,
            stdin: record.order.stdin,
            holder,
            isolation: record.order.isolation.clone(),
            sandbox: record.order.sandbox.clone(),
            group: record.group,
        }
    }
}
