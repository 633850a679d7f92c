//! The life of a host: take the spool, take over the runs of the previous host, serve the core, stop.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::isolate::{self, Wanted};
use crate::limits::FAREWELL_MS;
use crate::link::{self, Identity};
use crate::process::isolation::{Isolation, Level};
use crate::process::stat;
use crate::recover::{Recovered, recover};
use crate::runs::cgroups::{Cgroups, mount_points};
use crate::runs::shims::Shims;
use crate::runs::{Runs, Setting};
use crate::spool::{OpenError, Root};

/// Why a host cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Its spool cannot be opened.
    #[error(transparent)]
    Spool(#[from] OpenError),
    /// Its spool cannot be read.
    #[error("the spool cannot be read: {0}")]
    Recover(#[source] io::Error),
    /// Commands cannot run in this work folder.
    #[error("the work folder {0} is not a folder whose name is UTF-8")]
    Work(std::path::PathBuf),
}

/// Chooses how commands are kept from the server's files and this host's spool, and says so.
async fn isolation(
    wanted: Wanted,
    mut hidden: Vec<PathBuf>,
    spool: &Path,
    read_only: Vec<PathBuf>,
) -> Result<Isolation, String> {
    hidden.push(spool.to_owned());
    let chosen = tokio::task::spawn_blocking(move || isolate::choose(&wanted, &hidden, &read_only)).await;
    let chosen = chosen.unwrap_or_else(|error| Err(error.to_string()));
    let is_root = rustix::process::getuid().is_root();
    match &chosen {
        Ok(Isolation { level: Level::None, .. }) => {
            tracing::warn!("commands are not isolated: whoever runs commands here can read the server's keys");
        }
        Ok(Isolation { level: Level::Namespace | Level::Landlock, .. }) if is_root => {
            tracing::warn!("commands run as root, which can have others get around their isolation: use --run-as USER");
        }
        Ok(isolation) => tracing::info!(level = isolation.level.as_str(), "commands are kept from the server's files"),
        Err(why) => tracing::error!(
            why,
            "commands cannot be kept from the server's files, so none is run: start as root with --run-as USER, or with \
             --isolation none if whoever runs commands may also read the server's keys"
        ),
    }
    chosen
}

/// Tries which sandboxes work here.
async fn sandboxes(isolation: Option<&Isolation>) -> Vec<&'static str> {
    let Some(isolation) = isolation.cloned() else { return Vec::new() };
    tokio::task::spawn_blocking(move || isolate::sandboxes(isolation)).await.unwrap_or_default()
}

/// Finds the place of the runs' cgroups, and ends those that have no run any more. Says whether there is one.
async fn cgroups(spool: String, recovered: &[Recovered]) -> Option<Cgroups> {
    let running = recovered.iter().filter(|recovered| recovered.shim.is_some());
    let kept: Vec<_> = running.filter_map(|recovered| recovered.run.spool.meta()?.cgroup).collect();
    let found = tokio::task::spawn_blocking(move || {
        let found = Cgroups::find(&spool);
        found.inspect(|cgroups| cgroups.end_others(&kept))
    });
    match found.await.unwrap_or_else(|error| Err(error.to_string())) {
        Ok(cgroups) => Some(cgroups),
        Err(why) => {
            tracing::debug!(why, "runs have no cgroups of their own");
            None
        }
    }
}

/// Runs a host until `shutdown`. Returns the number of runs that go on without it.
///
/// If the configuration says so by then, all runs are stopped by the escalation first, and the spools are offered to the
/// core for some seconds. What the core does not take stays, and is sent by the next host on the same spool.
///
/// # Errors
/// [`RunError`] if it cannot start. A core that cannot be reached is not an error; the host retries for ever.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<usize, RunError> {
    let work = config.work.to_str().filter(|_| config.work.is_dir());
    let work = work.ok_or_else(|| RunError::Work(config.work.clone()))?.to_owned();
    let spool = config.spool;
    let opened = tokio::task::spawn_blocking(move || Root::open(&spool)).await;
    let root = opened.map_err(|error| RunError::Recover(io::Error::other(error)))??;
    let boot = stat::boot_id();
    let recovered = recover(&root, &boot).await.map_err(RunError::Recover)?;
    let spool = root.id().to_owned();
    let cgroups = cgroups(spool.clone(), &recovered).await;
    let read_only = cgroups.as_ref().map(|_| mount_points()).unwrap_or_default();
    let isolation = isolation(config.isolation, config.hidden, root.path(), read_only).await;
    let sandboxes = sandboxes(isolation.as_ref().ok()).await;
    let shims = Shims::new(config.shim, cgroups);
    let setting = Setting { shims, work, boot, isolation, sandboxes, policy: config.policy };
    let runs = Runs::new(root, recovered, setting);
    runs.known().await;
    let first = Arc::clone(&runs);
    let prepared = tokio::task::spawn_blocking(move || first.prepare());

    let stop = CancellationToken::new();
    // Ends the task below even if this future is dropped.
    let _stopped = stop.clone().drop_guard();
    let identity = Identity::new(config.core, config.secret, spool);
    let link = tokio::spawn(link::keep(identity, Arc::clone(&runs), config.welcomed, stop.clone()));
    shutdown.cancelled().await;

    // The first shim may just be starting: it must not be left behind.
    drop(prepared.await);
    if config.stops_runs.load(Ordering::Acquire) {
        runs.stop_all().await;
        let delivered = timeout(Duration::from_millis(FAREWELL_MS), runs.emptied()).await;
        if delivered.is_err() {
            tracing::warn!(runs = runs.list().len(), "the core has not taken everything; it stays in the spool");
        }
    }
    runs.close();
    stop.cancel();
    if link.await.is_err() {
        tracing::error!("the link to the core failed");
    }
    Ok(runs.running())
}
