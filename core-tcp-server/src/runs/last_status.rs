//! What a connected host has said about its load and disk last.

use std::sync::Arc;

use tokio::sync::watch;
use wardroom_protocol::messages::HostStatus;

use crate::clock::monotonic_ms;
use crate::limits::HOST_STATUS_MS;

/// What a connected host has said about itself last.
#[derive(Clone, Debug)]
pub(super) struct LastStatus(Arc<watch::Sender<Option<Said>>>);

#[derive(Clone, Copy, Debug)]
struct Said {
    status: HostStatus,
    at_ms: u64,
}

impl Default for LastStatus {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl LastStatus {
    /// Notes what the host has said.
    pub(super) fn note(&self, status: HostStatus) {
        self.0.send_replace(Some(Said { status, at_ms: monotonic_ms() }));
    }

    /// Returns it, unless it is too old to mean anything.
    pub(super) fn current(&self) -> Option<HostStatus> {
        let said = *self.0.borrow();
        said.filter(|said| monotonic_ms().saturating_sub(said.at_ms) < HOST_STATUS_MS).map(|said| said.status)
    }

    /// Waits until the host says something after this call.
    pub(super) fn next(&self) -> impl Future<Output = ()> + use<> {
        let mut said = self.0.subscribe();
        async move {
            // An error means that the connection is gone.
            let _ = said.changed().await;
        }
    }
}
