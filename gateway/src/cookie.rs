//! The cookie that holds a browser's session: its name, and how it is set, read and cleared.
//!
//! Browsers keep one set of cookies for all ports of a host name (RFC 6265, section 8.5), so the cookie's name contains
//! a suffix of the server: two servers on one machine do not sign out each other's users.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::caller::Caller;
use crate::limits::{COOKIE_MAX_AGE_S, TOKEN_BYTES_MAX};

/// The prefix of the name makes browsers enforce rules (RFC 6265bis, section 4.1.3): `__Host-` is set by and sent to
/// this host alone, and requires the path `/`; `__Secure-` requires https.
fn name(caller: &Caller, base_path: &str) -> String {
    let prefix = match (caller.is_https, base_path.is_empty()) {
        (true, true) => "__Host-",
        (true, false) => "__Secure-",
        (false, _) => "",
    };
    format!("{prefix}wardroom-{}", caller.cookie_mark)
}

/// Returns the session's token, if the request has one.
///
/// Only the name that we would set counts: a sibling domain, or a plain-http page of this host, could plant another.
pub(crate) fn session(headers: &HeaderMap, caller: &Caller, base_path: &str) -> Option<String> {
    let wanted = name(caller, base_path);
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == wanted)
        .map(|(_, token)| token.to_owned())
        .filter(|token| is_token(token))
}

/// Sets the session's cookie; an empty token clears it.
pub(crate) fn set(token: &str, caller: &Caller, base_path: &str) -> Option<HeaderValue> {
    if !token.is_empty() && !is_token(token) {
        return None;
    }
    let name = name(caller, base_path);
    let secure = if caller.is_https { "; Secure" } else { "" };
    let max_age_s = if token.is_empty() { 0 } else { COOKIE_MAX_AGE_S };
    let text = format!("{name}={token}; Path={base_path}/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).ok()
}

/// Returns true if the text contains only what a token may contain: nothing that would end a cookie's value or a
/// header.
pub(crate) fn is_token(token: &str) -> bool {
    !token.is_empty()
        && token.len() <= TOKEN_BYTES_MAX
        && token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'='))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn caller(is_https: bool) -> Caller {
        Caller { is_https, cookie_mark: "1a2b3c4d".to_owned(), ..Caller::default() }
    }

    #[test]
    fn names_and_attributes() {
        let text = |https, base: &str| set("t0ken", &caller(https), base).unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            text(true, ""),
            "__Host-wardroom-1a2b3c4d=t0ken; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            text(true, "/ops"),
            "__Secure-wardroom-1a2b3c4d=t0ken; Path=/ops/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            text(false, "/ops"),
            "wardroom-1a2b3c4d=t0ken; Path=/ops/; Max-Age=2592000; HttpOnly; SameSite=Strict"
        );
        assert!(set("", &caller(false), "").unwrap().to_str().unwrap().contains("Max-Age=0"));
        assert!(set("a; Domain=x", &caller(false), "").is_none());
    }

    #[test]
    fn only_the_right_name_counts() {
        let read = |https, value: &'static str| {
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(value))]);
            session(&headers, &caller(https), "")
        };
        assert_eq!(read(false, "a=b; wardroom-1a2b3c4d=t; c=d").as_deref(), Some("t"));
        assert_eq!(read(true, "wardroom-1a2b3c4d=planted; __Host-wardroom-1a2b3c4d=t").as_deref(), Some("t"));
        assert_eq!(read(true, "wardroom-1a2b3c4d=planted"), None);
        assert_eq!(read(false, "wardroom-99999999=t"), None, "of another server");
        assert_eq!(read(false, "xwardroom-1a2b3c4d=t"), None);
        assert_eq!(read(false, "wardroom-1a2b3c4d="), None);
        assert_eq!(read(false, "wardroom-1a2b3c4d=\"t\""), None);
    }
}
