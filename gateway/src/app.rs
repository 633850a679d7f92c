//! What all requests share: the settings, the page, and what is counted or stopped. The handlers use it; it uses none of them.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission::Admission;
use crate::config::Settings;
use crate::handover::Takeover;
use crate::page::Page;

/// What all requests share. Nothing in it changes but the counts of what is open.
pub(crate) struct App {
    pub settings: Settings,
    pub page: Page,
    pub admission: Arc<Admission>,
    /// A core in this process that serves WebSockets itself.
    pub takeover: Option<Takeover>,
    /// Every task of ours; sockets that were upgraded too, for which the HTTP server does not wait.
    pub tasks: TaskTracker,
    /// No more connections; those that are open come to their end.
    pub stop: CancellationToken,
    /// What is still open ends now.
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
