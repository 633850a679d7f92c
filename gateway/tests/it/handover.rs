//! WebSockets that a core in this process takes over.

use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use wardroom_gateway::{Stream, Upgraded};

use crate::harness::{TestGateway, beside, cookie, within};

async fn start() -> (TestGateway, mpsc::UnboundedReceiver<Upgraded>) {
    let (taken, takes) = mpsc::unbounded_channel();
    let takeover = move |upgraded| taken.send(upgraded).unwrap();
    (beside(Arc::new(takeover)).await, takes)
}

/// Sends a request for a WebSocket, and `rest` right behind it.
async fn ask(t: &TestGateway, headers: &str, rest: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(&t.host).await.unwrap();
    let head = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n",
        t.host
    );
    stream.write_all(&[head.as_bytes(), rest].concat()).await.unwrap();
    stream
}

/// The head of an answer.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap().to_lowercase()
}

#[tokio::test]
async fn a_checked_websocket_is_handed_over_with_all_that_was_read() {
    let (t, mut takes) = start().await;
    let headers = format!(
        "Origin: http://{}\r\nCookie: {}=s3ss10n\r\nUser-Agent: browser/1\r\n\
         Sec-WebSocket-Protocol: wardroom.v1\r\n",
        t.host,
        cookie()
    );
    let mut browser = ask(&t, &headers, b"said at once").await;
    let answer = head(&mut browser).await;
    assert!(answer.starts_with("http/1.1 101 "), "{answer}");
    for line in [
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=",
        "sec-websocket-protocol: wardroom.v1",
    ] {
        assert!(answer.contains(line), "{line} in {answer}");
    }
    let Upgraded { stream, read, via, permit } = within(takes.recv()).await.unwrap();
    assert_eq!(via.session.as_deref(), Some("s3ss10n"));
    assert_eq!((via.agent.as_str(), via.tls, via.key.as_str()), ("browser/1", false, ""));
    assert!(via.client.starts_with("127.0.0.1:"));
    let Stream::Tcp(mut stream) = stream else { panic!("TCP") };
    let mut all = read.to_vec();
    while all.len() < b"said at once".len() {
        within(stream.read_buf(&mut all)).await.unwrap();
    }
    assert_eq!(all, b"said at once");
    stream.write_all(b"answered").await.unwrap();
    drop((stream, permit));
    let mut rest = Vec::new();
    within(browser.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(rest, b"answered");
}

#[tokio::test]
async fn what_is_refused_is_not_handed_over() {
    let (t, mut takes) = start().await;
    for (headers, status) in [
        ("Origin: http://evil.example\r\nSec-WebSocket-Protocol: wardroom.v1\r\n", "403"),
        ("Cookie: wardroom=s3ss10n\r\nSec-WebSocket-Protocol: wardroom.v1\r\n", "403"),
        ("Sec-WebSocket-Protocol: other.v1\r\n", "400"),
        ("", "400"),
    ] {
        let mut browser = ask(&t, headers, b"").await;
        let answer = head(&mut browser).await;
        assert!(answer.starts_with(&format!("http/1.1 {status} ")), "{headers}: {answer}");
    }
    assert!(takes.try_recv().is_err());
    // Everything else goes to the core as before.
    let mut client = t.client().await;
    client.send("GET /api/session", &[&format!("Cookie: {}=s3ss10n", cookie())]).await;
    let (_core, via, _) = t.core.welcome(None).await;
    assert_eq!((&via["key"], &via["session"]), (&json!("gateway-key"), &json!("s3ss10n")));
}
