//! `POST /hooks/TOKEN`: passes what another program posts to the core unchanged. The core knows the webhook, parses the
//! body and posts. Only the token is required: no cookie, no `Origin`.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;
use tokio::time::timeout;
use wardroom_protocol::Code;
use wardroom_protocol::frame::{Number, encode_with_body};
use wardroom_protocol::limits::{BODY_BYTES_MAX, HOOK_BYTES_MAX};
use wardroom_protocol::messages::{HookPart, HookPost, PostAck};

use crate::answer::{Error, json};
use crate::app::App;
use crate::caller::Caller;
use crate::core_link::CoreLink;
use crate::limits::{HOOK_FIELD_BYTES_MAX, TOKEN_BYTES_MAX};

/// Posts on behalf of a webhook.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(token): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Error> {
    if token.len() > TOKEN_BYTES_MAX || !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        // The same answer as the core's to an unknown webhook.
        return Err(Error::new(Code::NotFound, "there is no such webhook"));
    }
    let content_type = field(&headers, header::CONTENT_TYPE.as_str())?.unwrap_or_default();
    let github = field(&headers, "x-github-event")?;
    let delivery = field(&headers, "x-github-delivery")?;
    let signature = field(&headers, "x-hub-signature-256")?;
    let encoding = field(&headers, header::CONTENT_ENCODING.as_str())?;
    let key = match field(&headers, "idempotency-key")? {
        Some(key) => Some(key),
        None => key_of(&uri)?,
    };
    let limits = &app.settings.limits;
    // Refused at once if the program announces the size itself.
    if body.size_hint().lower() > HOOK_BYTES_MAX as u64 {
        return Err(Error::new(Code::TooLarge, "a webhook takes at most 1 MiB"));
    }
    let mut body = Incoming { body, left: HOOK_BYTES_MAX, idle: limits.body_idle };
    let mut part = BytesMut::new();
    body.fill(&mut part).await?;
    let mut link = CoreLink::open(&app.settings, &caller, None).await?;
    while part.len() > BODY_BYTES_MAX {
        // Sent as they arrive, so that a caller without a valid webhook fills no memory here.
        let frame = part.split_to(BODY_BYTES_MAX);
        let begins = HookPart { token: token.clone(), len: frame.len() as u64 };
        if link.writer.write(&encode_with_body(Number::None, &begins, &frame)).await.is_err() {
            // The core has said why; its answer is read below.
            break;
        }
        body.fill(&mut part).await?;
    }
    part.truncate(BODY_BYTES_MAX);
    let ask = HookPost { token, content_type, github, key, delivery, signature, encoding, len: part.len() as u64 };
    let stood: PostAck = link.ask_with_body(1, &ask, &part, limits.answer_within).await?;
    Ok(json(StatusCode::OK, &serde_json::json!({ "seq": stood.seq })))
}

/// What the program sends.
struct Incoming {
    body: Body,
    left: usize,
    idle: Duration,
}

impl Incoming {
    /// Reads until there is more than a frame holds, or until the end.
    async fn fill(&mut self, part: &mut BytesMut) -> Result<(), Error> {
        while part.len() <= BODY_BYTES_MAX {
            let late = || {
                let error = Error::new(Code::BadRequest, "the body did not come in time");
                error.with_status(StatusCode::REQUEST_TIMEOUT)
            };
            let Some(frame) = timeout(self.idle, self.body.frame()).await.map_err(|_| late())? else { break };
            let frame = frame.map_err(|_| Error::new(Code::BadRequest, "the body broke off"))?;
            let Ok(bytes) = frame.into_data() else { continue };
            let left = self.left.checked_sub(bytes.len());
            self.left = left.ok_or_else(|| Error::new(Code::TooLarge, "a webhook takes at most 1 MiB"))?;
            part.extend_from_slice(&bytes);
        }
        Ok(())
    }
}

/// Returns a header's value, if present and valid text.
fn field(headers: &HeaderMap, name: &str) -> Result<Option<String>, Error> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value.to_str().map_err(|_| Error::new(Code::BadRequest, format!("{name} is not text")))?;
    bounded(name, text.to_owned()).map(Some)
}

/// Returns the value of `?key=`.
fn key_of(uri: &Uri) -> Result<Option<String>, Error> {
    let Some(key) = crate::files::query_field(uri.query(), "key").filter(|key| !key.is_empty()) else {
        return Ok(None);
    };
    let key = percent_decode_str(key).decode_utf8();
    let key = key.map_err(|_| Error::new(Code::BadRequest, "the key is not UTF-8"))?;
    bounded("key", key.into_owned()).map(Some)
}

fn bounded(name: &str, text: String) -> Result<String, Error> {
    if text.len() > HOOK_FIELD_BYTES_MAX {
        let msg = format!("{name} has at most {HOOK_FIELD_BYTES_MAX} bytes");
        return Err(Error::new(Code::TooLarge, msg));
    }
    Ok(text)
}
