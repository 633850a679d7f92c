//! All runs of this host, by id, and what the core can do with them. Knows no connection; the link calls it.

pub mod drive;
pub mod environment;
pub mod exit;
pub mod input;
pub mod run;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tokio_util::task::TaskTracker;
use wardroom_protocol::messages::{Exit, HostEnded, HostRun, HostSignal, HostStart};
use wardroom_protocol::{Code, RunId};

use self::drive::Shared;
use self::exit::StopBy;
use self::input::{Input, Rejected};
use self::run::Run;
use crate::limits::{RUNS_MAX, SPOOLED_BYTES_MAX, SPOOLS_MAX};
use crate::spool::Root;

/// The runs that this host holds.
#[derive(Debug)]
pub struct Runs {
    root: Root,
    shared: Arc<Shared>,
    // Never held across an await. Within it, a run's own locks are taken only briefly.
    held: Mutex<HeldRun>,
    tasks: TaskTracker,
    /// True if no run is held. Used only when the host stops.
    is_empty: watch::Sender<bool>,
}

/// Why the host cannot do what the core asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Error {
    /// The run.
    pub run: RunId,
    /// Why, for programs.
    pub code: Code,
    /// Why, for people.
    pub msg: &'static str,
}

#[derive(Debug, Default)]
struct HeldRun {
    runs: BTreeMap<RunId, Arc<Run>>,
    is_stopping: bool,
}

impl Runs {
    /// Starts with the runs in the spools, all of them over by now (see [`crate::recover`]).
    pub fn new(root: Root, over: Vec<Run>, shared: Shared) -> Arc<Runs> {
        let runs = over.into_iter().map(|run| (run.id, Arc::new(run))).collect();
        let held = Mutex::new(HeldRun { runs, is_stopping: false });
        let (tasks, is_empty) = (TaskTracker::new(), watch::Sender::default());
        Arc::new(Runs { root, shared: Arc::new(shared), held, tasks, is_empty })
    }

    fn held(&self) -> MutexGuard<'_, HeldRun> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notified when any run has news for the core.
    pub fn changed(&self) -> &Notify {
        &self.shared.changed
    }

    /// Returns a run, if it is held.
    pub fn find(&self, run: RunId) -> Option<Arc<Run>> {
        self.held().runs.get(&run).cloned()
    }

    /// Returns all held runs, by id.
    pub fn all(&self) -> Vec<Arc<Run>> {
        self.held().runs.values().cloned().collect()
    }

    /// Returns the runs for the hello.
    pub fn list(&self) -> Vec<HostRun> {
        let told = |run: &Arc<Run>| {
            let standing = run.standing();
            HostRun { run: run.id, bytes: standing.bytes, ended: standing.ended.is_some(), input: 0 }
        };
        self.all().iter().map(told).collect()
    }

    /// Starts a run, unless it exists already.
    ///
    /// # Errors
    /// The refusal for the core if the run cannot even be stored as failed.
    pub fn start(self: &Arc<Self>, start: HostStart) -> Result<(), Error> {
        let mut held = self.held();
        if held.runs.contains_key(&start.run) {
            return Ok(());
        }
        if held.runs.len() >= SPOOLS_MAX {
            return Err(refusal(start.run, Code::Busy, "this host holds as many runs as it can"));
        }
        let spool = self.root.spool(start.run);
        let id = start.run;
        if let Some(why) = why_not(&held) {
            let exit = Exit::Failed { failed: why };
            let ended = HostEnded { run: id, exit, bytes: 0, ms: 0, truncated: false, left: 0, ended: Vec::new() };
            held.runs.insert(id, Arc::new(Run::over(id, spool, ended)));
            self.shared.changed.notify_one();
            return Ok(());
        }
        let input =
            if start.stdin { spool.create_input().map(|file| Some(Arc::new(Input::new(file)))) } else { Ok(None) };
        let input = input.map_err(|error| {
            tracing::error!(%error, run = %id, "the input of a run cannot be kept");
            refusal(id, Code::Internal, "the host's spool cannot be written")
        })?;
        let run = Arc::new(Run::new(id, spool, input));
        held.runs.insert(id, Arc::clone(&run));
        drop(held);
        let runs = Arc::clone(self);
        self.tasks.spawn(async move {
            drive::drive(&run, start, &runs.shared).await;
            if run.is_forgotten() {
                runs.forget(run.id);
            }
        });
        Ok(())
    }

