//! `GET|HEAD /files/run/RUN`: the output of a run as a text file, with ranges. While the run is still running, the
//! output so far.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use wardroom_protocol::messages::{RunGet, RunInfo, RunWatch};
use wardroom_protocol::{Code, RunId};

use super::download::Source;
use super::range::RangeRequest;
use super::{download, headers, sign_in};
use crate::answer::Error;
use crate::app::App;
use crate::caller::Caller;
use crate::limits::TRANSFER_WINDOW_BYTES;

/// The handler.
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(run): Path<String>,
    method: Method,
    request: HeaderMap,
) -> Result<Response, Error> {
    let run: RunId = run.parse().map_err(|_| Error::new(Code::NotFound, "output of runs is at /files/run/RUN"))?;
    let within = app.settings.limits.answer_within;
    let (mut link, _) = sign_in(&app, &caller, &request).await?;
    let info: RunInfo = link.ask(1, &RunGet { run }, within).await?;
    let mut head = HeaderMap::new();
    headers::describe(&format!("r{}.log", info.n), false, &mut head);
    head.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    let range = request.get(header::RANGE).filter(|_| method == Method::GET);
    let wanted = RangeRequest::of(range.and_then(|range| range.to_str().ok()), info.bytes);
    let (status, first, len) = match wanted.describe(info.bytes, &mut head) {
        Ok(part) => part,
        Err(unsatisfiable) => return Ok(unsatisfiable.into_response()),
    };
    if method == Method::HEAD || len == 0 {
        return Ok((status, head).into_response());
    }
    let watch = RunWatch { run, from: first, window: Some(TRANSFER_WINDOW_BYTES), screen: false, at: None };
    let _: Value = link.ask(2, &watch, within).await?;
    Ok((status, head, download::body(&app, link, Source::Run(run), first, len)).into_response())
}
