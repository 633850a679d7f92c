//! Pings of WebSockets, with short times.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::bridge::open;
use crate::harness::{with, within};

#[tokio::test]
async fn a_browser_that_answers_stays_and_one_that_does_not_goes() {
    let t = with(|_, limits| {
        limits.ping_after = Duration::from_millis(20);
        limits.pong_within = Duration::from_millis(1_000);
    })
    .await;
    let (mut browser, mut core, _) = open(&t).await;
    for _ in 0..5 {
        // Reading is what makes the library answer.
        let message = within(browser.next()).await.unwrap().unwrap();
        assert!(matches!(message, Message::Ping(_)), "{message:?}");
        browser.flush().await.unwrap();
    }
    browser.send(Message::text("{\"t\":\"still.here\"}")).await.unwrap();
    core.expect("still.here").await;
    // From here on the browser reads nothing, and so answers nothing.
    assert!(core.frame().await.is_none(), "the core sees it leave");
}

#[tokio::test]
async fn a_socket_that_sends_no_headers_is_closed() {
    use tokio::io::AsyncReadExt;
    let t = with(|_, limits| limits.headers_within = Duration::from_millis(50)).await;
    let mut client = t.client().await;
    client.raw(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
    let mut rest = Vec::new();
    within(client.stream.read_to_end(&mut rest)).await.unwrap();
    assert!(!rest.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&rest));
}
