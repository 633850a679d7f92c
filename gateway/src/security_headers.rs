//! The headers of every answer, whoever made it. A header that a handler has set stays.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

/// Fixed headers. Strict-Transport-Security is left to whoever terminates TLS.
const ALWAYS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
         microphone=(), midi=(), payment=(), usb=()",
    ),
    // For browsers that do not know frame-ancestors.
    ("x-frame-options", "DENY"),
];

/// Adds the headers that are missing.
pub(crate) fn set(mut response: Response, page_policy: HeaderValue) -> Response {
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        if !headers.contains_key(name) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, page_policy);
    }
    response
}
