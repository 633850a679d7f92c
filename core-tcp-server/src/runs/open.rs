//! The runs that are not over, and the state that they share.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rusqlite::Connection;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wardroom_protocol::{Code, RoomName, RunId, UserName};

use super::hosts::Hosts;
use super::keyboard::Keyboard;
use super::lease::Typist;
use super::output::OutputFolder;
use super::run::{Phase, Run, RunRecord};
use super::values::StoredOrder;
use crate::clock::{monotonic_ms, now_ms};
use crate::error::Error;
use crate::limits::{HOST_LOST_AFTER_MS_MAX, RUNS_STOP_MS};
use crate::store::{RoomId, Store, UserId};

/// The runs that are not over, and their hosts.
pub struct Runs {
    /// The folder with the output of all runs.
    pub(super) folder: PathBuf,
    /// The id of this boot of the machine.
    pub(super) boot: String,
    /// Milliseconds after which the runs of a host that is away are lost.
    pub(super) lost_after_ms: u64,
    /// The connected and the known hosts.
    pub(super) hosts: Arc<Hosts>,
    /// Pumps, and tasks that record ends.
    pub(super) tasks: TaskTracker,
    /// Cancelled when no more ends are recorded.
    pub(super) stopping: CancellationToken,
    /// Held for look-ups and changes; never across an await.
    open: RwLock<HashMap<RunId, Arc<Run>>>,
}

impl Runs {
    /// Loads the runs that are not over. Each waits for its host.
    ///
    /// # Errors
    /// If the database or the output folder cannot be read.
    pub async fn load(data: &Path, store: &Store, lost_after: Duration) -> Result<Self, Error> {
        let folder = data.join("runs");
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned();
        let (runs, this_boot) = (folder.clone(), boot.clone());
        let (open, hosts) =
            store.load(move |conn| Ok((read_open(conn, &runs, &this_boot)?, Hosts::read(conn)?))).await?;
        Ok(Self {
            folder,
            boot,
            lost_after_ms: u64::try_from(lost_after.as_millis()).unwrap_or(u64::MAX).min(HOST_LOST_AFTER_MS_MAX),
            hosts: Arc::new(hosts),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            open: RwLock::new(open),
        })
    }

    /// Finishes the tasks under way, after the connections of the hosts have been closed. Hosts report anything that is
    /// cut off here to the next core.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(Duration::from_millis(RUNS_STOP_MS), self.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "output is still on its way to the disk");
        }
    }

    /// Checks that there is a host with this name, if one is named.
    ///
    /// # Errors
    /// `not_found`
    pub fn check_known(&self, host: Option<&str>) -> Result<(), Error> {
        match host.map(|host| self.hosts.link(host)) {
            // One that is away counts, too.
            Some(Err(error)) if error.code == Code::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns the number of open runs.
    pub(super) fn count(&self) -> usize {
        self.open.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Returns the run with this id, unless it is over.
    pub(super) fn find(&self, run: RunId) -> Option<Arc<Run>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).get(&run).cloned()
    }

    /// Returns the run with this id, if it is on this host and the host may know of it.
    pub(super) fn on_host(&self, host: &str, run: RunId) -> Option<Arc<Run>> {
        self.find(run).filter(|run| run.record.host == host && run.life().phase != Phase::Committing)
    }

    /// Returns all open runs.
    pub(super) fn all(&self) -> Vec<Arc<Run>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Returns all open runs of a host, in the order in which they were started.
    pub(super) fn of_host(&self, host: &str) -> Vec<Arc<Run>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let mut runs: Vec<_> = open.values().filter(|run| run.record.host == host).cloned().collect();
        runs.sort_by_key(|run| run.record.n);
        runs
    }

    /// Returns the number of open runs of a host.
    pub fn count_on(&self, host: &str) -> usize {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.values().filter(|run| run.record.host == host).count()
    }

    /// Returns the bytes on disk of each run.
    pub fn printed(&self) -> Vec<(RunId, u64)> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.values().map(|run| (run.record.id, run.log.written())).collect()
    }

    pub(super) fn insert(&self, run: Arc<Run>) {
        self.open.write().unwrap_or_else(PoisonError::into_inner).insert(run.record.id, run);
    }

    pub(super) fn remove(&self, run: RunId) {
        self.open.write().unwrap_or_else(PoisonError::into_inner).remove(&run);
    }
}

fn read_open(conn: &Connection, runs: &Path, this_boot: &str) -> Result<HashMap<RunId, Arc<Run>>, Error> {
    let mut statement = conn.prepare(
        "SELECT r.id, r.n, r.room, o.name, r.seq, r.by, u.name, r.cmd, r.host, r.at, r.request, r.boot, r.started,
                r.lease, h.id, h.name, r.spool, r.away, r.lane_of
         FROM runs r JOIN users u ON u.id = r.by JOIN rooms o ON o.id = r.room
         LEFT JOIN users h ON h.id = r.holder WHERE r.exit IS NULL",
    )?;
    let mut rows = statement.query([])?;
    let mut open = HashMap::new();
    let from_sql = |n: i64| u64::try_from(n).unwrap_or(0);
    while let Some(row) = rows.next()? {
        let (id, room_name, by_name, request): (String, String, String, String) =
            (row.get(0)?, row.get(3)?, row.get(6)?, row.get(10)?);
        let id: RunId = id.parse().map_err(Error::internal)?;
        let boot: String = row.get(11)?;
        let stored: StoredOrder = serde_json::from_str(&request).map_err(Error::internal)?;
        let values = stored.values();
        let record = RunRecord {
            id,
            n: from_sql(row.get(1)?),
            room: RoomId(row.get(2)?),
            room_name: RoomName::parse(&room_name).map_err(Error::internal)?,
            seq: from_sql(row.get(4)?),
            by: UserId(row.get(5)?),
            by_name: UserName::parse(&by_name).map_err(Error::internal)?,
            cmd: row.get(7)?,
            host: row.get(8)?,
            spool: row.get(16)?,
            group: row.get::<_, Option<String>>(18)?.map(|id| id.parse()).transpose().map_err(Error::internal)?,
            at: from_sql(row.get(9)?),
            order: stored.order,
            is_this_boot: boot == this_boot,
        };
        let bytes = OutputFolder::new(runs, id).bytes()?;
        let has_started = row.get(12)? || bytes > 0;
        let phase = if has_started { Phase::Started } else { Phase::Committed };
        let starter = Typist { id: record.by, name: record.by_name.clone() };
        let holder = match (row.get::<_, Option<i64>>(14)?, row.get::<_, Option<String>>(15)?) {
            (Some(id), Some(name)) => {
                Some(Typist { id: UserId(id), name: UserName::parse(&name).map_err(Error::internal)? })
            }
            _ => None,
        };
        let keyboard = Keyboard::of(&record.order, from_sql(row.get(13)?), holder, &starter, false);
        let run = Run::new(runs, record, phase, values, bytes, keyboard);
        let away: Option<i64> = row.get(17)?;
        run.life().away_since_ms = away.map(|at| monotonic_ms().saturating_sub(now_ms().saturating_sub(from_sql(at))));
        open.insert(id, run);
    }
    Ok(open)
}
