//! Refusals as HTTP: the one place where an error becomes an answer.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use wardroom_protocol::Code;
use wardroom_protocol::messages::ErrAnswer;

use crate::core_link::LinkError;

/// Why a request was refused: the code and text of the wire, and an HTTP status.
#[derive(Debug)]
pub(crate) struct Error {
    status: StatusCode,
    code: Code,
    msg: String,
    retry_ms: Option<u64>,
    reference: Option<String>,
}

impl Error {
    pub fn new(code: Code, msg: impl Into<String>) -> Error {
        let status = StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Error { status, code, msg: msg.into(), retry_ms: None, reference: None }
    }

    /// Replaces the status by one that says more than that of the code.
    pub fn with_status(mut self, status: StatusCode) -> Error {
        self.status = status;
        self
    }

    pub fn retry_after_ms(mut self, retry_ms: u64) -> Error {
        self.retry_ms = Some(retry_ms);
        self
    }
}

/// The fields of `err` that make sense over HTTP.
#[derive(Serialize)]
struct ErrBody<'a> {
    code: Code,
    msg: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_ms: Option<u64>,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
}

impl From<ErrAnswer> for Error {
    fn from(err: ErrAnswer) -> Error {
        let mut error = Error::new(err.code.unwrap_or(Code::Internal), err.msg);
        error.retry_ms = err.retry_ms;
        error.reference = err.reference;
        error
    }
}

impl From<LinkError> for Error {
    fn from(error: LinkError) -> Error {
        match error {
            LinkError::Refused(err) => Error::from(*err),
            LinkError::Unreachable(_) | LinkError::Lost(_) | LinkError::TimedOut => {
                Error::new(Code::Busy, "the core cannot be reached; it may be starting").retry_after_ms(2_000)
            }
            LinkError::Decode(_) | LinkError::Unexpected(_) => {
                Error::new(Code::Internal, "the core gave an answer that the gateway does not understand")
            }
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body =
            ErrBody { code: self.code, msg: &self.msg, retry_ms: self.retry_ms, reference: self.reference.as_deref() };
        let mut response = json(self.status, &body);
        if let Some(retry_ms) = self.retry_ms {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_ms.div_ceil(1_000).max(1)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 requires a challenge with 401; no browser opens its own password dialog for Bearer.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Returns a JSON answer.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_string(body) {
        Ok(text) => (status, json_headers(), text + "\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as json");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn json_headers() -> [(header::HeaderName, &'static str); 2] {
    [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")]
}
