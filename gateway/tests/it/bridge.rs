//! Messages and frames: byte for byte, both ways, and what happens when one side goes.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::fake_core::CoreSide;
use crate::harness::{TestGateway, cookie, plain, with, within};

pub type Browser = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A browser's WebSocket and the core's side of it, after `via`.
pub async fn open(t: &TestGateway) -> (Browser, CoreSide, Value) {
    let mut request = format!("ws://{}/ws", t.host).into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", "wardroom.v1".parse().unwrap());
    headers.insert("origin", format!("http://{}", t.host).parse().unwrap());
    headers.insert("cookie", format!("{}=s3ss10n", cookie()).parse().unwrap());
    headers.insert("user-agent", "browser/1".parse().unwrap());
    let (browser, _) = within(tokio_tungstenite::connect_async(request)).await.unwrap();
    let mut core = t.core.accept().await;
    let via = core.expect("via").await;
    (browser, core, via)
}

/// The next message; pings are answered by the library, and not shown.
pub async fn next(browser: &mut Browser) -> Message {
    loop {
        match within(browser.next()).await.expect("a message, not the end").unwrap() {
            Message::Ping(_) | Message::Pong(_) => {}
            message => return message,
        }
    }
}

/// Reads to the close frame; gives the texts before it, and its code.
pub async fn rest(browser: &mut Browser) -> (Vec<String>, u16) {
    let mut texts = Vec::new();
    loop {
        match next(browser).await {
            Message::Text(text) => texts.push(text.to_string()),
            Message::Close(frame) => return (texts, frame.map_or(0, |frame| frame.code.into())),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn the_core_is_told_who_comes() {
    let t = plain().await;
    let (_browser, _core, via) = open(&t).await;
    assert_eq!(via["key"], "gateway-key");
    assert_eq!(via["session"], "s3ss10n");
    assert_eq!(via["agent"], "browser/1");
    assert_eq!(via["tls"], false);
    assert!(via["client"].as_str().unwrap().starts_with("127.0.0.1:"));
}

#[tokio::test]
async fn frames_pass_byte_for_byte() {
    let t = plain().await;
    let (mut browser, core, _) = open(&t).await;
    // Spaces, an order and an escape of its own: nobody rewrites what the browser sent.
    let text = "{ \"id\" :7,\"t\":\"room.post\",\"text\":\"gr\\u00fc\u{df}e\\n 回滚\", \"unknown\":[1, 2.50] }";
    let raw: Vec<u8> = (0..=255).chain(*b"{\"t\":\"x\"}\n").collect();
    let chunk = [format!("{{\"t\":\"file.chunk\",\"len\":{}}}\n", raw.len()).as_bytes(), &raw].concat();
    browser.send(Message::text(text)).await.unwrap();
    browser.send(Message::binary(chunk.clone())).await.unwrap();
    browser.close(None).await.unwrap();
    assert_eq!(core.rest().await, [text.as_bytes(), b"\n", &chunk].concat());

    let (mut browser, mut core, _) = open(&t).await;
    core.send_raw(&[b"# a comment\n\n", text.as_bytes(), b"\r\n", &chunk].concat()).await;
    assert_eq!(next(&mut browser).await, Message::text(text));
    assert_eq!(next(&mut browser).await, Message::binary(chunk));
}

#[tokio::test]
async fn the_largest_frame_passes() {
    let t = plain().await;
    let (mut browser, mut core, _) = open(&t).await;
    let head = "{\"t\":\"x\",\"len\":65536,\"pad\":\"";
    let line = format!("{head}{}\"}}", "p".repeat(65_535 - head.len() - 2));
    let frame = [line.as_bytes(), b"\n", &[7; 65_536]].concat();
    browser.send(Message::binary(frame.clone())).await.unwrap();
    let seen = core.frame().await.unwrap();
    assert_eq!((seen.line.len(), seen.body.len()), (65_535, 65_536));
    core.send_raw(&frame).await;
    assert_eq!(next(&mut browser).await, Message::binary(frame));
}

#[tokio::test]
async fn what_is_no_frame_ends_the_connection_with_a_reason() {
    let t = plain().await;
    let long = format!("{{\"t\":\"{}\"}}", "x".repeat(65_536));
    for (message, close) in [
        (Message::text("no json"), 1002),
        (Message::text(""), 1002),
        (Message::text("# comment"), 1002),
        (Message::text("{\"t\":\"a\"}\n{\"t\":\"b\"}"), 1002),
        (Message::text("{\"t\":\"a\",\"len\":3}"), 1002),
        (Message::binary("{\"t\":\"a\"}"), 1002),
        (Message::binary("{\"t\":\"a\",\"len\":3}\n12"), 1002),
        (Message::binary("{\"t\":\"a\",\"len\":3}\n1234"), 1002),
        (Message::binary("{\"t\":\"a\",\"len\":3,\"len\":4}\n1234"), 1002),
        (Message::binary(&b"{\"t\":\"\xff\"}\n"[..]), 1002),
        (Message::text(long), 1002),
        (Message::binary(vec![b'x'; 200_000]), 1009),
    ] {
        let (mut browser, mut core, _) = open(&t).await;
        browser.send(Message::text("{\"t\":\"ping\"}")).await.unwrap();
        browser.send(message.clone()).await.unwrap();
        let (texts, code) = rest(&mut browser).await;
        let err: Value = serde_json::from_str(&texts[0]).unwrap();
        assert_eq!((&err["t"], &err["code"]), (&json!("err"), &json!("bad_frame")), "{message:?}");
        assert_eq!(code, close, "{message:?}");
        core.expect("ping").await;
        assert!(core.frame().await.is_none(), "nothing of it reaches the core: {message:?}");
    }
}

#[tokio::test]
async fn what_was_said_before_leaving_arrives() {
    let t = plain().await;
    let (mut browser, mut core, _) = open(&t).await;
    for n in 0..500 {
        browser.feed(Message::text(format!("{{\"t\":\"room.post\",\"n\":{n}}}"))).await.unwrap();
    }
    browser.close(None).await.unwrap();
    for n in 0..500 {
        assert_eq!(core.json().await["n"], n);
    }
    assert!(core.frame().await.is_none());
    drop(core);
    let close = next(&mut browser).await;
    assert!(matches!(close, Message::Close(_)), "a close is answered with one: {close:?}");
}

#[tokio::test]
async fn what_the_core_said_before_it_went_arrives() {
    let t = plain().await;
    let (mut browser, mut core, _) = open(&t).await;
    let lines: String = (0..5_000).map(|n| format!("{{\"t\":\"event\",\"n\":{n}}}\n")).collect();
    core.send_raw(lines.as_bytes()).await;
    drop(core);
    let (texts, code) = rest(&mut browser).await;
    assert_eq!(texts.concat(), lines.replace('\n', ""));
    assert_eq!(code, 1012, "service restart: come back");
}

#[tokio::test]
async fn a_core_that_dies_within_a_frame_leaves_no_half_of_it() {
    let t = plain().await;
    for torn in [&b"{\"t\":\"eve"[..], b"{\"t\":\"x\",\"len\":9}\n1234"] {
        let (mut browser, mut core, _) = open(&t).await;
        core.send(&json!({"t": "whole"})).await;
        core.send_raw(torn).await;
        drop(core);
        let (texts, code) = rest(&mut browser).await;
        assert_eq!((texts, code), (vec!["{\"t\":\"whole\"}".to_owned()], 1012));
    }
}

#[tokio::test]
async fn a_refusal_of_the_core_becomes_the_close_code() {
    let t = plain().await;
    for (line, close) in [
        (json!({"t": "err", "code": "unauthorized", "msg": "sign in again"}), 1008),
        (json!({"t": "err", "code": "bad_frame", "msg": "no frame"}), 1002),
        (json!({"t": "err", "re": 4, "code": "not_found", "msg": "no such room"}), 1012),
        (json!({"t": "goaway", "reason": "restart"}), 1012),
    ] {
        let (mut browser, mut core, _) = open(&t).await;
        // As the core writes it: `t` first.
        let text = line.to_string().replacen('{', "", 1).replace(&format!(",\"t\":{}", line["t"]), "");
        let text = format!("{{\"t\":{},{text}", line["t"]);
        core.send_raw(format!("{text}\n").as_bytes()).await;
        core.finish().await;
        let (texts, code) = rest(&mut browser).await;
        assert_eq!((serde_json::from_str::<Value>(&texts[0]).unwrap(), code), (line, close));
    }
}

#[tokio::test]
async fn a_core_that_sends_garbage_is_not_passed_on() {
    let t = plain().await;
    let (mut browser, mut core, _) = open(&t).await;
    core.send_raw(b"HTTP/1.1 400 Bad Request\n\n").await;
    assert_eq!(rest(&mut browser).await, (Vec::new(), 1012));
}

#[tokio::test]
async fn without_a_core_the_page_is_told_when_to_come_back() {
    let t = with(|config, _| config.core = "127.0.0.1:1".parse().unwrap()).await;
    let mut request = format!("ws://{}/ws", t.host).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "wardroom.v1".parse().unwrap());
    let (mut browser, _) = within(tokio_tungstenite::connect_async(request)).await.unwrap();
    let (texts, code) = rest(&mut browser).await;
    let goaway: Value = serde_json::from_str(&texts[0]).unwrap();
    assert_eq!((&goaway["t"], code), (&json!("goaway"), 1013));
    assert!((1_000..4_000).contains(&goaway["retry_ms"].as_u64().unwrap()), "{goaway}");
}

/// A browser that reads nothing: the core is held up after what the kernels' buffers and one read hold, and when the
/// browser reads again it has everything, in order.
#[tokio::test]
async fn a_slow_browser_holds_up_its_own_connection_and_nothing_grows() {
    let t = plain().await;
    let (mut browser, mut core, _) = open(&t).await;
    let body = vec![b'x'; 60_000];
    let frame = |n: usize| [format!("{{\"t\":\"x\",\"n\":{n},\"len\":{}}}\n", body.len()).as_bytes(), &body].concat();
    let all: Vec<u8> = (0..1_200).flat_map(frame).collect();
    let taken = core.send_until_stuck(&all, Duration::from_millis(500)).await;
    assert!(taken < all.len() / 2, "{taken} of {} bytes were taken for a browser that reads nothing", all.len());
    let (_, ()) = tokio::join!(core.send_raw(&all[taken..]), async {
        for n in 0..1_200 {
            assert!(next(&mut browser).await == Message::binary(frame(n)), "{n}");
        }
    });
}

#[tokio::test]
async fn a_core_that_does_not_read_holds_up_the_browser() {
    let t = plain().await;
    let (mut browser, mut core, _) = open(&t).await;
    let message = [&b"{\"t\":\"x\",\"len\":60000}\n"[..], &[b'x'; 60_000]].concat();
    let mut sent = 0;
    while sent < 1_200 {
        let send = browser.send(Message::binary(message.clone()));
        match tokio::time::timeout(Duration::from_millis(500), send).await {
            Ok(done) => done.unwrap(),
            Err(_) => break,
        }
        sent += 1;
    }
    assert!(sent < 600, "{sent} messages were taken for a core that reads nothing");
    // The message that was held up is in the library's buffer: flushed while the core reads.
    let (flushed, ()) = tokio::join!(browser.flush(), async {
        for _ in 0..=sent {
            assert_eq!(core.frame().await.unwrap().body.len(), 60_000);
        }
    });
    flushed.unwrap();
    core.send(&json!({"t": "done"})).await;
    assert_eq!(next(&mut browser).await, Message::text("{\"t\":\"done\"}"), "the connection goes on");
}
