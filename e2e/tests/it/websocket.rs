//! WebSockets, both ways: held by the core itself in `wardroom serve`, and bridged by a `wardroom gateway` of its own. A
//! client cannot tell which it is.

mod client;
mod rights;

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message;

use self::client::{Running, both, direct, masked, within};
use crate::browser::Browser as Chromium;
use crate::test_server::PASSWORD;
use crate::wire::Wire;

#[tokio::test]
async fn a_conversation() {
    for web in both().await {
        let (mut ann, mut tcp) = (web.member().await, Wire::signed_in(&web.tcp, &web.token).await);
        ann.ask(json!({"t":"room.open","room":"general","last":0})).await;
        assert_eq!(ann.next_of("room.live").await["room"], "general");
        // Short and long: heads of two and four bytes. Ten bytes are for bulk.
        for (n, text) in ["short", &"grü\u{df}e 回滚 ".repeat(300)].into_iter().enumerate() {
            let nonce = format!("n{n}");
            tcp.ask(json!({"t":"room.post","room":"general","text":text,"nonce":nonce})).await;
            let event = ann.next_of("event").await;
            assert_eq!((&event["text"], &event["nonce"]), (&json!(text), &json!(nonce)), "{}", web.way);
        }
        let seq = ann.ask(json!({"t":"room.post","room":"general","text":"from a browser","nonce":"b1"})).await;
        assert!(seq["seq"].as_u64().unwrap() > 1);
    }
}

#[tokio::test]
async fn raw_bytes_go_both_ways_in_binary_messages() {
    for web in both().await {
        let mut ann = web.member().await;
        let content: Vec<u8> = (0u32..200_000).map(|n| (n % 251) as u8).collect();
        let put = json!({"t":"file.put","in":"room:general","path":"a.bin","size":content.len(),"nonce":"u1"});
        let upload = ann.ask(put).await["upload"].as_str().unwrap().to_owned();
        for (n, chunk) in content.chunks(65_536).enumerate() {
            let line = json!({"t":"file.chunk","upload":upload,"off":n * 65_536,"len":chunk.len()});
            let message = [line.to_string().as_bytes(), b"\n", chunk].concat();
            within(ann.socket.send(Message::binary(message))).await.unwrap();
        }
        let digest = blake3::hash(&content).to_hex().to_string();
        ann.ask(json!({"t":"file.commit","upload":upload,"blake3":digest})).await;
        let get = json!({"t":"file.get","in":"room:general","path":"a.bin"});
        let stream = ann.ask(get).await["stream"].as_str().unwrap().to_owned();
        let mut got = Vec::new();
        loop {
            match ann.next().await {
                Message::Binary(message) => {
                    let at = message.iter().position(|byte| *byte == b'\n').unwrap();
                    let line: Value = serde_json::from_slice(&message[..at]).unwrap();
                    assert_eq!((&line["t"], &line["off"]), (&json!("file.data"), &json!(got.len())));
                    got.extend_from_slice(&message[at + 1..]);
                    let ack = json!({"t":"file.ack","stream":stream,"off":got.len()});
                    ann.send(&ack).await;
                }
                Message::Text(text) if text.contains("file.end") => break,
                Message::Text(_) => {}
                other => panic!("{}: {other:?}", web.way),
            }
        }
        assert!(got == content, "{}", web.way);
    }
}

#[tokio::test]
async fn a_download_is_cut_where_its_bytes_look_like_lines() {
    for web in both().await {
        let mut ann = web.member().await;
        let content = b"\n\n{\"t\":\"x\",\"len\":9}\n".repeat(500);
        let put = json!({"t":"file.put","in":"room:general","path":"b","size":content.len(),"nonce":"u2"});
        let upload = ann.ask(put).await["upload"].as_str().unwrap().to_owned();
        let line = json!({"t":"file.chunk","upload":upload,"off":0,"len":content.len()});
        let message = [line.to_string().as_bytes(), b"\n", &content[..]].concat();
        within(ann.socket.send(Message::binary(message))).await.unwrap();
        let digest = blake3::hash(&content).to_hex().to_string();
        ann.ask(json!({"t":"file.commit","upload":upload,"blake3":digest})).await;
        ann.ask(json!({"t":"file.get","in":"room:general","path":"b"})).await;
        let message = loop {
            if let Message::Binary(message) = ann.next().await {
                break message;
            }
        };
        assert!(message.ends_with(&content), "{}", web.way);
        ann.next_of("file.end").await;
    }
}

