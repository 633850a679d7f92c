//! Stops a run: TERM (and CONT, for stopped processes) to every process of it; after a grace period KILL, repeated
//! until none is left or a deadline has passed. What is left then is reported, never hidden.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, sleep_until};

use super::handle::Process;
use super::tree::{ProcessTree, TreeSnapshot};
use crate::limits::{GRACE_MS, KILL_MS};

/// Stops a process tree and returns how many processes are left. Each process gets one TERM; `hurry` ends the grace
/// period.
pub async fn stop(tree: &ProcessTree, hurry: impl Future<Output = ()>) -> u32 {
    let deadline = Instant::now() + Duration::from_millis(GRACE_MS);
    let mut asked = BTreeSet::new();
    tokio::pin!(hurry);
    loop {
        let TreeSnapshot { processes: living, is_sure } = living(tree).await;
        if living.is_empty() && is_sure {
            return 0;
        }
        for process in &living {
            if asked.insert(process.pid) {
                send(process, Signal::TERM);
                send(process, Signal::CONT);
            }
        }
        tokio::select! {
            biased;
            () = sleep_until(deadline) => break,
            () = &mut hurry => break,
            () = all_exited(&living) => {}
        }
    }
    kill(tree).await
}

/// Kills a process tree and returns how many processes are left.
pub async fn kill(tree: &ProcessTree) -> u32 {
    let deadline = Instant::now() + Duration::from_millis(KILL_MS);
    loop {
        // The group first, in one step that no fork escapes: a process that forks faster than `/proc` is read is in it.
        if let Some(leader) = &tree.child {
            leader.signal_group(Signal::KILL);
        }
        let TreeSnapshot { processes: living, is_sure } = living(tree).await;
        for process in &living {
            send(process, Signal::KILL);
        }
        if living.is_empty() && is_sure {
            return 0;
        }
        let is_over = tokio::select! {
            biased;
            () = sleep_until(deadline) => true,
            () = all_exited(&living) => false,
        };
        if is_over {
            return give_up(tree, &living);
        }
    }
}

fn give_up(tree: &ProcessTree, living: &[Process]) -> u32 {
    if let Some(children) = tree.children() {
        children.give_up(living.iter().map(|process| process.pid));
    }
    // At least one: a snapshot that was certain of none would have ended this.
    let left = u32::try_from(living.len()).unwrap_or(u32::MAX).max(1);
    tracing::warn!(run = %tree.run, left, "processes of a run cannot be ended");
    left
}

/// Off the runtime's threads: this reads the whole process table.
async fn living(tree: &ProcessTree) -> TreeSnapshot {
    let tree = tree.clone();
    tokio::task::spawn_blocking(move || tree.living()).await.unwrap_or_default()
}

fn send(process: &Process, signal: Signal) {
    if let Err(error) = process.signal(signal) {
        tracing::debug!(%error, pid = process.pid, "a process took no signal");
    }
}

async fn all_exited(processes: &[Process]) {
    for process in processes {
        process.exited().await;
    }
}
