//! A run that is not over, as all who deal with it share it.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{HostEnded, HostStart, Notice, RunInfo};
use wardroom_protocol::{RoomName, RunId, UserName};

use super::log::RunLog;
use crate::store::{RoomId, UserId};

/// A run that is not over.
pub(super) struct Run {
    /// What never changes.
    pub record: RunRecord,
    /// Its output.
    pub log: Arc<RunLog>,
    /// Held for a look or a change; never across an await. Taken within the lock of the hosts, never around it.
    life: Mutex<RunState>,
}

/// What never changes of a run.
pub(super) struct RunRecord {
    /// Its id.
    pub id: RunId,
    /// Its short number: people say `r41`.
    pub n: u64,
    /// The room that it is seen in.
    pub room: RoomId,
    /// That room's name.
    pub room_name: RoomName,
    /// Its line there.
    pub seq: u64,
    /// Who started it.
    pub by: UserId,
    /// Their name.
    pub by_name: UserName,
    /// The command as people read it.
    pub cmd: String,
    /// The host that it runs on.
    pub host: String,
    /// When it was started, Unix milliseconds.
    pub at: u64,
    /// What the host is told.
    pub order: HostStart,
    /// It was started since this machine was: see [`Phase::Committed`].
    pub is_this_boot: bool,
}

/// What changes of a run.
#[derive(Debug)]
pub(super) struct RunState {
    /// How far it is.
    pub phase: Phase,
    /// The store knows that it has started.
    pub is_noted: bool,
    /// How it ended, until that is on record.
    pub ended: Option<HostEnded>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// Its intent is not on disk yet: nobody may be told to start it.
    Committing,
    /// The intent is on disk, and the host has not said that it has it. It may have been sent, by this core or by the
    /// one before. A host that does not know it never began it: it keeps a record before the command may run, and
    /// that record outlives a kill. So it is sent (again) to a host that does not name it. Only where the machine has
    /// been started anew in between can a record have been lost: such a run is called lost, and never sent twice.
    Committed,
    /// The host has said that it has it. One that does not know it any more has lost it.
    Started,
    /// It is over, and the end is being put on record.
    Ending,
    /// It is over, and the store did not take the end: it is tried again.
    EndRefused,
}

impl Run {
    /// A run, with its output in the folder of all runs.
    pub(super) fn new(runs: &Path, record: RunRecord, phase: Phase, output_bytes: u64) -> Arc<Run> {
        let log = Arc::new(RunLog::new(runs, record.id, output_bytes));
        let life = Mutex::new(RunState { phase, is_noted: phase == Phase::Started, ended: None });
        Arc::new(Run { record, log, life })
    }

    /// What changes.
    pub(super) fn life(&self) -> MutexGuard<'_, RunState> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The host has it.
    pub(super) fn set_started(&self) {
        let mut life = self.life();
        if life.phase == Phase::Committed {
            life.phase = Phase::Started;
        }
    }

    /// Something of it (its output, its end) cannot be put on record, and is tried again: its watchers are told. True
    /// if they do not know yet.
    pub(super) fn is_held_up(&self, what: &str, is_disk_full: bool) -> bool {
        let n = self.record.n;
        let text = if is_disk_full {
            format!("the server's disk is full: {what} of r{n} waits until there is room; free some space there")
        } else {
            format!("the server cannot write {what} of r{n}, and tries again: its log says why")
        };
        self.log.set_trouble(encode(Number::None, &Notice { text }))
    }

    /// As members see it.
    pub(super) fn info(&self) -> RunInfo {
        let record = &self.record;
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
        }
    }
}
