//! The life of a host: take the spool, clean up after the previous host, serve the core, stop gracefully.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::limits::FAREWELL_MS;
use crate::link::{self, Identity};
use crate::process::children::{self, Children};
use crate::process::handle::pid;
use crate::process::spawn::Spawner;
use crate::process::stat;
use crate::recover::recover;
use crate::runs::Runs;
use crate::runs::drive::Shared;
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
    /// The operating system lacks something.
    #[error("this system cannot hold a host's children together: {0}")]
    System(#[source] io::Error),
}

/// Runs a host until `shutdown`. It needs a process of its own: it adopts and reaps all children.
///
/// At the end all runs are stopped by the escalation, and the spools are offered to the core for some seconds. What it
/// does not take stays, and is sent by the next host on the same spool.
///
/// # Errors
/// [`RunError`] if it cannot start. A core that cannot be reached is not an error; the host retries for ever.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), RunError> {
    let work = config.work.to_str().filter(|_| config.work.is_dir());
    let work = work.ok_or_else(|| RunError::Work(config.work.clone()))?.to_owned();
    let root = Root::open(&config.spool)?;
    rustix::process::set_child_subreaper(pid(std::process::id())).map_err(|e| RunError::System(e.into()))?;
    let boot = stat::boot_id();
    let over = recover(&root, &boot).await.map_err(RunError::Recover)?;
    let children = Arc::new(Children::default());
    let spawner = Spawner::new(config.shim, Arc::clone(&children));
    let runs = Runs::new(root, over, Shared { spawner, work, boot, changed: Arc::new(Notify::new()) });
    let first = Arc::clone(&runs);
    let prepared = tokio::task::spawn_blocking(move || first.prepare());

    let stop = CancellationToken::new();
    // Ends the tasks below even if this future is dropped.
    let _stopped = stop.clone().drop_guard();
    let reaper = tokio::spawn(children::reap(children, stop.clone()));
    let identity = Identity { core: config.core, key: config.key, name: config.name };
    let link = tokio::spawn(link::keep(identity, Arc::clone(&runs), config.welcomed, stop.clone()));
    shutdown.cancelled().await;

    // The first shim may just be starting: it must not be left behind.
    drop(prepared.await);
    runs.stop().await;
    let delivered = timeout(Duration::from_millis(FAREWELL_MS), runs.emptied()).await;
    if delivered.is_err() {
        tracing::warn!(runs = runs.list().len(), "the core has not taken everything; it stays in the spool");
    }
    stop.cancel();
    if link.await.is_err() {
        tracing::error!("the link to the core failed");
    }
    match reaper.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(RunError::System(error)),
        Err(_) => Ok(()),
    }
}
