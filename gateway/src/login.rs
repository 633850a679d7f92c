//! Sign-in and sign-out over HTTP: credentials go to the core, and the session's token it returns goes into a cookie
//! that no script can read.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use wardroom_protocol::messages::{Auth, SessionEnd, Welcome, You};
use wardroom_protocol::{Code, RoomName, UserName};

use crate::agent;
use crate::answer::{Error, json};
use crate::app::App;
use crate::caller::Caller;
use crate::cookie;
use crate::core_link::{CoreLink, LinkError};
use crate::files::query_field;
use crate::first_lines::{FirstLines, first_lines};
use crate::limits::JSON_BYTES_MAX;
use crate::origin::{self, is_forged};

#[derive(Deserialize)]
struct Credentials {
    user: String,
    password: String,
}

#[derive(Deserialize)]
struct Acceptance {
    invite: String,
    user: String,
    password: String,
}

/// `POST /api/login`
pub(crate) async fn login(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Error> {
    let given: Credentials = read(&app, &caller, &headers, body).await?;
    remember(&app, &caller, Auth::Password { user: given.user, password: given.password }).await
}

/// `POST /api/invite`
pub(crate) async fn invite(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Error> {
    let given: Acceptance = read(&app, &caller, &headers, body).await?;
    let user = UserName::parse(&given.user).map_err(|e| Error::new(Code::BadRequest, e.to_string()))?;
    remember(&app, &caller, Auth::Invite { invite: given.invite, user, password: given.password }).await
}

/// `POST /api/logout`: ends the session at the core, which closes all its sockets, and clears the cookie.
pub(crate) async fn logout(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    refuse_forged(&app, &caller, &Method::POST, &headers)?;
    let settings = &app.settings;
    if let Some(session) = cookie::session(&headers, &caller, &settings.base_path) {
        match CoreLink::sign_in(settings, &caller, Some(session), None, None).await {
            Ok((mut link, _)) => end(&mut link, &app).await?,
            // The session has ended already.
            Err(LinkError::Refused(err)) if err.code == Some(Code::Unauthorized) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut response = (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response();
    if let Some(cleared) = cookie::set("", &caller, &settings.base_path) {
        response.headers_mut().insert(header::SET_COOKIE, cleared);
    }
    Ok(response)
}

async fn end(link: &mut CoreLink, app: &App) -> Result<(), LinkError> {
    let ended = link.ask::<_, serde_json::Value>(1, &SessionEnd::default(), app.settings.limits.answer_within).await;
    match ended {
        // The core closes all connections of the session, including this one, perhaps before its answer is read.
        Ok(_) | Err(LinkError::Lost(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Who is signed in, and the last lines of the requested room.
#[derive(Serialize)]
struct SessionAnswer {
    #[serde(flatten)]
    you: You,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<FirstLines>,
}

/// `GET /api/session[?room=ROOM]`: who is signed in, or `null`. That nobody is signed in is not an error.
pub(crate) async fn session(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let Some(session) = cookie::session(&headers, &caller, &app.settings.base_path) else {
        return Ok(json(StatusCode::OK, &None::<()>));
    };
    match CoreLink::sign_in(&app.settings, &caller, Some(session), None, None).await {
        Ok((mut link, welcome)) => {
            let first = match room_asked_for(&uri) {
                Some(room) => first_lines(&app, &mut link, room).await,
                None => None,
            };
            Ok(json(StatusCode::OK, &SessionAnswer { you: welcome.you, first }))
        }
        Err(LinkError::Refused(err)) if err.code == Some(Code::Unauthorized) => Ok(json(StatusCode::OK, &None::<()>)),
        Err(error) => Err(error.into()),
    }
}

fn room_asked_for(uri: &Uri) -> Option<RoomName> {
    let name = query_field(uri.query(), "room")?;
    RoomName::parse(&percent_decode_str(name).decode_utf8().ok()?).ok()
}

/// Signs in with a session that outlives this connection, and puts its token into the cookie.
async fn remember(app: &App, caller: &Caller, auth: Auth) -> Result<Response, Error> {
    let signed_in = CoreLink::sign_in(&app.settings, caller, None, Some(auth), Some(agent::label(&caller.agent))).await;
    let welcome: Welcome = match signed_in {
        Ok((_, welcome)) => welcome,
        Err(error) => {
            // One line with the real address, for fail2ban; never the credentials.
            tracing::warn!(client = caller.address_text(), %error, "sign-in refused");
            return Err(error.into());
        }
    };
    let no_token = || Error::new(Code::Internal, "the core gave no session");
    let token = welcome.token.as_deref().filter(|token| cookie::is_token(token)).ok_or_else(no_token)?;
    let set = cookie::set(token, caller, &app.settings.base_path).ok_or_else(no_token)?;
    let mut response = json(StatusCode::OK, &welcome.you);
    response.headers_mut().insert(header::SET_COOKIE, set);
    Ok(response)
}

/// Reads a JSON body from our own page or from a program.
async fn read<T: DeserializeOwned>(app: &App, caller: &Caller, headers: &HeaderMap, body: Body) -> Result<T, Error> {
    refuse_forged(app, caller, &Method::POST, headers)?;
    // Forms of other sites cannot send this type without a preflight.
    if !headers.get(header::CONTENT_TYPE).is_some_and(is_json) {
        return Err(Error::new(Code::BadRequest, "the body must be application/json")
            .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let body = timeout(app.settings.limits.body_idle, to_bytes(body, JSON_BYTES_MAX));
    let bytes: Bytes = match body.await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return Err(Error::new(Code::TooLarge, "the body is over 16 KiB")),
        Err(_) => {
            return Err(
                Error::new(Code::BadRequest, "the body did not come in time").with_status(StatusCode::REQUEST_TIMEOUT)
            );
        }
    };
    // serde's own messages could reveal the input.
    serde_json::from_slice(&bytes)
        .map_err(|_| Error::new(Code::BadRequest, "the body is not the JSON that belongs here"))
}

/// Refuses a request that another site's page may have sent.
pub(crate) fn refuse_forged(app: &App, caller: &Caller, method: &Method, headers: &HeaderMap) -> Result<(), Error> {
    let allowed = caller.allowed_origins(&app.settings);
    if !is_forged(method, headers, &allowed) {
        return Ok(());
    }
    tracing::warn!(client = caller.address_text(), %method, "a request of another site's page was refused");
    let msg = match headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()) {
        Some(seen) => format!("this request comes from the page of another site: {}", origin::error(seen, &allowed)),
        None => "this request comes from the page of another site".to_owned(),
    };
    Err(Error::new(Code::Forbidden, msg))
}

fn is_json(value: &HeaderValue) -> bool {
    let text = value.to_str().unwrap_or_default();
    text.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
