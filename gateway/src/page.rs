//! The page: index.html as served under this base path, and the content security policy that fits it.

use std::io::Write as _;
use std::ops::Range;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::assets;
use crate::caller::Caller;

/// Shown if the gateway was built without the page.
const ABSENT: &str = include_str!("absent.html");

/// What index.html contains about the session. The gateway replaces it depending on the cookie, so that the page begins
/// with the right screen, and asks the server only if there may be a session.
const SESSION_OUT: &str = "data-session=\"out\"";
const SESSION_IN: &str = "data-session=\"in\"";

/// The page as it is served.
pub(crate) struct Page {
    /// For a browser without a session, and for one that has a cookie.
    out: Body,
    signed_in: Body,
    /// The script sources that the policy allows.
    scripts: String,
    /// The digest of the inlined style sheets.
    styles: String,
    is_absent: bool,
}

/// One variant of the page.
struct Body {
    html: Bytes,
    gzip: Bytes,
    etag: String,
}

impl Body {
    fn new(html: String) -> Body {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to a Vec does not fail.
        let _ = encoder.write_all(html.as_bytes());
        let gzip = encoder.finish().unwrap_or_default();
        let etag = format!("\"{}\"", STANDARD.encode(Sha256::digest(&html)));
        Body { html: html.into(), gzip: gzip.into(), etag }
    }
}

impl Page {
    /// The page of this build.
    pub fn new(base_path: &str) -> Page {
        let index = assets::find("index.html").and_then(|asset| std::str::from_utf8(asset.plain).ok());
        let style = |name: &str| assets::find(name).and_then(|asset| std::str::from_utf8(asset.plain).ok());
        Page::of(index, base_path, style)
    }

