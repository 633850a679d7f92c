//! The link to the core: redialled until the host stops. A connection has a reader and a writer task, so that runs can
//! be stopped even while the core reads slowly.

mod backoff;
mod connection;
mod cursors;
mod identity;
mod incoming;
mod reader;
mod writer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use self::backoff::Backoff;
pub use self::identity::Identity;
use crate::limits::STEADY_MS;
use crate::runs::Runs;

/// Keeps a connection to the core until `stop`. Notifies `welcomed` after the first welcome.
pub async fn keep(
    identity: Identity,
    runs: Arc<Runs>,
    mut welcomed: Option<oneshot::Sender<String>>,
    stop: CancellationToken,
) {
    let mut backoff = Backoff::default();
    loop {
        let began = Instant::now();
        let lost = tokio::select! {
            () = stop.cancelled() => return,
            lost = connection::serve(&identity, &runs, &mut welcomed, &stop) => lost,
        };
        if stop.is_cancelled() {
            return;
        }
        if began.elapsed() >= Duration::from_millis(STEADY_MS) {
            backoff = Backoff::default();
        }
        let pause = backoff.next();
        tracing::warn!(core = %identity.core, %lost, retry_ms = pause.as_millis(), "no connection to the core");
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
