//! The task of one run: start it, wait for what ends it, leave none of its processes behind, and report how it ended.
//!
//! A run is over when its first process has ended and both pipes are closed. Background children that hold the pipes
//! get [`DRAIN_AFTER_EXIT_MS`] more; then, and for children that closed the pipes at once, the escalation follows: a
//! run leaves no process behind, however it ended. What should outlive a run belongs to a service manager.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::{sleep, timeout};
use wardroom_protocol::messages::{Exit, HostEnded, HostStart, Signal};

use super::environment;
use super::exit::{StopBy, StopCause, exit};
use super::input::Rejected;
use super::run::Run;
use crate::limits::{DRAIN_AFTER_EXIT_MS, DRAIN_AFTER_STOP_MS, OUTPUT_BYTES_MAX};
use crate::process::children::Leader;
use crate::process::escalation;
use crate::process::shim::{RunSpec, words};
use crate::process::spawn::{SpawnedProcess, Spawner};
use crate::process::tree::{ProcessTree, tag};
use crate::spool::SpoolMeta;
use crate::spool::pump::{Pump, Waker, now_ms};

/// What all runs of a host share.
#[derive(Debug)]
pub struct Shared {
    /// Starts processes.
    pub spawner: Spawner,
    /// The working directory of commands that request none.
    pub work: String,
    /// The id of this boot.
    pub boot: String,
    /// Notified when any run has news for the core.
    pub changed: Arc<Notify>,
}

/// A running command, and what reads its output.
struct Prepared {
    leader: Arc<Leader>,
    stdin: Option<OwnedFd>,
    pump: Pump,
}

/// A run that has a process.
struct Running {
    leader: Arc<Leader>,
    tree: ProcessTree,
    waker: Waker,
    feeder: Option<AbortHandle>,
}

/// Runs a command from its request to its end, which is stored when this returns.
pub async fn drive(run: &Arc<Run>, start: HostStart, shared: &Arc<Shared>) {
    let began = Instant::now();
    let timeout_s = start.timeout_s;
    let launched = {
        let (run, shared) = (Arc::clone(run), Arc::clone(shared));
        spawn_blocking(move || launch(&run, &start, &shared)).await
    };
    let Prepared { leader, stdin, pump } = match launched {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(failed)) => return finish(run, Exit::Failed { failed }, began, 0, shared).await,
        Err(_) => return finish(run, Exit::Failed { failed: "the host stops".to_owned() }, began, 0, shared).await,
    };
    let tree = ProcessTree {
        run: run.id,
        leader: leader.pid,
        start_ticks: leader.start_ticks,
        child: Some(Arc::clone(&leader)),
    };
    let feeder = run.input().zip(stdin).map(|(input, pipe)| tokio::spawn(async move { input.feed(pipe).await }));
    let feeder = feeder.map(|task| task.abort_handle());
    let running = Running { leader: Arc::clone(&leader), tree, waker: pump.waker(), feeder };
    spawn_blocking(move || pump.run());
    run.started(leader);
    shared.changed.notify_one();
    let refill = Arc::clone(shared);
    spawn_blocking(move || refill.spawner.prepare());
    let (exit, left) = see_through(run, running, Duration::from_secs(timeout_s)).await;
    finish(run, exit, began, left, shared).await;
}

/// Does everything up to the start of the command. Blocks. Folder and meta are written before the spec is sent: no
/// command runs without a record.
fn launch(run: &Run, start: &HostStart, shared: &Shared) -> Result<Prepared, String> {
    if let Some(fault) = environment::fault(start) {
        return Err(fault.to_owned());
    }
    let in_spool = |error: std::io::Error| format!("the spool cannot be written: {}", words(&error));
    let appender = run.spool.create().map_err(in_spool)?;
    let shim = shared.spawner.shim().map_err(|error| format!("no process could be started: {}", words(&error)))?;
    let Leader { pid, start_ticks, .. } = shim.leader;
    let meta = SpoolMeta { pid, start_ticks, boot: shared.boot.clone(), at: now_ms() };
    run.spool.write_meta(&meta).map_err(in_spool)?;
    let spec = RunSpec {
        argv: start.argv.clone(),
        cwd: start.cwd.clone().unwrap_or_else(|| shared.work.clone()),
        env: environment::of(start),
        tag: tag(run.id),
    };
    let SpawnedProcess { leader, stdin, outputs } = shim.launch(&spec, start.stdin)?;
    let limit = start.output_bytes_max.min(OUTPUT_BYTES_MAX);
    let pump = Pump::new(outputs, appender, limit, run.flow.clone(), Arc::clone(&shared.changed));
    let pump = pump.inspect_err(|_| leader.kill());
    let pump = pump.map_err(|error| format!("no process could be started: {}", words(&error)))?;
    Ok(Prepared { leader: Arc::new(leader), stdin, pump })
}

