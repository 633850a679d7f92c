//! The gateway: a bridge without state between browsers and the core's TCP, called by `wardroom serve` and
//! `wardroom gateway`.
//!
//! It serves the page, turns WebSocket messages into frames and back without looking into them, signs people in and out
//! by a cookie, and streams files over HTTP. Beside a core in the same process it hands WebSockets over instead. It knows no
//! rule about rooms, runs or files: what may be done, the core says. TLS is not here; a proxy in front has it (`deploy/`).

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

/// The name of the session's cookie over plain http, of gateways with this key.
pub fn cookie_name(key: &str) -> String {
    format!("wardroom-{}", config::cookie_mark(key))
}

/// A gateway that listens.
pub struct Gateway {
    /// The addresses as they were bound: `127.0.0.1:41234`, `[::1]:41234`, `unix:/run/wardroom/http.sock`.
    pub addresses: Vec<String>,
    app: Arc<App>,
}

/// Binds, and serves until `shutdown`. Must be called within a tokio runtime.
///
/// # Errors
/// [`StartError`], a sentence for the one who started it.
pub async fn start(config: Config, shutdown: CancellationToken) -> Result<Gateway, StartError> {
    start_with(config, Limits::default(), shutdown).await
}

/// As [`start`], with other limits in time: for tests.
///
/// # Errors
/// As [`start`].
pub async fn start_with(config: Config, limits: Limits, shutdown: CancellationToken) -> Result<Gateway, StartError> {
    start_as(config, limits, None, shutdown).await
}

/// As [`start`], beside a core in this process: it takes the WebSockets over once they are upgraded. Everything else
/// goes to the core as from any gateway.
///
/// # Errors
/// As [`start`].
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
    /// Waits for the stop signal, then until everything has come to its end, or was cut at the deadline.
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
