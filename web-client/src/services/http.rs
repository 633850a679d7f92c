//! HTTP requests to the gateway, relative to the base URL. The browser adds the cookie.

use serde::Serialize;
use wardroom_protocol::messages::{ErrAnswer, You};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, Response};

use super::{browser, first_lines};
use crate::limits::HTTP_TIMEOUT_MS;

/// An answer with any status.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// Seconds in `Retry-After`.
    pub retry_after_s: Option<u64>,
    pub body: String,
}

/// There was no answer, or not in time.
#[derive(Clone, Copy, Debug)]
pub struct NoResponse;

impl Reply {
    /// True for a status of 2xx.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The error in the answer; its message is the server's, or the status.
    pub fn error(&self) -> ErrAnswer {
        let read = serde_json::from_str::<ErrAnswer>(&self.body);
        read.unwrap_or_else(|_| ErrAnswer { msg: format!("HTTP {}", self.status), ..ErrAnswer::default() })
    }
}

/// The signed-in user; `None` if nobody is.
///
/// # Errors
/// [`NoResponse`], also for an answer that makes no sense.
pub async fn session() -> Result<Option<You>, NoResponse> {
    if let Some(answer) = first_lines::session_answer().await {
        return serde_json::from_str(&answer).map_err(|_| NoResponse);
    }
    let reply = get("api/session").await?;
    if reply.is_ok() { serde_json::from_str(&reply.body).map_err(|_| NoResponse) } else { Err(NoResponse) }
}

/// `GET`.
///
/// # Errors
/// [`NoResponse`]
pub async fn get(path: &str) -> Result<Reply, NoResponse> {
    let options = RequestInit::new();
    options.set_method("GET");
    fetch(path, &options).await
}

/// `GET` the last bytes, or everything if there are fewer.
///
/// # Errors
/// [`NoResponse`]
pub async fn get_last(path: &str, bytes: u64) -> Result<Reply, NoResponse> {
    let options = RequestInit::new();
    options.set_headers(&header("range", &format!("bytes=-{bytes}")));
    fetch(path, &options).await
}

/// `GET` the bytes `from..upto`, or those of them that are there.
///
/// # Errors
/// [`NoResponse`], also for an answer that is not of these bytes.
pub async fn get_range(path: &str, from: u64, upto: u64) -> Result<Vec<u8>, NoResponse> {
    let options = RequestInit::new();
    options.set_headers(&header("range", &format!("bytes={from}-{}", upto.saturating_sub(1))));
    let response = respond(path, &options).await?;
    // Without the range it would be all of it.
    if response.status() != 206 {
        return Err(NoResponse);
    }
    let bytes = JsFuture::from(response.array_buffer().map_err(|_| NoResponse)?).await.map_err(|_| NoResponse)?;
    Ok(js_sys::Uint8Array::new(&bytes).to_vec())
}

fn header(name: &str, value: &str) -> js_sys::Object {
    let headers = js_sys::Object::new();
    let _ = js_sys::Reflect::set(&headers, &name.into(), &value.into());
    headers
}

/// `POST` with a JSON body.
///
/// # Errors
/// [`NoResponse`]
pub async fn post<T: Serialize>(path: &str, body: &T) -> Result<Reply, NoResponse> {
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_headers(&header("content-type", "application/json"));
    options.set_body(&JsValue::from_str(&serde_json::to_string(body).map_err(|_| NoResponse)?));
    fetch(path, &options).await
}

async fn respond(path: &str, options: &RequestInit) -> Result<Response, NoResponse> {
    options.set_signal(Some(&AbortSignal::timeout_with_u32(HTTP_TIMEOUT_MS)));
    let address = browser::base_address() + path;
    let answered = JsFuture::from(browser::window().fetch_with_str_and_init(&address, options)).await;
    answered.map_err(|_| NoResponse)?.dyn_into().map_err(|_| NoResponse)
}

async fn fetch(path: &str, options: &RequestInit) -> Result<Reply, NoResponse> {
    let response = respond(path, options).await?;
    let retry_after_s = response.headers().get("retry-after").ok().flatten().and_then(|s| s.parse().ok());
    let text = JsFuture::from(response.text().map_err(|_| NoResponse)?).await.map_err(|_| NoResponse)?;
    Ok(Reply { status: response.status(), retry_after_s, body: text.as_string().unwrap_or_default() })
}
