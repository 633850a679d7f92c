//! The page: index.html as it is served from this base path, and the content security policy that fits it.

use std::ops::Range;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::assets;
use crate::caller::Caller;

/// What is shown where the gateway was built without the page.
const ABSENT: &str = include_str!("absent.html");

/// The page as it is served.
pub(crate) struct Page {
    html: String,
    etag: String,
    /// The sources of scripts that the policy allows.
    scripts: String,
    is_absent: bool,
}

impl Page {
    /// The page of this build.
    pub fn new(base_path: &str) -> Page {
        let index = assets::find("index.html").and_then(|asset| std::str::from_utf8(asset.plain).ok());
        Page::of(index, base_path)
    }

    fn of(index: Option<&str>, base_path: &str) -> Page {
        let html = index.map_or_else(|| ABSENT.to_owned(), |html| with_base(html, base_path));
        let mut scripts = String::from("'self' 'wasm-unsafe-eval'");
        for script in inline_scripts(&html) {
            scripts.push_str(&format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script))));
        }
        let etag = format!("\"{}\"", STANDARD.encode(Sha256::digest(&html)));
        Page { html, etag, scripts, is_absent: index.is_none() }
    }

    /// The policy for an answer to this caller.
    pub fn policy(&self, caller: &Caller) -> HeaderValue {
        // For browsers that do not count WebSockets to 'self' (Safari before 15.4). The origin was checked when it was
        // parsed: no character in it ends a directive.
        let websocket = caller
            .origin
            .iter()
            .chain(&caller.origin_by_port)
            .map(|o| format!(" {}", o.websocket()))
            .collect::<String>();
        let policy = format!(
            "default-src 'none'; script-src {}; style-src 'self'; img-src 'self' blob: data:; \
             connect-src 'self'{websocket}; font-src 'self'; manifest-src 'self'; media-src 'self' blob:; \
             worker-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
            self.scripts
        );
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }

    /// Answers a GET or HEAD for the page; the server leaves the body of a HEAD away.
    pub fn serve(&self, request: &HeaderMap) -> Response {
        let mut response = if !self.is_absent && assets::matches_etag(request, &self.etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Response::new(Body::from(self.html.clone()))
        };
        if self.is_absent {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let (false, Ok(etag)) = (self.is_absent, HeaderValue::from_str(&self.etag)) {
            headers.insert(header::ETAG, etag);
        }
        response
    }
}

/// The page with its base set to where it stands, so that its relative addresses are right on every route.
fn with_base(html: &str, base_path: &str) -> String {
    let parts = base_tag(html).and_then(|tag| Some((html.get(..tag.start)?, html.get(tag.end..)?)));
    let Some((before, after)) = parts else { return html.to_owned() };
    format!("{before}<base href=\"{base_path}/\">{after}")
}

/// Where the base tag stands: the first that is not in a comment.
fn base_tag(html: &str) -> Option<Range<usize>> {
    html.match_indices("<base ").find_map(|(start, _)| {
        let before = html.get(..start)?;
        let is_in_comment = before.rfind("<!--") > before.rfind("-->");
        let len = html.get(start..)?.find('>')? + 1;
        (!is_in_comment).then_some(start..start + len)
    })
}

/// What stands between the tags of each script that is not fetched from elsewhere, byte for byte: the policy names it by
/// its digest.
fn inline_scripts(html: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find("<script") {
        let Some(from_tag) = rest.get(at..) else { break };
        let Some(tag_end) = from_tag.find('>') else { break };
        let (tag, after) =
            (from_tag.get(..tag_end).unwrap_or_default(), from_tag.get(tag_end + 1..).unwrap_or_default());
        let Some(end) = after.find("</script") else { break };
        if !tag.contains(" src=") {
            scripts.push(after.get(..end).unwrap_or_default());
        }
        rest = after.get(end..).unwrap_or_default();
    }
    scripts
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "<!doctype html><html><head><base href=\"/\"/><script src=\"./a.js\"></script>\
        <script type=\"module\">\nimport init from './x.js';\n</script></head><body><script>alert(1)</script></body>";

    #[test]
    fn the_base_is_where_the_page_stands() {
        assert!(Page::of(Some(INDEX), "/ops").html.contains("<head><base href=\"/ops/\"><script"));
        assert!(Page::of(Some(INDEX), "").html.contains("<base href=\"/\">"));
        assert_eq!(with_base("<p>no base", "/ops"), "<p>no base");
        let commented = "<!-- <base href> is written --><base href=\"./\">";
        assert_eq!(with_base(commented, "/ops"), "<!-- <base href> is written --><base href=\"/ops/\">");
        assert_eq!(with_base("<base href=", "/ops"), "<base href=");
    }

    #[test]
    fn inline_scripts_are_named_by_their_digests() {
        assert_eq!(inline_scripts(INDEX), ["\nimport init from './x.js';\n", "alert(1)"]);
        // printf "alert(1)" | openssl dgst -sha256 -binary | base64
        assert!(Page::of(Some(INDEX), "").scripts.contains("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"));
        assert!(!Page::of(Some(INDEX), "").scripts.contains("unsafe-inline"));
    }

    #[test]
    fn without_a_build_the_page_says_how_to_build_it() {
        let page = Page::of(None, "/ops");
        assert_eq!(page.serve(&HeaderMap::new()).status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(page.html.contains("cargo xtask serve"));
        assert!(inline_scripts(&page.html).is_empty());
    }
}