    fn of<'a>(index: Option<&str>, base_path: &str, style: impl Fn(&str) -> Option<&'a str>) -> Page {
        let html = index.map_or_else(|| ABSENT.to_owned(), |html| with_base(html, base_path));
        let (html, styles) = with_styles(&html, style);
        let mut scripts = String::from("'self' 'wasm-unsafe-eval'");
        for script in inline_scripts(&html) {
            scripts.push_str(&format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script))));
        }
        let styles =
            styles.map(|css| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(css)))).unwrap_or_default();
        let signed_in = Body::new(html.replacen(SESSION_OUT, SESSION_IN, 1));
        Page { out: Body::new(html), signed_in, scripts, styles, is_absent: index.is_none() }
    }

    /// Returns the policy for an answer to this caller.
    pub fn policy(&self, caller: &Caller) -> HeaderValue {
        // For browsers that do not include WebSockets in 'self' (Safari before 15.4). The origin was checked when it
        // was parsed: no character in it ends a directive.
        let websocket = caller
            .origin
            .iter()
            .chain(&caller.origin_by_port)
            .map(|o| format!(" {}", o.websocket()))
            .collect::<String>();
        let policy = format!(
            "default-src 'none'; script-src {}; style-src 'self'{}; img-src 'self' blob: data:; \
             connect-src 'self'{websocket}; font-src 'self'; manifest-src 'self'; media-src 'self' blob:; \
             worker-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
            self.scripts, self.styles
        );
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }

    /// Answers a GET or HEAD for the page; the server omits the body of a HEAD.
    pub fn serve(&self, request: &HeaderMap, has_session: bool) -> Response {
        let page = if has_session { &self.signed_in } else { &self.out };
        let is_gzip = assets::accepts(request, "gzip");
        let mut response = if !self.is_absent && assets::matches_etag(request, &page.etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Response::new(axum::body::Body::from(if is_gzip { page.gzip.clone() } else { page.html.clone() }))
        };
        if self.is_absent {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        let is_whole = response.status() != StatusCode::NOT_MODIFIED;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding, cookie"));
        if is_gzip && is_whole {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if let (false, Ok(etag)) = (self.is_absent, HeaderValue::from_str(&page.etag)) {
            headers.insert(header::ETAG, etag);
        }
        response
    }
}

/// Returns the page with its style sheets inlined in place of the links, and these as one text: the first screen is
/// painted from one answer. If a sheet is not found, nothing changes.
fn with_styles<'a>(html: &str, style: impl Fn(&str) -> Option<&'a str>) -> (String, Option<String>) {
    const LINK: &str = "<link rel=\"stylesheet\" href=\"./";
    let (mut css, mut rest, mut out) = (String::new(), html, String::new());
    let mut at_first = None;
    while let Some(at) = rest.find(LINK) {
        let (before, from) = rest.split_at(at);
        let name = from.get(LINK.len()..).and_then(|from| from.split('"').next());
        let Some((text, end)) = name.and_then(&style).zip(from.find('>')) else { return (html.to_owned(), None) };
        out.push_str(before);
        at_first.get_or_insert(out.len());
        css.push_str(text);
        rest = from.get(end + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    let Some(at) = at_first else { return (out, None) };
    out.insert_str(at, &format!("<style>{css}</style>"));
    (out, Some(css))
}

/// Returns the page with its base set to the base path, so that its relative addresses are right on every route.
fn with_base(html: &str, base_path: &str) -> String {
    let parts = base_tag(html).and_then(|tag| Some((html.get(..tag.start)?, html.get(tag.end..)?)));
    let Some((before, after)) = parts else { return html.to_owned() };
    format!("{before}<base href=\"{base_path}/\">{after}")
}

/// Returns the position of the base tag: the first that is not in a comment.
fn base_tag(html: &str) -> Option<Range<usize>> {
    html.match_indices("<base ").find_map(|(start, _)| {
        let before = html.get(..start)?;
        let is_in_comment = before.rfind("<!--") > before.rfind("-->");
        let len = html.get(start..)?.find('>')? + 1;
        (!is_in_comment).then_some(start..start + len)
    })
}

/// Returns the content of each inline script, byte for byte: the policy lists them by digest.
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

    fn html_of(index: Option<&str>, base_path: &str) -> String {
        String::from_utf8_lossy(&Page::of(index, base_path, |_| None).out.html).into_owned()
    }

    #[test]
    fn style_sheets_stand_in_the_page_and_the_policy_names_them() {
        const LINKS: &str = "<head><link rel=\"stylesheet\" href=\"./a-1.css\" integrity=\"sha384-x\"/>\n\
            <link rel=\"stylesheet\" href=\"./b-2.css\"></head>";
        let style = |name: &str| match name {
            "a-1.css" => Some("a{}"),
            "b-2.css" => Some("b{}"),
            _ => None,
        };
        let page = Page::of(Some(LINKS), "", style);
        assert_eq!(&*page.out.html, b"<head><style>a{}b{}</style>\n</head>");
        // printf "a{}b{}" | openssl dgst -sha256 -binary | base64
        assert_eq!(page.styles, " 'sha256-cR0WXeDFPUxoynVcPpDZ1iYEOmjKwa49ZNxsL/qKIpk='");
        let page = Page::of(Some(LINKS), "", |name| style(name).filter(|_| name == "a-1.css"));
        assert_eq!((&*page.out.html, page.styles.as_str()), (LINKS.as_bytes(), ""), "one is missing: none is moved");
    }

    #[test]
    fn the_page_says_whether_there_may_be_a_session() {
        let page = Page::of(Some("<html data-session=\"out\"><p data-session=\"out\">"), "", |_| None);
        assert_eq!(&*page.signed_in.html, b"<html data-session=\"in\"><p data-session=\"out\">");
        assert_ne!(page.out.etag, page.signed_in.etag);
        let answer =
            page.serve(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"))]), true);
        assert_eq!(answer.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(answer.headers()[header::VARY], "accept-encoding, cookie");
    }

    #[test]
    fn the_base_is_where_the_page_stands() {
        assert!(html_of(Some(INDEX), "/ops").contains("<head><base href=\"/ops/\"><script"));
        assert!(html_of(Some(INDEX), "").contains("<base href=\"/\">"));
        assert_eq!(with_base("<p>no base", "/ops"), "<p>no base");
        let commented = "<!-- <base href> is written --><base href=\"./\">";
        assert_eq!(with_base(commented, "/ops"), "<!-- <base href> is written --><base href=\"/ops/\">");
        assert_eq!(with_base("<base href=", "/ops"), "<base href=");
    }

    #[test]
    fn inline_scripts_are_named_by_their_digests() {
        assert_eq!(inline_scripts(INDEX), ["\nimport init from './x.js';\n", "alert(1)"]);
        // printf "alert(1)" | openssl dgst -sha256 -binary | base64
        assert!(
            Page::of(Some(INDEX), "", |_| None)
                .scripts
                .contains("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='")
        );
        assert!(!Page::of(Some(INDEX), "", |_| None).scripts.contains("unsafe-inline"));
    }

    #[test]
    fn without_a_build_the_page_says_how_to_build_it() {
        let page = Page::of(None, "/ops", |_| None);
        assert_eq!(page.serve(&HeaderMap::new(), false).status(), StatusCode::SERVICE_UNAVAILABLE);
        let html = html_of(None, "/ops");
        assert!(html.contains("cargo xtask serve"));
        assert!(inline_scripts(&html).is_empty());
    }
}
