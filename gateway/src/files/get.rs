//! Answers `GET` and `HEAD`. download.rs streams the bytes.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use wardroom_protocol::Code;
use wardroom_protocol::messages::{FileGet, FileGetOk, FileInfo, FileKind, FileStat};

use super::download::Source;
use super::range::RangeRequest;
use super::{Target, download, headers, query_field, sign_in};
use crate::answer::Error;
use crate::app::App;
use crate::assets::matches_etag;
use crate::caller::Caller;
use crate::limits::TRANSFER_WINDOW_BYTES;

/// `GET|HEAD /files/room/ROOM/PATH[?inline]`
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    method: Method,
    uri: Uri,
    request: HeaderMap,
) -> Result<Response, Error> {
    let target = Target::parse(uri.path())?;
    let within = app.settings.limits.answer_within;
    let (mut link, _) = sign_in(&app, &caller, &request).await?;
    let stat = FileStat { place: target.place.clone(), path: target.path.clone() };
    let info: FileInfo = link.ask(1, &stat, within).await?;
    if info.kind == FileKind::Folder {
        return Err(Error::new(Code::NotFound, "this is a folder"));
    }
    let etag = etag(&info);
    let mut head = file_headers(&target, &info, &etag, query_field(uri.query(), "inline").is_some());
    if matches_etag(&request, &etag) {
        head.remove(header::CONTENT_TYPE);
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    // Only GET has ranges, and only if the client's part is from this very file.
    let range = request.get(header::RANGE).filter(|_| method == Method::GET && allows_range(&request, &etag));
    let wanted = RangeRequest::of(range.and_then(|range| range.to_str().ok()), info.size);
    let (status, first, len) = match wanted.describe(info.size, &mut head) {
        Ok(part) => part,
        Err(unsatisfiable) => return Ok(unsatisfiable.into_response()),
    };
    if method == Method::HEAD || len == 0 {
        return Ok((status, head).into_response());
    }
    let get = FileGet {
        place: target.place,
        path: target.path,
        off: first,
        count: Some(len),
        window: Some(TRANSFER_WINDOW_BYTES),
        blake3: info.blake3,
    };
    let opened: FileGetOk = link.ask(2, &get, within).await?;
    let body = download::body(&app, link, Source::File(opened.stream), first, len);
    Ok((status, head, body).into_response())
}

/// The digest if known: equal tags then mean equal files. Otherwise size and time, as a weak tag.
fn etag(info: &FileInfo) -> String {
    match &info.blake3 {
        Some(digest) if digest.bytes().all(|b| b.is_ascii_hexdigit()) => format!("\"{digest}\""),
        _ => format!("W/\"{}-{}\"", info.size, info.mtime),
    }
}

/// `If-Range` requires the strong comparison; a date is never strong enough here, as a file may change twice in a
/// second.
fn allows_range(request: &HeaderMap, etag: &str) -> bool {
    match request.get(header::IF_RANGE) {
        Some(tag) => !etag.starts_with("W/") && tag.as_bytes().trim_ascii() == etag.as_bytes(),
        None => true,
    }
}

fn file_headers(target: &Target, info: &FileInfo, etag: &str, wants_inline: bool) -> HeaderMap {
    let mut head = HeaderMap::new();
    headers::describe(target.path.file_name(), wants_inline, &mut head);
    head.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // Private to readers with access, and revalidated each time, which the tag makes cheap.
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    let modified = UNIX_EPOCH.checked_add(Duration::from_millis(info.mtime));
    let year_9999 = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    if let Some(modified) = modified.filter(|at| *at < year_9999)
        && let Ok(modified) = HeaderValue::from_str(&httpdate::fmt_http_date(modified))
    {
        head.insert(header::LAST_MODIFIED, modified);
    }
    if let Ok(etag) = HeaderValue::from_str(etag) {
        head.insert(header::ETAG, etag);
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_range_is_strong() {
        for (if_range, etag, allowed) in [
            (None, "\"d\"", true),
            (None, "W/\"d\"", true),
            (Some("\"d\""), "\"d\"", true),
            (Some("\"x\""), "\"d\"", false),
            (Some("W/\"d\""), "W/\"d\"", false),
            (Some("Sun, 22 Nov 2026 12:00:00 GMT"), "\"d\"", false),
        ] {
            let request = if_range.map(|tag| (header::IF_RANGE, HeaderValue::from_static(tag))).into_iter().collect();
            assert_eq!(allows_range(&request, etag), allowed, "{if_range:?} {etag}");
        }
    }
}
