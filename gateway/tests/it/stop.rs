//! Stopping: told, drained with a deadline, and then cut.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bridge::{open, rest};
use crate::download::serve_file;
use crate::harness::{plain, with, within};

#[tokio::test]
async fn browsers_are_told_to_come_back() {
    let t = plain().await;
    let (mut browser, mut core, _) = open(&t).await;
    t.stop.cancel();
    let (texts, code) = rest(&mut browser).await;
    let goaway: Value = serde_json::from_str(&texts[0]).unwrap();
    assert_eq!((&goaway["t"], code), (&json!("goaway"), 1012));
    assert!(goaway["retry_ms"].as_u64().unwrap() >= 500);
    drop(browser);
    assert!(core.frame().await.is_none());
    drop(core);
    within(t.gateway.stopped()).await;
    assert!(tokio::net::TcpStream::connect(&t.host).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_download_that_goes_on_is_cut_at_the_deadline_and_not_ended_cleanly() {
    let t = with(|_, limits| limits.drain = Duration::from_millis(100)).await;
    let mut client = t.client().await;
    client.send("GET /files/room/ops/a.bin", &["Authorization: Bearer t"]).await;
    let (mut core, _) = serve_file(&t.core, 1_000).await;
    core.send_with_body(&json!({"t": "file.data", "stream": crate::download::STREAM, "off": 0, "len": 5}), b"12345")
        .await;
    t.stop.cancel();
    let (answer, ()) = tokio::join!(client.answer(), within(t.gateway.stopped()));
    assert_eq!((answer.status, answer.is_cut), (200, true));
}

#[tokio::test]
async fn a_download_that_ends_in_time_is_whole() {
    let t = plain().await;
    let mut client = t.client().await;
    client.send("GET /files/room/ops/a.bin", &["Authorization: Bearer t"]).await;
    let (mut core, _) = serve_file(&t.core, 5).await;
    let head = client.head().await;
    assert_eq!(head.status, 200);
    t.stop.cancel();
    let finish = async {
        core.send_with_body(
            &json!({"t": "file.data", "stream": crate::download::STREAM, "off": 0, "len": 5}),
            b"12345",
        )
        .await;
        let mut body = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut client.stream, &mut body).await.unwrap();
        assert_eq!(body, b"12345");
    };
    within(async { tokio::join!(t.gateway.stopped(), finish) }).await;
}
