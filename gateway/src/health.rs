//! `/healthz` and `/readyz`, for load balancers and supervisors: no sign-in, and no details that would help an
//! attacker.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::answer::json;
use crate::app::App;
use crate::core_link::CoreLink;

/// Answers that the process runs.
pub(crate) async fn alive() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n").into_response()
}

/// Answers whether the core can be reached and the gateway is not about to stop.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    if app.stop.is_cancelled() {
        return not_ready("stopping");
    }
    match CoreLink::connect(&app.settings).await {
        Ok(_) => json(StatusCode::OK, &serde_json::json!({ "ready": true })),
        Err(error) => {
            // Asked every few seconds, so no log line each time.
            tracing::debug!(%error, core = %app.settings.core, "not ready: the core cannot be reached");
            not_ready("the core cannot be reached")
        }
    }
}

fn not_ready(reason: &str) -> Response {
    json(StatusCode::SERVICE_UNAVAILABLE, &serde_json::json!({ "ready": false, "reason": reason }))
}