#[tokio::test]
async fn what_is_no_frame_ends_the_connection_with_a_reason() {
    let long = format!("{{\"t\":\"{}\"}}", "x".repeat(65_536));
    for web in both().await {
        for (message, close) in [
            (Message::text("no json"), 1002),
            (Message::text(""), 1002),
            (Message::text("# comment"), 1002),
            (Message::text("{\"t\":\"a\"}\n{\"t\":\"b\"}"), 1002),
            (Message::text("{\"t\":\"a\"}\n"), 1002),
            (Message::text("{\"t\":\"a\",\"len\":3}"), 1002),
            (Message::text("{\"t\":\"a\",\"l\\u0065n\":3}"), 1002),
            (Message::binary("{\"t\":\"a\"}"), 1002),
            (Message::binary("{\"t\":\"a\",\"len\":3}\n12"), 1002),
            (Message::binary("{\"t\":\"a\",\"len\":3}\n1234"), 1002),
            (Message::binary("{\"t\":\"a\",\"len\":3,\"len\":4}\n1234"), 1002),
            (Message::binary(&b"{\"t\":\"\xff\"}\n"[..]), 1002),
            (Message::text(long.clone()), 1002),
            (Message::binary(vec![b'x'; 200_000]), 1009),
        ] {
            let mut ann = web.member().await;
            ann.send(&json!({"t":"ping","n":1})).await;
            within(ann.socket.send(message.clone())).await.unwrap();
            let (err, code) = ann.end().await;
            let shown = format!("{message:?}").chars().take(80).collect::<String>();
            assert_eq!((&err["t"], &err["code"]), (&json!("err"), &json!("bad_frame")), "{}: {shown}", web.way);
            assert_eq!(code, close, "{}: {shown}", web.way);
        }
    }
}

