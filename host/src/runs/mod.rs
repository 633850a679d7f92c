//! All runs of this host, by id, and what the core can do with them. Knows no connection; the link calls it.

pub mod cgroups;
pub mod environment;
pub mod follow;
pub mod policy;
pub mod run;
mod setting;
pub mod shims;
mod status;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc::Receiver;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use wardroom_protocol::messages::{
    Exit, HostEnded, HostEof, HostInput, HostReply, HostResize, HostRun, HostSignal, HostStart, HostStatus, Signal,
};
use wardroom_protocol::{Code, RunId};

use self::follow::News;
use self::run::Run;
pub use self::setting::Setting;
use crate::limits::{KNOWN_LOOK_MS, RUNS_MAX, SHIM_TIMEOUT_MS, SPOOLED_BYTES_MAX, SPOOLS_MAX};
use crate::process::exec::words;
use crate::recover::Recovered;
use crate::shim::wire::{Eof, Forget, Input, Reply, Resize, SendSignal, Stop};
use crate::spool::Root;

/// The runs that this host holds.
#[derive(Debug)]
pub struct Runs {
    root: Root,
    setting: Setting,
    news: News,
    // Never held across an await. Within it, a run's own locks are taken only briefly.
    held: Mutex<Held>,
    tasks: TaskTracker,
    /// True if no run is held. Used only when the host stops its runs.
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
struct Held {
    runs: BTreeMap<RunId, Arc<Run>>,
    is_stopping: bool,
}

impl Runs {
    /// Starts with the runs of the previous host.
    pub fn new(root: Root, recovered: Vec<Recovered>, setting: Setting) -> Arc<Runs> {
        let (tasks, is_empty, news) = (TaskTracker::new(), watch::Sender::default(), News::default());
        let runs = Arc::new(Runs { root, setting, news, held: Mutex::default(), tasks, is_empty });
        for Recovered { run, shim } in recovered {
            let run = Arc::new(run);
            runs.held().runs.insert(run.id, Arc::clone(&run));
            if let Some((stream, requests)) = shim {
                let runs = Arc::clone(&runs);
                runs.clone().tasks.spawn(async move { runs.follow(run, stream, requests).await });
            }
        }
        runs
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the runs have for the link.
    pub fn news(&self) -> &News {
        &self.news
    }

    /// Returns how commands are kept from the server's files; none if they cannot be, so that none is run.
    pub fn isolation(&self) -> Option<&'static str> {
        self.setting.isolation.as_ref().ok().map(|isolation| isolation.level.as_str())
    }

    /// Returns the names of the sandboxes that work here.
    pub fn sandboxes(&self) -> &[&'static str] {
        &self.setting.sandboxes
    }

    /// Waits until all shims have told their state; not for ever, since one of them may hang.
    pub async fn known(&self) {
        let all_known = async {
            while !self.all().iter().all(|run| run.is_known()) {
                tokio::time::sleep(Duration::from_millis(KNOWN_LOOK_MS)).await;
            }
        };
        if tokio::time::timeout(Duration::from_millis(SHIM_TIMEOUT_MS), all_known).await.is_err() {
            tracing::warn!("a shim does not answer; its run goes on");
        }
    }

    /// Returns a run, if it is held.
    pub fn find(&self, run: RunId) -> Option<Arc<Run>> {
        self.held().runs.get(&run).cloned()
    }

    /// Returns all held runs, by id.
    pub fn all(&self) -> Vec<Arc<Run>> {
        self.held().runs.values().cloned().collect()
    }

    /// Returns the number of runs that are not over.
    pub fn running(&self) -> usize {
        self.held().running()
    }

    /// Returns the runs for the hello.
    pub fn list(&self) -> Vec<HostRun> {
        let told = |run: &Arc<Run>| {
            let report = run.report();
            HostRun { run: run.id, bytes: report.bytes, ended: report.ended.is_some(), input: report.input }
        };
        self.all().iter().map(told).collect()
    }

    /// Returns how this machine is. Blocks.
    pub fn status(&self) -> HostStatus {
        status::of(self.root.path())
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
        let (id, spool) = (start.run, self.root.spool(start.run));
        if let Some(why) = self
            .setting
            .unsafe_to_run()
            .or_else(|| self.setting.isolated_otherwise(&start))
            .or_else(|| self.setting.without_sandbox(&start))
            .or_else(|| self.setting.policy.beyond(&start))
            .or_else(|| why_not(&held))
            .or_else(|| environment::fault(&start).map(str::to_owned))
        {
            held.runs.insert(id, Arc::new(Run::over(id, spool, failed(id, why))));
            self.news.changed.notify_one();
            return Ok(());
        }
        let (run, requests) = Run::new(id, spool);
        let run = Arc::new(run);
        held.runs.insert(id, Arc::clone(&run));
        drop(held);
        let runs = Arc::clone(self);
        self.tasks.spawn(async move { runs.drive(run, start, requests).await });
        Ok(())
    }

    async fn drive(self: Arc<Self>, run: Arc<Run>, start: HostStart, requests: Receiver<Bytes>) {
        let order = self.setting.order(&run, start);
        let runs = Arc::clone(&self);
        let launched = tokio::task::spawn_blocking(move || {
            let launched = runs.setting.shims.launch(&order, runs.root.lock());
            // The next run does not wait for this.
            runs.setting.shims.prepare();
            launched
        });
        match launched.await.map_err(std::io::Error::other).and_then(|launched| launched) {
            Ok(stream) => self.follow(run, stream, requests).await,
            Err(error) => {
                let why = format!("no process could be started: {}", words(&error));
                run.ended(failed(run.id, why));
                self.news.changed.notify_one();
            }
        }
    }

