//! Serves the files of the page, which build.rs embeds in the binary. index.html is not served here, because page.rs
//! changes it first.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A file of the page.
pub(crate) struct Embedded {
    pub name: &'static str,
    /// The first half of its SHA-256, in hexadecimal.
    pub digest: &'static str,
    pub plain: &'static [u8],
    pub brotli: Option<&'static [u8]>,
    pub gzip: Option<&'static [u8]>,
}

// `EMBEDDED`: the files of `dist/`, sorted by name.
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Returns the file with this name.
pub(crate) fn find(name: &str) -> Option<&'static Embedded> {
    let at = EMBEDDED.binary_search_by(|asset| asset.name.cmp(name)).ok()?;
    EMBEDDED.get(at)
}

impl Embedded {
    /// Answers a GET or HEAD for this file; the server omits the body of a HEAD.
    pub fn serve(&self, request: &HeaderMap) -> Response {
        let etag = format!("\"{}\"", self.digest);
        let cache = if has_hash(self.name) { "public, max-age=31536000, immutable" } else { "no-cache" };
        let (body, encoding) = match (self.brotli, self.gzip) {
            (Some(brotli), _) if accepts(request, "br") => (brotli, Some("br")),
            (_, Some(gzip)) if accepts(request, "gzip") => (gzip, Some("gzip")),
            _ => (self.plain, None),
        };
        let mut response = if matches_etag(request, &etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Response::new(Body::from(body))
        };
        let is_whole = response.status() == StatusCode::OK;
        let headers = response.headers_mut();
        if is_whole {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(self.name)));
            if let Some(encoding) = encoding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(header::ETAG, etag);
        }
        response
    }
}

/// Returns true if `If-None-Match` contains this entity tag, by the weak comparison of RFC 9110, section 8.8.3.2.
pub(crate) fn matches_etag(request: &HeaderMap, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}

/// Returns true if the client accepts this coding (RFC 9110, section 12.5.3).
pub(crate) fn accepts(request: &HeaderMap, wanted: &str) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, params) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = params.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0);
        name.trim().eq_ignore_ascii_case(wanted) && weight > 0.0
    })
}

/// Returns true if the name contains a hash, as Trunk adds it (`page-0123456789abcdef_bg.wasm`). Changed content gets
/// another name, so such a file never changes. The hash is a 64-bit number without leading zeros, so it mostly has 16
/// digits.
fn has_hash(name: &str) -> bool {
    name.split(['/', '.', '_', '-']).any(|part| part.len() >= 12 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, end)| end) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const SAMPLE: Embedded = Embedded {
        name: "app-0123456789abcdef_bg.wasm",
        digest: "d1",
        plain: b"plain",
        brotli: Some(b"br"),
        gzip: Some(b"gzip"),
    };

    fn ask(pairs: &[(header::HeaderName, &'static str)]) -> Response {
        let headers = pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        SAMPLE.serve(&headers)
    }

    #[test]
    fn encodings() {
        for (accepted, encoding) in [
            ("br", Some("br")),
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip;q=1.0, br;q=0.5", Some("br")),
            ("br;q=0", None),
            ("br;q=0, gzip", Some("gzip")),
            ("gzip, deflate", Some("gzip")),
            ("gzip;q=0", None),
            ("brx", None),
        ] {
            let response = ask(&[(header::ACCEPT_ENCODING, accepted)]);
            let seen = response.headers().get(header::CONTENT_ENCODING).map(|v| v.to_str().unwrap());
            assert_eq!(seen, encoding, "{accepted}");
        }
    }

    #[test]
    fn entity_tags() {
        for (tags, status) in [("\"d1\"", 304), ("\"x\", W/\"d1\"", 304), ("*", 304), ("\"d\"", 200), ("d1", 200)] {
            assert_eq!(ask(&[(header::IF_NONE_MATCH, tags)]).status(), status, "{tags}");
        }
    }

    #[test]
    fn only_hashed_names_are_immutable() {
        for hashed in [
            "app-0123456789abcdef.js",
            "app-123456789abcdef.js",
            "app-0123456789abcdef_bg.wasm",
            "snippets/x-0123456789abcdef/a.js",
        ] {
            assert!(has_hash(hashed), "{hashed}");
        }
        for plain in ["index.html", "css/tokens.css", "icons/icon-512.png", "app-0123.js", "feedbeef.css"] {
            assert!(!has_hash(plain), "{plain}");
        }
    }

    #[test]
    fn names_are_sorted() {
        assert!(EMBEDDED.is_sorted_by_key(|asset| asset.name), "or find() would miss some");
    }
}
