//! `/ws`: who may open a WebSocket. The bridge handles what is sent over it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wardroom_protocol::{Code, SUBPROTOCOL};

use crate::answer::Error;
use crate::app::App;
use crate::bridge;
use crate::caller::Caller;
use crate::cookie;
use crate::core_link::{CoreLink, via_of};
use crate::limits::{MESSAGE_BYTES_MAX, WS_READ_BUFFER_BYTES, WS_WRITE_BUFFER_BYTES, WS_WRITE_BUFFER_BYTES_MAX};
use crate::origin::{self, Origin};
use crate::{farewell, handover};

/// `GET /ws`
pub(crate) async fn upgrade(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Error> {
    let headers = request.headers().clone();
    check_origin(&app, &caller, &headers)?;
    // The check below takes the request, so a second handle to its upgrade is kept.
    let handover = app.takeover.clone().zip(handover::upgrade_of(&request));
    let checked = match WebSocketUpgrade::from_request(request, &app).await {
        Ok(checked) => checked.protocols([SUBPROTOCOL]),
        Err(_) => return Ok(needs_upgrade(&headers)),
    };
    if checked.selected_protocol().is_none() {
        return Err(Error::new(Code::BadRequest, "a WebSocket here speaks the sub-protocol wardroom.v1"));
    }
    let session = cookie::session(&headers, &caller, &app.settings.base_path);
    if let Some((takeover, on_upgrade)) = handover {
        let via = via_of(&caller, session);
        app.tasks.spawn(async move { handover::hand_over(on_upgrade, via, &takeover).await });
        return Ok(handover::switching(&headers));
    }
    // Held until the bridge has ended: the HTTP server does not wait for upgraded sockets.
    let task = app.tasks.token();
    Ok(checked
        .read_buffer_size(WS_READ_BUFFER_BYTES)
        .write_buffer_size(WS_WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WS_WRITE_BUFFER_BYTES_MAX)
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .on_upgrade(move |socket| async move {
            open(socket, &app, &caller, session).await;
            drop(task);
        }))
}

async fn open(socket: WebSocket, app: &App, caller: &Caller, session: Option<String>) {
    let bridged = async {
        match CoreLink::open(&app.settings, caller, session).await {
            Ok(link) => {
                let ended = bridge::run(socket, link, &app.settings.limits, &app.stop).await;
                tracing::debug!(client = caller.address_text(), ?ended, "websocket ended");
            }
            Err(error) => {
                tracing::warn!(client = caller.address_text(), %error, "the core cannot be reached for a websocket");
                farewell::turn_away(socket, &app.settings.limits).await;
            }
        }
    };
    tokio::select! {
        () = bridged => {}
        () = app.cut.cancelled() => {}
    }
}

/// Any page on the web can open a WebSocket to us, and the browser sends our cookie with it: only Origin tells which
/// page it was. Programs send none, and have no cookie that a page could misuse.
fn check_origin(app: &App, caller: &Caller, headers: &HeaderMap) -> Result<(), Error> {
    let Some(named) = headers.get(header::ORIGIN) else {
        if headers.contains_key(header::COOKIE) {
            return Err(refused(caller, "none", "a WebSocket with a cookie must name its Origin".to_owned()));
        }
        return Ok(());
    };
    let seen = named.to_str().unwrap_or("no text");
    let allowed = caller.allowed_origins(&app.settings);
    let parsed = Origin::parse(seen);
    if parsed.as_ref().is_some_and(|origin| allowed.contains(origin)) {
        return Ok(());
    }
    Err(refused(caller, seen, origin::error(seen, &allowed)))
}

fn refused(caller: &Caller, origin: &str, msg: String) -> Error {
    tracing::warn!(client = caller.address_text(), origin, reason = msg, "websocket refused");
    Error::new(Code::Forbidden, msg)
}

/// Answers a request without upgrade headers, most likely because a proxy removed them.
fn needs_upgrade(headers: &HeaderMap) -> Response {
    let msg = if headers.contains_key("sec-websocket-key") {
        "the headers Connection and Upgrade did not arrive; a proxy must pass them on"
    } else {
        "this is the address of a WebSocket"
    };
    let mut response = Error::new(Code::BadRequest, msg).with_status(StatusCode::UPGRADE_REQUIRED).into_response();
    response.headers_mut().insert(header::UPGRADE, header::HeaderValue::from_static("websocket"));
    response
}
