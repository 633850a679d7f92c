//! Signing in and out: what goes to the core, what comes into the cookie, and what other sites may not do.

use serde_json::json;

use crate::fake_core::CoreSide;
use crate::harness::{TestGateway, cookie, plain, with};
use crate::http::Answer;

const ANN: &str = r#"{"user":"ann","password":"correct horse"}"#;

async fn log_in(t: &TestGateway, headers: &[&str]) -> (Answer, serde_json::Value, serde_json::Value) {
    let mut client = t.client().await;
    let (answer, (_, via, hello)) =
        tokio::join!(client.post("/api/login", headers, ANN), t.core.welcome(Some("s3ss10n")));
    (answer, via, hello)
}

#[tokio::test]
async fn a_password_becomes_a_cookie() {
    let t = plain().await;
    let (answer, via, hello) = log_in(&t, &["User-Agent: Mozilla/5.0 (test)"]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json(), json!({"user": "ann", "name": "Ann", "role": "operator"}));
    assert_eq!(
        answer.header("set-cookie"),
        Some(&*format!("{}=s3ss10n; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict", cookie()))
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(via["t"], "via");
    assert_eq!(via["key"], "gateway-key");
    assert!(via["client"].as_str().unwrap().starts_with("127.0.0.1:"), "{via}");
    assert_eq!((&via["tls"], &via["agent"]), (&json!(false), &json!("Mozilla/5.0 (test)")));
    assert!(via.get("session").is_none());
    assert_eq!(hello["auth"], json!({"user": "ann", "password": "correct horse"}));
    assert_eq!(hello["remember"], "Mozilla/5.0");
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_cookie_is_secure_and_the_address_real() {
    let t = with(|config, _| {
        config.base_path = "/ops".to_owned();
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let forwarded = ["X-Forwarded-For: 6.6.6.6, 203.0.113.9", "X-Forwarded-Proto: https"];
    let (answer, via, _) = log_in(&t, &forwarded).await;
    assert_eq!(
        answer.header("set-cookie"),
        Some(&*format!(
            "__Secure-{}=s3ss10n; Path=/ops/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure",
            cookie()
        ))
    );
    assert_eq!((&via["client"], &via["tls"]), (&json!("203.0.113.9:0"), &json!(true)));
}

#[tokio::test]
async fn an_untrusted_peer_is_not_believed() {
    let t = plain().await;
    let (answer, via, _) = log_in(&t, &["X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https"]).await;
    assert!(answer.header("set-cookie").unwrap().starts_with(&format!("{}=s3ss10n;", cookie())));
    assert!(via["client"].as_str().unwrap().starts_with("127.0.0.1:"), "{via}");
}

#[tokio::test]
async fn an_invite_makes_an_account() {
    let t = plain().await;
    let mut client = t.client().await;
    let body = r#"{"invite":"c0de","user":"ann","password":"correct horse"}"#;
    let (answer, (_, _, hello)) = tokio::join!(client.post("/api/invite", &[], body), t.core.welcome(Some("s3ss10n")));
    assert_eq!(answer.status, 200);
    assert_eq!(hello["auth"], json!({"invite": "c0de", "user": "ann", "password": "correct horse"}));
    let body = r#"{"invite":"c0de","user":"Not A Name","password":"correct horse"}"#;
    assert_eq!(t.client().await.post("/api/invite", &[], body).await.status, 400);
}

#[tokio::test]
async fn a_refusal_of_the_core_is_passed_on() {
    for (code, retry_ms, status, retry) in [
        ("unauthorized", None, 401, None),
        ("rate_limited", Some(1_500), 429, Some("2")),
        ("busy", Some(10), 503, Some("1")),
        ("forbidden", None, 403, None),
    ] {
        let t = plain().await;
        let mut client = t.client().await;
        let refuse = async {
            let mut core = t.core.accept().await;
            core.expect("via").await;
            core.expect("hello").await;
            let mut err = json!({"t": "err", "code": code, "msg": "the words of the core"});
            if let Some(retry_ms) = retry_ms {
                err["retry_ms"] = retry_ms.into();
            }
            core.send(&err).await;
        };
        let (answer, ()) = tokio::join!(client.post("/api/login", &[], ANN), refuse);
        assert_eq!(answer.status, status);
        assert_eq!(answer.json()["code"], code);
        assert_eq!(answer.json()["msg"], "the words of the core");
        assert_eq!(answer.header("retry-after"), retry);
        assert_eq!(answer.header("set-cookie"), None);
    }
}

#[tokio::test]
async fn without_a_core_it_may_be_tried_again() {
    let t = with(|config, _| config.core = "127.0.0.1:1".parse().unwrap()).await;
    let answer = t.client().await.post("/api/login", &[], ANN).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")));
    assert_eq!(answer.json()["code"], "busy");
}

#[tokio::test]
async fn a_core_that_says_nothing_is_not_waited_for_forever() {
    let t = with(|_, limits| limits.answer_within = std::time::Duration::from_millis(50)).await;
    let mut client = t.client().await;
    let (answer, _core) = tokio::join!(client.post("/api/login", &[], ANN), t.core.accept());
    assert_eq!(answer.status, 503);
}

#[tokio::test]
async fn other_sites_sign_nobody_in_or_out() {
    let t = plain().await;
    for headers in [
        &["Sec-Fetch-Site: cross-site"] as &[&str],
        &["Sec-Fetch-Site: same-site"],
        &["Origin: https://evil.test"],
        &["Origin: null", "Cookie: wardroom=s"],
    ] {
        for path in ["/api/login", "/api/invite", "/api/logout"] {
            let answer = t.client().await.post(path, headers, ANN).await;
            assert_eq!(answer.status, 403, "{path} {headers:?}");
            assert_eq!(answer.json()["code"], "forbidden");
        }
    }
}

#[tokio::test]
async fn only_json_is_taken() {
    let t = plain().await;
    for kind in ["application/x-www-form-urlencoded", "text/plain", "text/plain; application/json"] {
        let mut client = t.client().await;
        client.send("POST /api/login", &[&format!("Content-Type: {kind}"), "Content-Length: 2"]).await;
        client.raw(b"{}").await;
        assert_eq!(client.answer().await.status, 415, "{kind}");
    }
    for (body, status) in [("{}", 400), ("no json", 400), ("[]", 400), ("", 400), (r#"{"user":1,"password":2}"#, 400)] {
        let answer = t.client().await.post("/api/login", &[], body).await;
        assert_eq!(answer.status, status, "{body}");
        assert!(!answer.text().contains("no json"), "what was typed is not shown");
    }
    let long = format!(r#"{{"user":"ann","password":"{}"}}"#, "x".repeat(20_000));
    assert_eq!(t.client().await.post("/api/login", &[], &long).await.status, 413);
}

async fn end_session(core: &mut CoreSide) {
    let request = core.expect("session.end").await;
    core.send(&json!({"t": "ok", "re": request["id"]})).await;
}

#[tokio::test]
async fn signing_out_ends_the_session_at_the_core() {
    let t = plain().await;
    let mut client = t.client().await;
    let script = async {
        let (mut core, via, hello) = t.core.welcome(None).await;
        end_session(&mut core).await;
        (via, hello)
    };
    let jar = format!("Cookie: {}=s3ss10n", cookie());
    let jar = [jar.as_str()];
    let (answer, (via, hello)) = tokio::join!(client.post("/api/logout", &jar, ""), script);
    assert_eq!(answer.status, 204);
    assert!(answer.header("set-cookie").unwrap().starts_with(&format!("{}=; Path=/; Max-Age=0;", cookie())));
    assert_eq!(via["session"], "s3ss10n");
    assert!(hello.get("auth").is_none() && hello.get("remember").is_none());
    // Nobody is signed in: nothing to end, and the core is not asked.
    assert_eq!(t.client().await.post("/api/logout", &[], "").await.status, 204);
}

#[tokio::test]
async fn who_is_signed_in() {
    let t = plain().await;
    let nobody = t.client().await.get("/api/session", &[]).await;
    assert_eq!((nobody.status, nobody.json()), (200, json!(null)), "a question, not a fault");
    let mut client = t.client().await;
    let jar = format!("Cookie: {}=s3ss10n", cookie());
    let jar = [jar.as_str()];
    let (answer, (_, via, _)) = tokio::join!(client.get("/api/session", &jar), t.core.welcome(None));
    assert_eq!(answer.json(), json!({"user": "ann", "name": "Ann", "role": "operator"}));
    assert_eq!(via["session"], "s3ss10n");
}

#[tokio::test]
async fn the_cookie_of_another_server_on_this_name_is_not_touched() {
    let t = with(|config, _| config.key = "another key".to_owned()).await;
    let (answer, _, _) = log_in(&t, &[]).await;
    let ours = wardroom_gateway::cookie_name("another key");
    assert_ne!(ours, cookie());
    assert!(answer.header("set-cookie").unwrap().starts_with(&format!("{ours}=s3ss10n;")));
    // Both are in the jar, as a browser has one for all ports of a name.
    let jar = format!("Cookie: {}=theirs; {ours}=s3ss10n", cookie());
    let jar = [jar.as_str()];
    let mut client = t.client().await;
    let (answer, (_, via, _)) = tokio::join!(client.get("/api/session", &jar), t.core.welcome(None));
    assert_eq!((answer.status, &via["session"]), (200, &json!("s3ss10n")));
    let theirs = format!("Cookie: {}=theirs", cookie());
    let answer = t.client().await.get("/api/session", &[&theirs]).await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"null\n".as_slice()), "nobody is signed in here");
}

#[tokio::test]
async fn a_port_that_the_proxy_does_not_pass_on_is_named() {
    let t = with(|config, _| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let page =
        ["X-Forwarded-Host: ops.example.org", "X-Forwarded-Proto: https", "Origin: https://ops.example.org:8443"];
    let answer = t.client().await.post("/api/login", &page, ANN).await;
    assert_eq!(answer.status, 403);
    let msg = answer.json()["msg"].as_str().unwrap().to_owned();
    assert!(msg.contains("Host says ops.example.org"), "{msg}");
    assert!(msg.contains("proxy_set_header Host $http_host;") && msg.contains("X-Forwarded-Port"), "{msg}");
    let (answer, _, _) = log_in(&t, &[&page[..], &["X-Forwarded-Port: 8443"]].concat()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    // From a peer that is no proxy of ours it says nothing.
    let untrusting = plain().await;
    let claimed = ["Origin: http://evil.test:8443", "X-Forwarded-Port: 8443"];
    assert_eq!(untrusting.client().await.post("/api/login", &claimed, ANN).await.status, 403);
}
