//! `/healthz` and `/readyz`, and the base path.

use crate::harness::{plain, with};

#[tokio::test]
async fn alive_and_ready() {
    let t = plain().await;
    let answer = t.client().await.get("/healthz", &[]).await;
    assert_eq!((answer.status, answer.text()), (200, "ok\n"));
    assert_eq!(t.client().await.get("/readyz", &[]).await.status, 200);
}

#[tokio::test]
async fn not_ready_without_a_core() {
    let t = with(|config, _| config.core = "127.0.0.1:1".parse().unwrap()).await;
    assert_eq!(t.client().await.get("/healthz", &[]).await.status, 200);
    let answer = t.client().await.get("/readyz", &[]).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["reason"], "the core cannot be reached");
}

#[tokio::test]
async fn the_base_path_may_be_stripped_or_not() {
    let t = with(|config, _| config.base_path = "/ops".to_owned()).await;
    for path in ["/healthz", "/ops/healthz", "/readyz", "/ops/readyz"] {
        assert_eq!(t.client().await.get(path, &[]).await.status, 200, "{path}");
    }
    for path in ["/", "/ops/", "/r/general", "/ops/r/general", "/login", "/ops/login?x=y"] {
        let answer = t.client().await.get(path, &[]).await;
        assert!(answer.text().to_ascii_lowercase().contains("<!doctype html>"), "{path}");
    }
    for path in ["/opsx/", "/nothing", "/ops/nothing", "/ops/ops/"] {
        assert_eq!(t.client().await.get(path, &[]).await.status, 404, "{path}");
    }
    let answer = t.client().await.get("/ops?a=b", &[]).await;
    assert_eq!((answer.status, answer.header("location")), (308, Some("ops/?a=b")));
}
