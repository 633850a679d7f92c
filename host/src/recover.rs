//! Recovers at start: ends the processes that the previous host's runs left, and marks runs without an end as `lost`.
//! Their output stays, and is sent to the core as usual.

use std::io;
use std::sync::Arc;

use tokio::task::JoinSet;
use wardroom_protocol::RunId;
use wardroom_protocol::messages::{Exit, HostEnded};

use crate::limits::SPOOLS_MAX;
use crate::process::escalation;
use crate::process::tree::ProcessTree;
use crate::runs::run::Run;
use crate::spool::pump::now_ms;
use crate::spool::{Root, Spool, SpoolMeta};

/// Returns all runs of the spools, each of them over. Bounded by the escalation, which stops all of them at once.
///
/// # Errors
/// If the spool folder cannot be read.
pub async fn recover(root: &Root, boot: &str) -> io::Result<Vec<Run>> {
    let mut over = Vec::new();
    let mut lost = JoinSet::new();
    let boot: Arc<str> = boot.into();
    for id in root.runs()?.into_iter().take(SPOOLS_MAX) {
        let spool = root.spool(id);
        match (spool.end(), spool.meta()) {
            (Some(ended), _) => over.push(Run::over(id, spool, ended)),
            (None, Some(meta)) => drop(lost.spawn(lose(id, spool, meta, Arc::clone(&boot)))),
            // The host was killed before the command was started. The core will see that the run does not exist.
            (None, None) => spool.remove()?,
        }
    }
    while let Some(run) = lost.join_next().await {
        over.extend(run.ok());
    }
    Ok(over)
}

/// Ends what is left of a run whose host was killed.
async fn lose(id: RunId, spool: Spool, meta: SpoolMeta, boot: Arc<str>) -> Run {
    let tree = ProcessTree { run: id, leader: meta.pid, start_ticks: meta.start_ticks, child: None };
    // No process of a run survives a reboot.
    let left = if *boot == *meta.boot { escalation::stop(&tree, std::future::pending()).await } else { 0 };
    let exit = Exit::Lost { lost: "the host was restarted".to_owned() };
    let ms = now_ms().saturating_sub(meta.at);
    let ended = HostEnded { run: id, exit, bytes: spool.output_bytes(), ms, truncated: false, left, ended: Vec::new() };
    if let Err(error) = spool.write_end(&ended) {
        tracing::error!(%error, run = %id, "the end of a run cannot be kept");
    }
    tracing::warn!(run = %id, left, "a run was lost with the host that was before this one");
    Run::over(id, spool, ended)
}
