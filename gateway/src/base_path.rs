//! The base path. A proxy may pass it on or strip it; both work, so that it need not be configured twice.

use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// How a request's URI relates to the base path.
#[derive(Debug, PartialEq)]
pub(crate) enum BasePathMatch {
    /// The URI does not begin with the base path.
    Unchanged,
    /// The URI without the base path.
    To(Uri),
    /// The base path without its slash: relative links from there would be wrong.
    Redirect(String),
}

/// Strips the base path from a URI.
pub(crate) fn strip(uri: &Uri, base_path: &str) -> BasePathMatch {
    if base_path.is_empty() {
        return BasePathMatch::Unchanged;
    }
    let Some(rest) = uri.path().strip_prefix(base_path) else { return BasePathMatch::Unchanged };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    if rest.is_empty() {
        // Relative, so that it is right for any scheme and host that the browser sees.
        let last = base_path.rsplit('/').next().unwrap_or_default();
        return BasePathMatch::Redirect(format!("{last}/{query}"));
    }
    if !rest.starts_with('/') {
        return BasePathMatch::Unchanged;
    }
    let mut parts = uri.clone().into_parts();
    match format!("{rest}{query}").parse::<PathAndQuery>() {
        Ok(path) => parts.path_and_query = Some(path),
        Err(_) => return BasePathMatch::Unchanged,
    }
    Uri::from_parts(parts).map_or(BasePathMatch::Unchanged, BasePathMatch::To)
}

/// Returns a redirect to a relative location.
pub(crate) fn redirect(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let strip = |uri: &str, base: &str| strip(&uri.parse().unwrap(), base);
        assert_eq!(strip("/r/x", ""), BasePathMatch::Unchanged);
        assert_eq!(strip("/r/x?a=b", "/ops"), BasePathMatch::Unchanged);
        assert_eq!(strip("/ops/r/x?a=b", "/ops"), BasePathMatch::To("/r/x?a=b".parse().unwrap()));
        assert_eq!(strip("/ops/", "/ops"), BasePathMatch::To("/".parse().unwrap()));
        assert_eq!(strip("/opsx/r", "/ops"), BasePathMatch::Unchanged);
        assert_eq!(strip("/ops?a=b", "/ops"), BasePathMatch::Redirect("ops/?a=b".into()));
        assert_eq!(strip("/a/b", "/a/b"), BasePathMatch::Redirect("b/".into()));
    }
}
