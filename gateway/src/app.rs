//! What all requests share: settings, page, counters and stop signals. The handlers use it; it uses no handler.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission::Admission;
use crate::config::Settings;
use crate::handover::Takeover;
use crate::page::Page;

/// What all requests share. Only the counters change.
pub(crate) struct App {
    pub settings: Settings,
    pub page: Page,
    pub admission: Arc<Admission>,
    /// A core in this process that serves WebSockets itself.
    pub takeover: Option<Takeover>,
    /// Every task of the gateway, including upgraded sockets, for which the HTTP server does not wait.
    pub tasks: TaskTracker,
    /// Accept no more connections; open ones finish their work.
    pub stop: CancellationToken,
    /// Close everything that is still open.
    pub cut: CancellationToken,
}

impl App {
    pub fn new(settings: Settings, takeover: Option<Takeover>, stop: CancellationToken) -> App {
        App {
            page: Page::new(&settings.base_path),
            settings,
            admission: Arc::default(),
            takeover,
            tasks: TaskTracker::new(),
            stop,
            cut: CancellationToken::new(),
        }
    }
}
