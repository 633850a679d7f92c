//! Maps paths to handlers. The base path has been stripped before.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::app::App;
use crate::caller::Caller;
use crate::limits::JSON_BYTES_MAX;
use crate::{assets, cookie, files, health, hooks, login, ws};

/// Returns the handlers by path.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/login", get(page))
        .route("/r/{*room}", get(page))
        .route("/ws", get(ws::upgrade))
        .route("/api/login", post(login::login))
        .route("/api/invite", post(login::invite))
        .route("/api/logout", post(login::logout))
        .route("/api/session", get(login::session))
        .route("/files/run/{run}", get(files::get_run))
        .route("/files/{*path}", get(files::get).put(files::put))
        .route("/hooks/{token}", post(hooks::post))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(asset)
        .layer(DefaultBodyLimit::max(JSON_BYTES_MAX))
        .with_state(app)
}

async fn page(State(app): State<Arc<App>>, Extension(caller): Extension<Caller>, headers: HeaderMap) -> Response {
    // The page itself checks whether the session is valid, so that loading the page does not involve the core.
    let has_session = cookie::session(&headers, &caller, &app.settings.base_path).is_some();
    app.page.serve(&headers, has_session)
}

async fn asset(uri: Uri, request: Request) -> Response {
    let is_read = request.method() == Method::GET || request.method() == Method::HEAD;
    let name = uri.path().trim_start_matches('/');
    match assets::find(name) {
        Some(asset) if is_read && name != "index.html" => asset.serve(request.headers()),
        Some(_) if !is_read => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response(),
        _ => (StatusCode::NOT_FOUND, "there is nothing at this address\n").into_response(),
    }
}
