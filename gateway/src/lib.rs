//! The gateway: a stateless bridge between browsers and the core's TCP, called by `wardroom serve` and `wardroom
//! gateway`.
//!
//! It serves the page, converts between WebSocket messages and frames without looking into them, signs users in and out
//! with a cookie, and streams files over HTTP. Beside a core in the same process it hands WebSockets over instead. It
//! contains no rule about rooms, runs or files: the core decides those. It does no TLS; a proxy in front of it does
//! (`deploy/`).

#![warn(clippy::unwrap_used, clippy::expect_used)]
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod admission;
mod agent;
mod answer;
mod app;
mod assets;
mod base_path;
mod bridge;
mod caller;
mod config;
mod cookie;
mod core_link;
mod farewell;
mod files;
mod first_lines;
mod handover;
mod health;
mod heartbeat;
mod hooks;
mod limits;
mod listen;
mod login;
mod origin;
mod page;
mod router;
mod security_headers;
mod serve;
mod socket;
mod unix_path;
mod ws;

use std::sync::Arc;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use config::{Config, StartError};
pub use handover::{Takeover, Upgraded};
pub use limits::Limits;
pub use socket::Stream;

use app::App;
use config::Settings;
use listen::Listener;

/// Returns the name of the session's cookie over plain http, for gateways with this key.
pub fn cookie_name(key: &str) -> String {
    format!("wardroom-{}", config::cookie_mark(key))
}

/// A gateway that is listening.
pub struct Gateway {
    /// The bound addresses: `127.0.0.1:41234`, `[::1]:41234`, `unix:/run/wardroom/http.sock`.
    pub addresses: Vec<String>,
    app: Arc<App>,
}

/// Binds, and serves until `shutdown`. Must be called within a tokio runtime.
///
/// # Errors
/// [`StartError`], a sentence for the operator.
pub async fn start(config: Config, shutdown: CancellationToken) -> Result<Gateway, StartError> {
    start_with(config, Limits::default(), shutdown).await
}

/// Like [`start`], with other time limits, for tests.
///
/// # Errors
/// Like [`start`].
pub async fn start_with(config: Config, limits: Limits, shutdown: CancellationToken) -> Result<Gateway, StartError> {
    start_as(config, limits, None, shutdown).await
}

/// Like [`start`], beside a core in this process, which takes over the WebSockets once they are upgraded. Everything
/// else reaches the core as from any gateway.
///
/// # Errors
/// Like [`start`].
pub async fn start_beside(
    config: Config,
    takeover: Takeover,
    shutdown: CancellationToken,
) -> Result<Gateway, StartError> {
    start_as(config, Limits::default(), Some(takeover), shutdown).await
}

async fn start_as(
    config: Config,
    limits: Limits,
    takeover: Option<Takeover>,
    shutdown: CancellationToken,
) -> Result<Gateway, StartError> {
    let settings = Settings::check(&config, limits)?;
    let mut listeners = Vec::new();
    for address in &config.http {
        listeners.extend(Listener::bind(address, &config.http).await?);
    }
    let addresses: Vec<String> = listeners.iter().map(Listener::address).collect();
    for net in &settings.trusted_proxies {
        tracing::info!(%net, "forwarded headers of this proxy count");
    }
    tracing::info!(addresses = addresses.join(","), core = %settings.core, base_path = settings.base_path, "gateway listens");
    let app = Arc::new(App::new(settings, takeover, shutdown));
    let router = router::router(Arc::clone(&app));
    for listener in listeners {
        app.tasks.spawn(serve::accept(listener, router.clone(), Arc::clone(&app)));
    }
    Ok(Gateway { addresses, app })
}

impl Gateway {
    /// Waits for the stop signal, then until everything has finished or was cut at the deadline.
    pub async fn stopped(self) {
        let app = self.app;
        app.stop.cancelled().await;
        app.tasks.close();
        if timeout(app.settings.limits.drain, app.tasks.wait()).await.is_ok() {
            tracing::info!("gateway stopped");
            return;
        }
        tracing::warn!(cut = app.tasks.len(), "connections were still open at the deadline");
        app.cut.cancel();
        app.tasks.wait().await;
    }
}