    async fn follow(
        self: Arc<Self>,
        run: Arc<Run>,
        stream: std::os::unix::net::UnixStream,
        mut requests: Receiver<Bytes>,
    ) {
        follow::follow(&run, stream, &mut requests, &self.news, &self.setting.boot).await;
        if run.is_forgotten() {
            self.forget(run.id);
        }
    }

    /// Passes a member's signal on. A run that is over or unknown ignores it.
    pub fn signal(&self, HostSignal { run, signal, by }: HostSignal) {
        let Some(run) = self.find(run) else { return };
        run.request(&SendSignal { signal, by });
        if matches!(signal, Signal::Term | Signal::Kill) {
            self.see_to_end(&run);
        }
    }

    /// Stops a run for a reason of the host's.
    fn stop(&self, run: &Arc<Run>, why: &str) {
        run.request(&Stop { why: why.to_owned() });
        self.see_to_end(run);
    }

    /// Makes sure that a shim does what it was told: a command of its own user may have stopped it.
    fn see_to_end(&self, run: &Arc<Run>) {
        if run.is_over() {
            return;
        }
        let run = Arc::clone(run);
        self.tasks.spawn(async move { follow::see_to_end(&run).await });
    }

    /// Passes input on.
    ///
    /// # Errors
    /// The refusal for the core.
    pub fn input(&self, HostInput { run, off, len }: HostInput, bytes: &[u8]) -> Result<(), Error> {
        self.open(run)?.request_with_body(&Input { off, len }, bytes);
        Ok(())
    }

    /// Passes on what a terminal answers.
    ///
    /// # Errors
    /// The refusal for the core.
    pub fn reply(&self, HostReply { run, at, len }: HostReply, bytes: &[u8]) -> Result<(), Error> {
        self.open(run)?.request_with_body(&Reply { at, len }, bytes);
        Ok(())
    }

    /// Ends standard input.
    pub fn eof(&self, HostEof { run, off }: HostEof) {
        if let Some(run) = self.find(run) {
            run.request(&Eof { off });
        }
    }

    /// Changes the size of a terminal.
    pub fn resize(&self, HostResize { run, size }: HostResize) {
        if let Some(run) = self.find(run) {
            run.request(&Resize { size });
        }
    }

    fn open(&self, id: RunId) -> Result<Arc<Run>, Error> {
        let run = self.find(id).ok_or_else(|| refusal(id, Code::NotFound, "there is no such run on this host"))?;
        if run.is_over() { Err(refusal(id, Code::Conflict, "the run is over")) } else { Ok(run) }
    }

    /// Forgets a run whose end the core has stored, or that it does not know: stops it if necessary, and deletes its
    /// spool.
    pub fn forget(self: &Arc<Self>, id: RunId) {
        let Some(run) = self.find(id) else { return };
        if !run.forgotten() {
            return self.stop(&run, "the core did not know the run");
        }
        // A shim that could not keep the end waits for this.
        run.request(&Forget {});
        // Before the run is taken off the list: who waits for an empty list waits for these tasks then.
        self.tasks.spawn_blocking(move || {
            if let Err(error) = run.spool.remove() {
                tracing::warn!(%error, run = %run.id, "a spool cannot be deleted");
            }
        });
        {
            let mut held = self.held();
            held.runs.remove(&id);
            self.is_empty.send_replace(held.runs.is_empty());
        }
        self.news.changed.notify_one();
    }

    /// Stops all runs, starts no more, and returns when all are over. The escalation bounds the time.
    pub async fn stop_all(&self) {
        self.held().is_stopping = true;
        for run in self.all() {
            self.stop(&run, "the host was stopped");
        }
        self.tasks.close();
        self.tasks.wait().await;
        self.is_empty.send_replace(self.held().runs.is_empty());
    }

    /// Returns when the core has everything, and no spool is being deleted.
    pub async fn emptied(&self) {
        let mut is_empty = self.is_empty.subscribe();
        // The sender lives as long as this.
        let _ = is_empty.wait_for(|is_empty| *is_empty).await;
        self.tasks.wait().await;
    }

    /// Makes the first run as fast as the others. Blocks; needs the runtime.
    pub fn prepare(&self) {
        self.setting.shims.prepare();
    }

    /// Ends the shim that waits for a run.
    pub fn close(&self) {
        self.setting.shims.close();
    }
}

impl Held {
    fn running(&self) -> usize {
        self.runs.values().filter(|run| !run.is_over()).count()
    }
}

/// The end of a run that was not started.
fn failed(run: RunId, why: String) -> HostEnded {
    let exit = Exit::Failed { failed: why };
    HostEnded { run, exit, bytes: 0, ms: 0, truncated: false, left: 0, ended: Vec::new() }
}

/// Returns why no run can be started now, as text for the room.
fn why_not(held: &Held) -> Option<String> {
    if held.is_stopping {
        return Some("the host is being stopped".to_owned());
    }
    if held.running() >= RUNS_MAX {
        return Some(format!("this host runs {RUNS_MAX} commands already, which is as many as it does at once"));
    }
    let spooled: u64 = held.runs.values().map(|run| run.bytes()).sum();
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
    let setting = Setting {
        shims: shims::Shims::new(Vec::new(), None),
        work: "/".to_owned(),
        boot: String::new(),
        isolation: Ok(crate::process::isolation::Isolation::default()),
        sandboxes: Vec::new(),
        policy: policy::Policy::default(),
    };
    (Runs::new(root, Vec::new(), setting), folder)
}
