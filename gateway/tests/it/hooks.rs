//! Webhooks: what goes to the core, and what comes back, with nobody signed in.

use serde_json::json;

use crate::harness::{TestGateway, plain, with};
use crate::http::Answer;

const TOKEN: &str = "2f6c0c2b7a1d";

/// Posts, with a core that answers so; the answer, and the two frames that the core got.
async fn post(
    t: &TestGateway,
    path: &str,
    headers: &[&str],
    body: &str,
    answer: serde_json::Value,
) -> (Answer, serde_json::Value, serde_json::Value, Vec<u8>) {
    let mut client = t.client().await;
    let core = async {
        let mut core = t.core.accept().await;
        let via = core.expect("via").await;
        let frame = core.frame().await.unwrap();
        core.send(&answer).await;
        (via, serde_json::from_slice(&frame.line).unwrap(), frame.body.to_vec())
    };
    let (answer, (via, ask, raw)) = tokio::join!(client.post(path, headers, body), core);
    (answer, via, ask, raw)
}

#[tokio::test]
async fn a_post_goes_to_the_core_as_it_is() {
    let t = plain().await;
    let headers = ["User-Agent: Alertmanager/0.27", "Origin: https://evil.example", "Idempotency-Key: disk-web1"];
    let ok = json!({"t":"ok","re":1,"seq":852});
    let (answer, via, ask, raw) =
        post(&t, &format!("/hooks/{TOKEN}?key=other"), &headers, "{\"text\":\"x\"}", ok).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"seq": 852})));
    assert_eq!((&via["key"], &via["agent"]), (&json!("gateway-key"), &json!("Alertmanager/0.27")));
    assert!(via.get("session").is_none());
    assert_eq!((&ask["t"], &ask["token"], &ask["len"]), (&json!("hook.post"), &json!(TOKEN), &json!(12)));
    assert_eq!((&ask["content_type"], &ask["key"]), (&json!("application/json"), &json!("disk-web1")));
    assert_eq!(raw, b"{\"text\":\"x\"}");
}

#[tokio::test]
async fn a_key_may_stand_in_the_address_and_github_names_its_event() {
    let t = with(|config, _| config.base_path = "/ops".to_owned()).await;
    let ok = json!({"t":"ok","re":1,"seq":1});
    let path = format!("/ops/hooks/{TOKEN}?key=disk%20web1");
    let (answer, _, ask, _) = post(&t, &path, &["X-GitHub-Event: push"], "{}", ok).await;
    assert_eq!(answer.status, 200);
    assert_eq!((&ask["key"], &ask["github"]), (&json!("disk web1"), &json!("push")));
}

#[tokio::test]
async fn deliveries_signatures_and_packing_go_along() {
    let t = plain().await;
    let headers = ["X-GitHub-Delivery: 72d3162e", "X-Hub-Signature-256: sha256=757107", "Content-Encoding: gzip"];
    let refused = json!({"t":"err","re":1,"code":"forbidden","msg":"the signature does not fit the body"});
    let (answer, _, ask, raw) = post(&t, &format!("/hooks/{TOKEN}"), &headers, "\u{1f}\u{8b}", refused).await;
    assert_eq!(answer.status, 403);
    assert_eq!((&ask["delivery"], &ask["signature"]), (&json!("72d3162e"), &json!("sha256=757107")));
    assert_eq!(
        (&ask["encoding"], raw),
        (&json!("gzip"), "\u{1f}\u{8b}".as_bytes().to_vec()),
        "as it came: it is signed"
    );
}

#[tokio::test]
async fn what_the_core_refuses_is_said_as_http() {
    let t = plain().await;
    let path = format!("/hooks/{TOKEN}");
    let unknown = json!({"t":"err","re":1,"code":"not_found","msg":"there is no such webhook"});
    let (answer, ..) = post(&t, &path, &[], "x", unknown).await;
    let said = answer.body;
    assert_eq!(answer.status, 404);
    let often = json!({"t":"err","re":1,"code":"rate_limited","msg":"too often","retry_ms":1500});
    let (answer, ..) = post(&t, &path, &[], "x", often).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("2")));
    // One that cannot be a token is not asked for, and answered in the same words.
    let answer = t.client().await.post("/hooks/no-such.token", &[], "x").await;
    assert_eq!((answer.status, &answer.body), (404, &said));
    assert_eq!(t.client().await.get(&path, &[]).await.status, 405);
}

#[tokio::test]
async fn too_much_is_refused_before_the_core_hears_of_it() {
    let t = plain().await;
    let path = format!("/hooks/{TOKEN}");
    let answer = t.client().await.post(&path, &[], &"x".repeat((1 << 20) + 1)).await;
    assert_eq!((answer.status, &answer.json()["code"]), (413, &json!("too_large")));
    let long = format!("Idempotency-Key: {}", "k".repeat(513));
    assert_eq!(t.client().await.post(&path, &[&long], "x").await.status, 413);
    let ok = json!({"t":"ok","re":1,"seq":1});
    let (answer, _, ask, raw) = post(&t, &path, &[], &"x".repeat(65_536), ok).await;
    assert_eq!((answer.status, &ask["len"], raw.len()), (200, &json!(65_536), 65_536));
}

#[tokio::test]
async fn a_long_body_comes_in_parts_and_only_to_a_webhook_that_there_is() {
    let t = plain().await;
    let (path, body) = (format!("/hooks/{TOKEN}"), "0123456789abcdef".repeat(1 << 16));
    let core = async {
        let mut core = t.core.accept().await;
        core.expect("via").await;
        let mut came = Vec::new();
        loop {
            let frame = core.frame().await.unwrap();
            came.extend_from_slice(&frame.body);
            let ask: serde_json::Value = serde_json::from_slice(&frame.line).unwrap();
            assert_eq!(ask["token"], TOKEN);
            if ask["t"] == "hook.post" {
                core.send(&json!({"t":"ok","re":ask["id"],"seq":7})).await;
                return came;
            }
            assert_eq!((&ask["t"], frame.body.len()), (&json!("hook.part"), 65_536));
        }
    };
    let mut client = t.client().await;
    let (answer, came) = tokio::join!(client.post(&path, &[], &body), core);
    assert_eq!((answer.status, answer.json()), (200, json!({"seq": 7})));
    assert!(came == body.as_bytes(), "all of it, in order");
    let unknown = json!({"t":"err","code":"not_found","msg":"there is no such webhook"});
    let (answer, _, ask, raw) = post(&t, &path, &[], &body, unknown).await;
    assert_eq!((answer.status, &ask["t"], raw.len()), (404, &json!("hook.part"), 65_536), "whatever is under way then");
}