    /// Passes a member's signal on. A run that is over or unknown ignores it.
    pub fn signal(&self, HostSignal { run, signal, by }: HostSignal) {
        if let Some(run) = self.find(run) {
            run.signal(signal, by);
        }
    }

    /// Appends to standard input.
    ///
    /// # Errors
    /// The refusal for the core. If it was too much, the run is stopped.
    pub fn input(&self, run: RunId, bytes: &[u8]) -> Result<(), Error> {
        let held = self.find(run).ok_or_else(|| refusal(run, Code::NotFound, "there is no such run on this host"))?;
        let Some(input) = held.input() else {
            return Err(refusal(run, Code::Conflict, "the run is over or was started without input"));
        };
        input.append(bytes).map_err(|refused| {
            let (code, msg) = match refused {
                Rejected::AfterEnd => return refusal(run, Code::Conflict, "the end of the input was sent before it"),
                Rejected::TooMuch => (Code::TooLarge, "the input is more than this host keeps: the run is stopped"),
                Rejected::Spool => (Code::Internal, "the host's spool cannot be written: the run is stopped"),
            };
            held.input_lost.send_replace(Some(refused));
            refusal(run, code, msg)
        })
    }

    /// Ends standard input.
    pub fn eof(&self, run: RunId) {
        if let Some(input) = self.find(run).and_then(|run| run.input()) {
            input.close();
        }
    }

    /// Forgets a run whose end the core has stored, or that it does not know: stops it if necessary, and deletes its
    /// spool.
    pub fn forget(self: &Arc<Self>, id: RunId) {
        let Some(run) = self.find(id) else { return };
        if !run.forgotten() {
            return run.stop(StopBy::Core);
        }
        {
            let mut held = self.held();
            held.runs.remove(&id);
            self.is_empty.send_replace(held.runs.is_empty());
        }
        self.shared.changed.notify_one();
        self.tasks.spawn_blocking(move || {
            if let Err(error) = run.spool.remove() {
                tracing::warn!(%error, run = %run.id, "a spool cannot be deleted");
            }
        });
    }

    /// Stops all runs, starts no more, and returns when all are over. The escalation bounds the time.
    pub async fn stop(&self) {
        self.held().is_stopping = true;
        for run in self.all() {
            run.stop(StopBy::Host);
        }
        self.tasks.close();
        self.tasks.wait().await;
        self.shared.spawner.close();
        self.is_empty.send_replace(self.held().runs.is_empty());
    }

    /// Returns when the core has everything, and no spool is being deleted.
    pub async fn emptied(&self) {
        let mut is_empty = self.is_empty.subscribe();
        // The sender lives as long as this.
        let _ = is_empty.wait_for(|is_empty| *is_empty).await;
        self.tasks.wait().await;
    }

    /// Makes the first run as fast as the others.
    pub fn prepare(&self) {
        self.shared.spawner.prepare();
    }
}

/// Returns why no run can be started now, as text for the room.
fn why_not(held: &HeldRun) -> Option<String> {
    if held.is_stopping {
        return Some("the host is being stopped".to_owned());
    }
    let running = held.runs.values().filter(|run| !run.is_over()).count();
    if running >= RUNS_MAX {
        return Some(format!("this host runs {RUNS_MAX} commands already, which is as many as it does at once"));
    }
    let spooled: u64 = held.runs.values().map(|run| run.flow.borrow().bytes).sum();
    (spooled >= SPOOLED_BYTES_MAX).then(|| "the spool of this host is full until the core has taken it".to_owned())
}

fn refusal(run: RunId, code: Code, msg: &'static str) -> Error {
    Error { run, code, msg }
}

/// For tests of the link: a host without runs, in a temporary folder.
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
pub fn none() -> (Arc<Runs>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(folder.path()).unwrap();
    let spawner = crate::process::spawn::Spawner::new(Vec::new(), Arc::default());
    let shared = Shared { spawner, work: "/".to_owned(), boot: String::new(), changed: Arc::default() };
    (Runs::new(root, Vec::new(), shared), folder)
}