/// Follows a command from its start to the end of its last process.
async fn see_through(run: &Run, running: Running, limit: Duration) -> (Exit, u32) {
    let Running { leader, tree, waker, feeder } = running;
    let mut cause = tokio::select! {
        biased;
        cause = asked_to_stop(run) => Some(cause),
        () = leader.exited() => None,
        () = sleep(limit) => Some(StopCause::Timeout),
    };
    let mut ended = Instant::now();
    if cause.is_none() {
        tokio::select! {
            biased;
            () = closed(run) => {}
            asked = asked_to_stop(run) => cause = Some(asked),
            () = sleep(Duration::from_millis(DRAIN_AFTER_EXIT_MS)) => {}
        }
    }
    if let Some(task) = feeder {
        task.abort();
    }
    let left = sweep(run, &tree, cause.as_ref()).await;
    if timeout(Duration::from_millis(DRAIN_AFTER_STOP_MS), closed(run)).await.is_err() {
        // A process outside the run holds a pipe. What the pipe contains now is the run's; the rest is not. Bounded by
        // the disk alone: the pump waits for nothing else once it is woken.
        waker.wake();
        closed(run).await;
    }
    if cause.is_some() {
        ended = Instant::now();
    }
    let flow = run.flow.borrow().clone();
    // A member's TERM may have become a KILL during the escalation.
    if let (Some(StopCause::Asked(by)), Some(now)) = (&mut cause, &*run.stop.borrow()) {
        by.clone_from(now);
    }
    let exit = exit(cause.as_ref(), run.interrupt(ended).as_ref(), leader.status(), &flow);
    (exit, left)
}

/// Ends every remaining process of the run, and returns how many could not be ended. Cheap if there is none.
async fn sweep(run: &Run, tree: &ProcessTree, cause: Option<&StopCause>) -> u32 {
    if cause.is_none() && run.flow.borrow().is_closed {
        let children = tree.children().cloned();
        let has_orphans = spawn_blocking(move || children.is_some_and(|children| !children.orphans().is_empty()));
        if !has_orphans.await.unwrap_or(true) {
            return 0;
        }
    }
    let is_forced = |stop: &Option<StopBy>| matches!(stop, Some(StopBy::Member(_, Signal::Kill)));
    if is_forced(&run.stop.borrow()) {
        return escalation::kill(tree).await;
    }
    let mut stop = run.stop.subscribe();
    let hurry = async move {
        // The sender lives as long as the run.
        let _ = stop.wait_for(is_forced).await;
    };
    escalation::stop(tree, hurry).await
}

/// Waits until a member or a limit stops the run.
async fn asked_to_stop(run: &Run) -> StopCause {
    let (mut stop, mut flow, mut input) = (run.stop.subscribe(), run.flow.subscribe(), run.input_lost.subscribe());
    let stop = async { stop.wait_for(Option::is_some).await.ok().and_then(|by| by.clone()) };
    let flow = async {
        let flow = flow.wait_for(|flow| flow.is_over_limit || flow.failure.is_some()).await.ok();
        flow.map(|flow| if flow.failure.is_some() { StopCause::Spool } else { StopCause::OutputLimit })
    };
    let input = async {
        let lost = input.wait_for(Option::is_some).await.ok()?;
        Some(if *lost == Some(Rejected::TooMuch) { StopCause::InputLimit } else { StopCause::InputLost })
    };
    tokio::select! {
        Some(by) = stop => StopCause::Asked(by),
        Some(cause) = flow => cause,
        Some(cause) = input => cause,
        // The senders live as long as the run.
        else => std::future::pending().await,
    }
}

/// Waits for the end of the output.
async fn closed(run: &Run) {
    // The sender lives as long as the run.
    let _ = run.flow.subscribe().wait_for(|flow| flow.is_closed).await;
}

/// Stores the end, releases the zombie, and notifies the link.
async fn finish(run: &Arc<Run>, exit: Exit, began: Instant, left: u32, shared: &Arc<Shared>) {
    let flow = run.flow.borrow().clone();
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let truncated = flow.is_over_limit || flow.failure.is_some();
    let ended = HostEnded { run: run.id, exit, bytes: flow.bytes, ms, truncated, left, ended: Vec::new() };
    let (kept, on) = (Arc::clone(run), Arc::clone(shared));
    let recorded = spawn_blocking(move || {
        kept.release_leader();
        if let Err(error) = kept.spool.write_end(&ended) {
            // The core is told anyway. The run becomes `lost` only if the host is killed before that.
            tracing::error!(%error, run = %kept.id, "the end of a run cannot be kept");
        }
        kept.ended(ended);
        on.changed.notify_one();
    });
    if recorded.await.is_err() {
        tracing::error!(run = %run.id, "the end of a run was not recorded");
    }
}
