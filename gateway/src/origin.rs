//! Origins (RFC 6454) as browsers send them, and the two questions they answer: may this page open a WebSocket here,
//! and does this request come from our own page?

use std::fmt;

use axum::http::{HeaderMap, Method, header};

/// Scheme, host and port in canonical form: lower case, and without the scheme's default port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Origin {
    is_https: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// Parses `https://host[:port]`; `None` for anything else, including `null`.
    pub fn parse(text: &str) -> Option<Origin> {
        let (scheme, authority) = text.split_once("://")?;
        match scheme.to_ascii_lowercase().as_str() {
            "https" => Origin::of(true, authority),
            "http" => Origin::of(false, authority),
            _ => None,
        }
    }

    /// Returns the origin of a server that is reached at `host[:port]` over this scheme.
    pub fn of(is_https: bool, host: &str) -> Option<Origin> {
        let default_port = if is_https { 443 } else { 80 };
        let (name, port) = match host.rsplit_once(':') {
            // The colon may be part of an IPv6 address.
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()?),
            _ => (host, default_port),
        };
        let inner = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let is_host = match inner {
            Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
            None => {
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
            }
        };
        is_host.then(|| Origin { is_https, host: name.to_ascii_lowercase(), port })
    }

    /// Returns the same origin on another port, unless it has an explicit one.
    pub fn with_port(self, port: u16) -> Option<Origin> {
        let default_port = if self.is_https { 443 } else { 80 };
        (self.port == default_port && port != default_port).then_some(Origin { port, ..self })
    }

    /// Returns true if the scheme is https.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Returns the same host and port as a WebSocket source in a content security policy.
    pub fn websocket(&self) -> String {
        let scheme = if self.is_https { "wss" } else { "ws" };
        format!("{scheme}://{}", self.authority())
    }

    fn authority(&self) -> String {
        match (self.is_https, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.is_https { "https" } else { "http" }, self.authority())
    }
}

/// Explains why a page of this origin is refused, and what to do: one text for WebSockets and requests.
pub(crate) fn error(seen: &str, allowed: &[Origin]) -> String {
    let shown: String = wardroom_protocol::visible::visible(seen).chars().take(200).collect();
    let origin = Origin::parse(seen);
    let twin = origin.as_ref().and_then(|seen| allowed.iter().find(|ours| ours.host == seen.host));
    if let (Some(seen), Some(ours)) = (&origin, twin)
        && seen.is_https == ours.is_https
        && ours.port == if ours.is_https { 443 } else { 80 }
    {
        return format!(
            "this page is at {shown}, but Host says {}: let the proxy pass on the port, in nginx by \
             `proxy_set_header Host $http_host;`, or by X-Forwarded-Port from a proxy that --trusted-proxy names",
            ours.authority()
        );
    }
    let expected = allowed.iter().map(Origin::to_string).collect::<Vec<_>>().join(" or ");
    let expected = if expected.is_empty() { "a Host header".to_owned() } else { expected };
    format!(
        "the Origin of this page is {shown}, expected {expected}; behind a proxy, start the gateway with --public-url, or \
         with --trusted-proxy and let the proxy send Host and X-Forwarded-Proto"
    )
}

/// Returns true for a request that another site's page may have made: cross-site request forgery.
///
/// Browsers send the relation in `Sec-Fetch-Site`, older ones send `Origin` with every method that changes something. A
/// request with neither is from a program, whose cookies are its own.
pub(crate) fn is_forged(method: &Method, headers: &HeaderMap, allowed: &[Origin]) -> bool {
    if method.is_safe() {
        return false;
    }
    if let Some(site) = headers.get("sec-fetch-site") {
        return !matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    match headers.get(header::ORIGIN) {
        Some(origin) => !origin.to_str().ok().and_then(Origin::parse).is_some_and(|o| allowed.contains(&o)),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Origin::parse(a).is_some_and(|a| Some(a) == Origin::parse(b))
    }

    #[test]
    fn one_spelling() {
        assert!(same("https://ops.example.org", "https://OPS.example.org:443"));
        assert!(same("http://ops.example.org:80", "http://ops.example.org"));
        assert!(same("http://[::1]:8080", "http://[::1]:8080"));
        assert!(!same("http://ops.example.org", "https://ops.example.org"));
        assert!(!same("https://ops.example.org:80", "http://ops.example.org:80"));
        assert!(!same("https://ops.example.org", "https://ops.example.org:8443"));
        assert!(!same("https://ops.example.org", "https://ops.example.org.evil.test"));
        assert!(!same("https://ops.example.org", "https://evil.test/ops.example.org"));
    }

    #[test]
    fn no_origins() {
        for bad in [
            "null",
            "",
            "https://",
            "https://a b",
            "https://a:b",
            "https://a:99999",
            "file://x",
            "https://u@h",
            "https://h/",
            "https://[::1",
            "https://[x]",
            "https://h;",
        ] {
            assert_eq!(Origin::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn forgery() {
        let ours = [Origin::parse("http://h:1").into_iter().collect::<Vec<_>>(), Vec::new()].concat();
        let check = |method: Method, pairs: &[(&'static str, &'static str)]| {
            let headers = pairs
                .iter()
                .map(|(name, value)| (header::HeaderName::from_static(name), header::HeaderValue::from_static(value)))
                .collect();
            is_forged(&method, &headers, &ours)
        };
        assert!(!check(Method::POST, &[]));
        assert!(!check(Method::GET, &[("sec-fetch-site", "cross-site")]));
        assert!(!check(Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(!check(Method::PUT, &[("sec-fetch-site", "none")]));
        assert!(check(Method::POST, &[("sec-fetch-site", "cross-site")]));
        assert!(check(Method::POST, &[("sec-fetch-site", "same-site"), ("origin", "http://h:1")]));
        assert!(!check(Method::POST, &[("origin", "http://h:1")]));
        assert!(check(Method::POST, &[("origin", "http://h:2")]));
        assert!(check(Method::POST, &[("origin", "null")]));
    }
}