#[tokio::test]
async fn bytes_that_are_no_websocket_end_the_connection() {
    let table: [(&str, Vec<u8>); 9] = [
        ("not masked", b"\x81\x02{}".to_vec()),
        ("a reserved bit", masked(0xc1, b"{\"t\":\"ping\"}")),
        ("a reserved opcode", masked(0x83, b"{\"t\":\"ping\"}")),
        ("a continuation of nothing", masked(0x80, b"{\"t\":\"ping\"}")),
        ("a message within a message", [masked(0x01, b"{"), masked(0x81, b"{\"t\":\"ping\"}")].concat()),
        ("a fragmented ping", masked(0x09, b"x")),
        ("a ping of 126 bytes", [&b"\x89\xfe\x00\x7e\0\0\0\0"[..], &[0; 126]].concat()),
        ("half a close code", masked(0x88, b"\x03")),
        ("a length beyond all limits", b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0".to_vec()),
    ];
    for web in both().await {
        for (what, bytes) in &table {
            let mut stream = web.raw().await;
            stream.write_all(bytes).await.unwrap();
            let mut rest = Vec::new();
            within(stream.read_to_end(&mut rest)).await.ok();
            // A close frame with a code of its own is the last thing that is written: 1002, or 1009 for the length.
            let at = rest.windows(2).rposition(|two| two[0] == 0x88).unwrap_or_else(|| panic!("{}: {what}", web.way));
            let code = u16::from_be_bytes([rest[at + 2], rest[at + 3]]);
            assert!(matches!(code, 1002 | 1009), "{}: {what}: {code}", web.way);
        }
    }
}

#[tokio::test]
async fn fragments_with_pings_between_are_one_message() {
    for web in both().await {
        let mut stream = web.raw().await;
        let hello = json!({"t":"hello","v":1,"client":"e2e","auth":{"token":web.token}}).to_string();
        let (first, rest) = hello.as_bytes().split_at(30);
        let parts =
            [masked(0x01, first), masked(0x89, b"are you there"), masked(0x00, b""), masked(0x80, rest)].concat();
        for byte in parts {
            stream.write_all(&[byte]).await.unwrap();
        }
        let mut all = Vec::new();
        while !all.windows(9).any(|window| window == b"\"welcome\"") {
            assert!(within(stream.read_buf(&mut all)).await.unwrap() > 0, "{}: no welcome", web.way);
        }
        stream.write_all(&masked(0x88, &1000u16.to_be_bytes())).await.unwrap();
        within(stream.read_to_end(&mut all)).await.ok();
        let has = |what: &[u8]| all.windows(what.len()).any(|window| window == what);
        assert!(has(b"\x8a\x0dare you there"), "{}: no pong", web.way);
        assert!(has(b"\x88\x02\x03\xe8"), "{}: the close is answered with its code", web.way);
    }
}

#[tokio::test]
async fn whoever_is_not_welcome_is_told_by_the_close_code() {
    for web in both().await {
        for (hello, code, close) in [
            (json!({"t":"hello","v":1,"client":"e2e"}), "unauthorized", 1008),
            (json!({"t":"hello","v":1,"id":3,"auth":{"token":"wrong"}}), "unauthorized", 1008),
            (json!({"t":"hello","v":9,"client":"e2e"}), "incompatible", 1002),
            (json!({"t":"room.list","id":1}), "unauthorized", 1008),
            (json!({"t":"hello","v":1,"client":"x".repeat(9_000)}), "", 1009),
        ] {
            let mut browser = web.browser().await;
            browser.send(&hello).await;
            let (err, closed) = browser.end().await;
            assert_eq!(err["t"], "err", "{}: {hello}", web.way);
            assert!(code.is_empty() || err["code"] == code, "{}: {err}", web.way);
            assert_eq!(closed, close, "{}: {err}", web.way);
        }
    }
}

#[tokio::test]
async fn what_was_said_before_leaving_is_done() {
    for web in both().await {
        let mut ann = web.member().await;
        let mut tcp = Wire::signed_in(&web.tcp, &web.token).await;
        tcp.ask(json!({"t":"room.open","room":"general","last":0})).await;
        for n in 0..500 {
            let post = json!({"t":"room.post","room":"general","text":format!("{n}"),"nonce":format!("n{n}")});
            ann.socket.feed(Message::text(post.to_string())).await.unwrap();
        }
        within(ann.socket.close(None)).await.unwrap();
        for n in 0..500 {
            assert_eq!(tcp.next_of("event").await["text"], n.to_string(), "{}", web.way);
        }
        loop {
            match ann.socket.next().await {
                Some(Ok(_)) => {}
                None => break,
                Some(Err(error)) => panic!("{}: {error}", web.way),
            }
        }
    }
}

/// A browser that reads nothing costs nobody anything, and has everything when it reads again.
#[tokio::test]
async fn a_slow_browser_misses_nothing() {
    const POSTS: usize = 1_200;
    for web in both().await {
        let mut slow = web.member().await;
        slow.ask(json!({"t":"room.open","room":"general","last":0})).await;
        let mut tcp = Wire::signed_in(&web.tcp, &web.token).await;
        let text = "x".repeat(15_000);
        for n in 0..POSTS {
            let post = json!({"t":"room.post","room":"general","text":text,"nonce":format!("n{n}")});
            tcp.ask(post).await;
        }
        let mut last = 0;
        for _ in 0..POSTS {
            let seq = slow.next_of("event").await["seq"].as_u64().unwrap();
            assert!(last == 0 || seq == last + 1, "{}: {seq} after {last}", web.way);
            last = seq;
        }
    }
}

#[tokio::test]
async fn a_session_that_ends_closes_its_browsers() {
    for web in both().await {
        let mut first = web.browser().await;
        let hello = json!({"t":"hello","v":1,"auth":{"user":"ann","password":PASSWORD},"remember":"e2e"});
        first.send(&hello).await;
        let token = first.json().await["token"].as_str().unwrap().to_owned();
        let mut second = web.browser().await;
        second.send(&json!({"t":"hello","v":1,"auth":{"token":token}})).await;
        assert_eq!(second.json().await["t"], "welcome");
        first.ask(json!({"t":"session.end"})).await;
        let (last, code) = second.end().await;
        assert_eq!((&last["t"], &last["retry_ms"]), (&json!("goaway"), &Value::Null), "{}", web.way);
        assert_eq!(code, 1012);
    }
}

/// Stopping tells browsers when to come back, and does not wait for those that do not listen.
#[tokio::test]
async fn a_server_that_stops_says_so() {
    let web = direct().await;
    let mut ann = web.member().await;
    let _deaf = web.member().await;
    let Running::Serve { _process: process, _data: data } = web._running else { panic!("served") };
    let stopped = tokio::task::spawn_blocking(move || process.stop());
    let (last, code) = ann.end().await;
    assert_eq!((&last["t"], code), (&json!("goaway"), 1012));
    assert!(last["retry_ms"].as_u64().is_some());
    tokio::time::timeout(Duration::from_secs(30), stopped).await.expect("it stops").unwrap();
    drop(data);
}

/// Chromium, whose socket the core holds: signed in by its cookie, it reads and writes.
#[tokio::test]
async fn chromium_is_served_by_the_core_itself() {
    let web = direct().await;
    let mut tcp = Wire::signed_in(&web.tcp, &web.token).await;
    tcp.ask(json!({"t":"room.open","room":"general","last":0})).await;
    let chromium = Chromium::start(1440, 900).await;
    chromium.sign_in(&format!("http://{}/", web.http), "ann").await;
    chromium.open_room("general").await;
    tcp.ask(json!({"t":"room.post","room":"general","text":"from a native client","nonce":"n1"})).await;
    chromium.until("from a native client").await;
    chromium.say("from the page").await;
    while tcp.next_of("event").await["text"] != "from the page" {}
}
