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

/// What was last said about the lack of a connection.
#[derive(Debug, Default)]
struct Told {
    lost: Option<String>,
}

impl Told {
    /// Returns true if this reason has not just been said. After a welcome every reason is new.
    fn is_news(&mut self, lost: String, is_welcome: bool) -> bool {
        let is_news = is_welcome || self.lost.as_ref() != Some(&lost);
        self.lost = Some(lost);
        is_news
    }
}

/// Keeps a connection to the core until `stop`. Notifies `welcomed` after the first welcome.
pub async fn keep(
    identity: Identity,
    runs: Arc<Runs>,
    mut welcomed: Option<oneshot::Sender<String>>,
    stop: CancellationToken,
) {
    let mut backoff = Backoff::default();
    let mut told = Told::default();
    loop {
        let began = Instant::now();
        let mut is_welcome = false;
        let lost = tokio::select! {
            () = stop.cancelled() => return,
            lost = connection::serve(&identity, &runs, (&mut welcomed, &mut is_welcome), &stop) => lost,
        };
        if stop.is_cancelled() {
            return;
        }
        if began.elapsed() >= Duration::from_millis(STEADY_MS) {
            backoff = Backoff::default();
        }
        let pause = backoff.next();
        let (core, retry_ms) = (&identity.core, pause.as_millis());
        if told.is_news(lost.to_string(), is_welcome) {
            tracing::warn!(%core, %lost, "no connection to the core; trying until there is one");
        } else {
            tracing::debug!(%core, %lost, retry_ms, "still no connection to the core");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_said_once_until_it_changes() {
        let mut told = Told::default();
        let mut said = |lost: &str, is_welcome| told.is_news(lost.to_owned(), is_welcome);
        assert!(said("taken", false) && !said("taken", false) && !said("taken", false));
        assert!(said("closed", false) && said("taken", false));
        assert!(said("taken", true), "there was a connection in between");
        assert!(!said("taken", false));
    }
}
