//! The page and its headers. What depends on the files of a build is tested in the crate, with files of its own.

use crate::harness::{plain, with};
use base64::Engine;
use sha2::Digest;

#[tokio::test]
async fn security_headers_are_on_everything() {
    let t = plain().await;
    for path in ["/", "/healthz", "/nothing", "/api/session", "/ws", "/files/room/x/y"] {
        let answer = t.client().await.get(path, &[]).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}: {name}");
        }
        let policy = answer.header("content-security-policy").expect(path);
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{path}: {policy}");
        assert!(policy.contains(&format!("connect-src 'self' ws://{};", t.host)), "{path}: {policy}");
        assert!(answer.header("permissions-policy").is_some(), "{path}");
    }
}

#[tokio::test]
async fn a_host_header_cannot_write_the_policy() {
    let t = plain().await;
    let answer = t.client().await.get("/", &["Host: x; script-src *"]).await;
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(!policy.contains("script-src *"), "{policy}");
}

/// The page of this build, whichever it is: each inline script is in the policy by its digest.
#[tokio::test]
async fn the_policy_fits_the_page_that_is_served() {
    let t = with(|config, _| config.base_path = "/ops".to_owned()).await;
    let answer = t.client().await.get("/ops/r/general", &[]).await;
    let html = answer.text();
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    let policy = answer.header("content-security-policy").unwrap();
    for script in html.split("<script").skip(1) {
        let (tag, rest) = script.split_once('>').unwrap();
        let digest = sha2::Sha256::digest(rest.split("</script").next().unwrap());
        let digest = base64::engine::general_purpose::STANDARD.encode(digest);
        assert!(tag.contains("src=") || policy.contains(&format!("'sha256-{digest}'")), "{policy}\n{tag}");
    }
    if answer.status == 200 {
        assert!(html.contains("<base href=\"/ops/\">"), "{html}");
        let etag = format!("If-None-Match: {}", answer.header("etag").unwrap());
        assert_eq!(t.client().await.get("/ops/", &[&etag]).await.status, 304);
    } else {
        assert!(html.contains("cargo xtask serve"), "{html}");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let t = plain().await;
    let got = t.client().await.get("/", &[]).await;
    let mut client = t.client().await;
    client.send("HEAD /", &[]).await;
    let head = client.head().await;
    assert_eq!((head.status, head.header("content-length")), (got.status, got.header("content-length")));
    // The next answer follows at once: no body came in between.
    assert_eq!(client.get("/healthz", &[]).await.text(), "ok\n");
}

#[tokio::test]
async fn other_methods_are_refused() {
    let t = plain().await;
    for line in ["POST /", "DELETE /files/room/x/y", "PUT /healthz", "GET /api/login", "POST /ws"] {
        let mut client = t.client().await;
        client.send(line, &["Content-Length: 0"]).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 405, "{line}");
        assert!(answer.header("allow").is_some(), "{line}");
    }
}

/// The files of this build, if the page was there when it was built: found through the page, compressed where the
/// browser can take it, and kept for good where their names have hashes.
#[tokio::test]
async fn the_files_of_the_page() {
    let t = with(|config, _| config.base_path = "/ops".to_owned()).await;
    let page = t.client().await.get("/ops/", &[]).await;
    let names = page.text().split("\"./").skip(1).filter_map(|rest| rest.split('"').next());
    for name in names {
        let plain = t.client().await.get(&format!("/ops/{name}"), &[]).await;
        assert_eq!((plain.status, plain.header("content-encoding")), (200, None), "{name}");
        assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"), "{name}");
        let gzip = t.client().await.get(&format!("/{name}"), &["Accept-Encoding: gzip"]).await;
        assert!(gzip.header("content-encoding").is_none_or(|e| e == "gzip"), "{name}");
        assert!(gzip.body.len() <= plain.body.len(), "{name}");
        let brotli = t.client().await.get(&format!("/{name}"), &["Accept-Encoding: gzip, br"]).await;
        assert!(brotli.header("content-encoding").is_none_or(|e| e == "br"), "{name}");
        assert!(brotli.body.len() <= plain.body.len(), "{name}");
        let tag = format!("If-None-Match: {}", plain.header("etag").unwrap());
        assert_eq!(t.client().await.get(&format!("/ops/{name}"), &[&tag]).await.status, 304, "{name}");
    }
    assert_eq!(t.client().await.get("/ops/index.html", &[]).await.status, 404, "only with its base set");
}
