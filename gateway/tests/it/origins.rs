//! Whose page may open a WebSocket.

use tokio_tungstenite::tungstenite::{self, client::IntoClientRequest};

use crate::harness::{TestGateway, plain, with, within};

/// Opens a WebSocket with these headers; gives the status of the answer and its body.
async fn open(t: &TestGateway, headers: &[(&'static str, &str)]) -> (u16, String) {
    let mut request = format!("ws://{}/ws", t.host).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    if !headers.iter().any(|(name, _)| *name == "sec-websocket-protocol") {
        request.headers_mut().insert("sec-websocket-protocol", "wardroom.v1".parse().unwrap());
    }
    match within(tokio_tungstenite::connect_async(request)).await {
        Ok((_, answer)) => {
            assert_eq!(answer.headers()["sec-websocket-protocol"], "wardroom.v1");
            (101, String::new())
        }
        Err(tungstenite::Error::Http(answer)) => {
            let body = answer.body().clone().unwrap_or_default();
            (answer.status().as_u16(), String::from_utf8(body).unwrap())
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn our_own_page_and_programs_may() {
    let t = plain().await;
    let ours = format!("http://{}", t.host);
    assert_eq!(open(&t, &[("origin", &ours)]).await.0, 101);
    assert_eq!(open(&t, &[("origin", &ours), ("cookie", "wardroom=s")]).await.0, 101);
    assert_eq!(open(&t, &[]).await.0, 101);
}

#[tokio::test]
async fn others_may_not() {
    let t = plain().await;
    let tls = format!("https://{}", t.host);
    let longer = format!("http://{}.evil.test", t.host);
    for origin in ["https://evil.test", "http://127.0.0.1", "null", "", &tls, &longer] {
        let (status, body) = open(&t, &[("origin", origin)]).await;
        assert_eq!(status, 403, "{origin}");
        assert!(body.contains(&format!("http://{}", t.host)), "it names what was expected: {body}");
        assert!(body.contains("--public-url"), "it says what to do: {body}");
    }
    // A page cannot leave Origin out; who has a cookie and none is up to something.
    assert_eq!(open(&t, &[("cookie", "wardroom=s")]).await.0, 403);
    let (_, body) = open(&t, &[("origin", "https://evil.test")]).await;
    assert!(body.contains("https://evil.test"), "it names what was seen: {body}");
}

#[tokio::test]
async fn listed_origins_and_the_public_one_may() {
    let t = with(|config, _| {
        config.public_url = Some("https://ops.example.org:443/".to_owned());
        config.origins = vec!["https://other.example:8443".to_owned()];
    })
    .await;
    for (origin, status) in [
        ("https://ops.example.org", 101),
        ("https://OPS.example.org:443", 101),
        ("https://other.example:8443", 101),
        ("https://other.example", 403),
        ("http://ops.example.org", 403),
    ] {
        assert_eq!(open(&t, &[("origin", origin)]).await.0, status, "{origin}");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_host_is_what_it_says() {
    let t = with(|config, _| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let proxied = [("x-forwarded-host", "ops.example.org"), ("x-forwarded-proto", "https")];
    let with_origin = |origin| [proxied.as_slice(), &[("origin", origin)]].concat();
    assert_eq!(open(&t, &with_origin("https://ops.example.org")).await.0, 101);
    assert_eq!(open(&t, &with_origin("http://ops.example.org")).await.0, 403);
    let port = [("x-forwarded-host", "ops.example.org:443"), ("x-forwarded-proto", "https")];
    assert_eq!(open(&t, &[port.as_slice(), &[("origin", "https://ops.example.org")]].concat()).await.0, 101);

    let page = with_origin("https://ops.example.org:8443");
    let (status, body) = open(&t, &page).await;
    assert_eq!(status, 403);
    assert!(body.contains("Host says ops.example.org") && body.contains("proxy_set_header Host"), "{body}");
    assert_eq!(open(&t, &[page.as_slice(), &[("x-forwarded-port", "8443")]].concat()).await.0, 101);
    assert_eq!(open(&t, &[page.as_slice(), &[("x-forwarded-port", "9443")]].concat()).await.0, 403);
    // Proxies behind a balancer name a port of their own: the page is where Host says all the same.
    let inner = [("x-forwarded-port", "80")];
    assert_eq!(open(&t, &[&with_origin("https://ops.example.org"), inner.as_slice()].concat()).await.0, 101);

    let untrusting = plain().await;
    assert_eq!(open(&untrusting, &with_origin("https://ops.example.org")).await.0, 403);
}

#[tokio::test]
async fn the_sub_protocol_is_wanted() {
    let t = plain().await;
    let (status, body) = open(&t, &[("sec-websocket-protocol", "other.v1")]).await;
    assert_eq!(status, 400);
    assert!(body.contains("wardroom.v1"));
}

#[tokio::test]
async fn a_request_without_upgrade_is_told_so() {
    let t = plain().await;
    let answer = t.client().await.get("/ws", &[]).await;
    assert_eq!((answer.status, answer.header("upgrade")), (426, Some("websocket")));
    let key = ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"];
    let answer = t.client().await.get("/ws", &key).await;
    assert!(answer.text().contains("a proxy must pass them on"), "{}", answer.text());
}
