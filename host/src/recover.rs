//! Takes over the runs of the previous host: those that are over, those that still have a shim, and those that have lost
//! it. Their output stays, and is sent to the core as usual.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use wardroom_protocol::RunId;

use crate::limits::SPOOLS_MAX;
use crate::runs::follow::{is_gone, lost};
use crate::runs::run::Run;
use crate::spool::{Root, Spool};

/// A run of the previous host.
#[derive(Debug)]
pub struct Recovered {
    /// The run.
    pub run: Run,
    /// The connection to its shim, and the requests for it; none if it is over.
    pub shim: Option<(UnixStream, Receiver<Bytes>)>,
}

/// Returns all runs of the spools. What is left of lost ones is ended first, of all of them at once: some seconds.
///
/// # Errors
/// If the spool folder cannot be read.
pub async fn recover(root: &Root, boot: &str) -> io::Result<Vec<Recovered>> {
    let mut recovered = Vec::new();
    let mut losing = JoinSet::new();
    let boot: Arc<str> = boot.into();
    for id in root.runs()?.into_iter().take(SPOOLS_MAX) {
        let spool = root.spool(id);
        match (spool.connect(), spool.meta()) {
            (Ok(stream), _) => {
                let (run, requests) = Run::new(id, spool);
                recovered.push(Recovered { run, shim: Some((stream, requests)) });
            }
            // Nothing is known of a shim that cannot be reached for another reason, such as too many open files.
            (Err(error), _) if !is_gone(&error) && spool.end().is_none() => return Err(error),
            (Err(_), Some(_)) => drop(losing.spawn(over(id, spool, Arc::clone(&boot)))),
            // The command was not started. The core will see that the run does not exist.
            (Err(_), None) if spool.end().is_none() => spool.remove()?,
            (Err(_), None) => drop(losing.spawn(over(id, spool, Arc::clone(&boot)))),
        }
    }
    while let Some(run) = losing.join_next().await {
        recovered.extend(run.ok().map(|run| Recovered { run, shim: None }));
    }
    Ok(recovered)
}

/// Returns a run without a shim, with its end or as lost.
async fn over(id: RunId, spool: Spool, boot: Arc<str>) -> Run {
    if let Err(error) = spool.repair() {
        tracing::error!(%error, run = %id, "the index of a run's output cannot be repaired");
    }
    let ended = match spool.end() {
        Some(ended) => ended,
        None => lost(id, &spool, &boot).await,
    };
    Run::over(id, spool, ended)
}
