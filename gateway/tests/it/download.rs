//! `GET` and `HEAD` of files.

use serde_json::{Value, json};

use crate::fake_core::{CoreSide, FakeCore};
use crate::harness::{TestGateway, cookie, plain, within};
use crate::http::Answer;

pub const STREAM: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const DIGEST: &str = "d74981efa70a0c880b8d8c1985d075dbcbf679b99a5f9914e5aaf96b831a9e24";
const TOKEN: &str = "Authorization: Bearer t0ken";

async fn stat(core: &FakeCore, size: u64) -> (CoreSide, Value) {
    let (mut core, _, hello) = core.welcome(None).await;
    assert!(hello["auth"]["token"].is_string() || hello.get("auth").is_none());
    let stat = core.expect("file.stat").await;
    core.send(&json!({"t": "ok", "re": stat["id"], "name": "a.bin", "kind": "file", "size": size,
        "mtime": 1_795_334_400_000_u64, "blake3": DIGEST}))
        .await;
    (core, stat)
}

/// Answers up to the point where the bytes follow.
pub async fn serve_file(core: &FakeCore, size: u64) -> (CoreSide, Value) {
    let (mut core, _) = stat(core, size).await;
    let get = core.expect("file.get").await;
    core.send(&json!({"t": "ok", "re": get["id"], "stream": STREAM, "size": size, "mtime": 1, "blake3": DIGEST})).await;
    (core, get)
}

async fn send(core: &mut CoreSide, off: u64, bytes: &[u8]) {
    core.send_with_body(&json!({"t": "file.data", "stream": STREAM, "off": off, "len": bytes.len()}), bytes).await;
}

/// Asks for a file of these bytes with these headers; the core sends what it is asked for.
async fn fetch(t: &TestGateway, bytes: &[u8], path: &str, headers: &[&str]) -> Answer {
    let mut client = t.client().await;
    client.send(&format!("GET {path}"), &[&[TOKEN], headers].concat()).await;
    let script = async {
        let (mut core, _) = stat(&t.core, bytes.len() as u64).await;
        let Some(frame) = core.frame().await else { return };
        let get: Value = serde_json::from_slice(&frame.line).unwrap();
        assert_eq!(get["blake3"], DIGEST, "parts of two files are never mixed");
        core.send(&json!({"t": "ok", "re": get["id"], "stream": STREAM, "size": bytes.len(), "mtime": 1})).await;
        let first = get["off"].as_u64().unwrap() as usize;
        let end = first + get["count"].as_u64().unwrap() as usize;
        for (n, piece) in bytes[first..end].chunks(1_000).enumerate() {
            send(&mut core, (first + n * 1_000) as u64, piece).await;
        }
        core.send(&json!({"t": "file.end", "stream": STREAM})).await;
    };
    let (answer, ()) = tokio::join!(client.answer(), script);
    answer
}

#[tokio::test]
async fn a_whole_file() {
    let t = plain().await;
    let bytes: Vec<u8> = (0..10_000_u32).flat_map(u32::to_le_bytes).collect();
    let answer = fetch(&t, &bytes, "/files/room/ops/logs/a%20b.bin", &[]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body == bytes);
    for (name, value) in [
        ("etag", format!("\"{DIGEST}\"").as_str()),
        ("accept-ranges", "bytes"),
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment; filename=\"a b.bin\""),
        ("x-content-type-options", "nosniff"),
        ("last-modified", "Sun, 22 Nov 2026 08:00:00 GMT"),
        ("cache-control", "private, no-cache"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let policies = answer.headers.iter().filter(|(name, _)| name == "content-security-policy").count();
    assert_eq!(policies, 1);
    assert!(answer.header("content-security-policy").unwrap().starts_with("sandbox; default-src 'none'"));
}

#[tokio::test]
async fn ranges() {
    let t = plain().await;
    let bytes: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    let tag = format!("If-Range: \"{DIGEST}\"");
    for (headers, status, part, range) in [
        (vec!["Range: bytes=10-19"], 206, 10..20, Some("bytes 10-19/5000")),
        (vec!["Range: bytes=4990-"], 206, 4990..5000, Some("bytes 4990-4999/5000")),
        (vec!["Range: bytes=-1"], 206, 4999..5000, Some("bytes 4999-4999/5000")),
        (vec!["Range: bytes=10-19", &tag], 206, 10..20, Some("bytes 10-19/5000")),
        (vec!["Range: bytes=10-19", "If-Range: \"another\""], 200, 0..5000, None),
        (vec!["Range: bytes=0-1,5-6"], 200, 0..5000, None),
        (vec!["Range: bytes=x"], 200, 0..5000, None),
    ] {
        let answer = fetch(&t, &bytes, "/files/room/ops/a.bin", &headers).await;
        assert_eq!((answer.status, answer.header("content-range")), (status, range), "{headers:?}");
        assert!(answer.body == bytes[part], "{headers:?}");
    }
    let answer = fetch(&t, &bytes, "/files/room/ops/a.bin", &["Range: bytes=5000-"]).await;
    assert_eq!((answer.status, answer.header("content-range")), (416, Some("bytes */5000")));
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let t = plain().await;
    let tag = format!("If-None-Match: \"{DIGEST}\"");
    let answer = fetch(&t, b"12345", "/files/room/ops/a.bin", &[&tag]).await;
    assert_eq!((answer.status, answer.body.len()), (304, 0));
    assert_eq!(answer.header("etag"), Some(format!("\"{DIGEST}\"").as_str()));
    assert_eq!(fetch(&t, b"12345", "/files/room/ops/a.bin", &["If-None-Match: \"x\""]).await.status, 200);
}

#[tokio::test]
async fn an_empty_file_and_head() {
    let t = plain().await;
    let answer = fetch(&t, b"", "/files/room/ops/a.bin", &[]).await;
    assert_eq!((answer.status, answer.header("content-length")), (200, Some("0")));
    let mut client = t.client().await;
    client.send("HEAD /files/room/ops/a.bin", &[TOKEN, "Range: bytes=0-1"]).await;
    let (answer, (mut core, _)) = tokio::join!(client.head(), stat(&t.core, 5_000));
    assert_eq!((answer.status, answer.header("content-length")), (200, Some("5000")));
    assert!(core.frame().await.is_none(), "no bytes are asked for");
    assert_eq!(client.get("/healthz", &[]).await.text(), "ok\n");
}

#[tokio::test]
async fn inline_only_what_is_harmless() {
    let t = plain().await;
    for (path, kind, disposition) in [
        ("/files/room/ops/a.png?inline", "image/png", "inline; filename=\"a.png\""),
        ("/files/room/ops/a.png", "image/png", "attachment; filename=\"a.png\""),
        ("/files/room/ops/a.html?inline", "application/octet-stream", "attachment; filename=\"a.html\""),
        ("/files/room/ops/a.svg?inline=1", "application/octet-stream", "attachment; filename=\"a.svg\""),
        ("/files/room/ops/a.log?inline", "text/plain; charset=utf-8", "inline; filename=\"a.log\""),
    ] {
        let answer = fetch(&t, b"<script>alert(1)</script>", path, &[]).await;
        assert_eq!(answer.header("content-type"), Some(kind), "{path}");
        assert_eq!(answer.header("content-disposition"), Some(disposition), "{path}");
        assert!(answer.header("content-security-policy").unwrap().starts_with("sandbox;"), "{path}");
    }
}

#[tokio::test]
async fn a_core_that_dies_in_the_middle_is_seen() {
    let t = plain().await;
    let mut client = t.client().await;
    client.send("GET /files/room/ops/a.bin", &[TOKEN]).await;
    let script = async {
        let (mut core, _) = serve_file(&t.core, 10_000).await;
        send(&mut core, 0, &[1; 4_000]).await;
    };
    let (answer, ()) = tokio::join!(client.answer(), script);
    assert_eq!((answer.status, answer.is_cut), (200, true));
    // The same where it says why.
    let mut client = t.client().await;
    client.send("GET /files/room/ops/a.bin", &[TOKEN]).await;
    let script = async {
        let (mut core, _) = serve_file(&t.core, 10_000).await;
        send(&mut core, 0, &[1; 4_000]).await;
        core.send(&json!({"t": "err", "stream": STREAM, "code": "internal", "msg": "disk"})).await;
        assert!(core.frame().await.is_none());
    };
    let (answer, ()) = tokio::join!(client.answer(), script);
    assert!(answer.is_cut);
}

#[tokio::test]
async fn a_core_that_mixes_up_offsets_is_not_believed() {
    let t = plain().await;
    let mut client = t.client().await;
    client.send("GET /files/room/ops/a.bin", &[TOKEN]).await;
    let script = async {
        let (mut core, _) = serve_file(&t.core, 10_000).await;
        send(&mut core, 0, &[1; 1_000]).await;
        send(&mut core, 2_000, &[1; 8_000]).await;
        assert!(core.frame().await.is_none());
    };
    let (answer, ()) = tokio::join!(client.answer(), script);
    assert!(answer.is_cut);
    assert!(answer.body.len() <= 1_000);
}

/// A paused download: credit stops the core, and its pings are answered all the same.
#[tokio::test]
async fn a_browser_that_pauses_gets_no_more_than_the_window_and_stays_connected() {
    let t = plain().await;
    let size = 64 << 20;
    let mut client = t.client().await;
    client.send("GET /files/room/ops/a.bin", &[TOKEN]).await;
    let (mut core, get) = serve_file(&t.core, size).await;
    let window = get["window"].as_u64().unwrap();
    let (mut off, mut acked) = (0, 0);
    let piece = vec![7; 65_536];
    // As the core does it: up to the window, then on with every ack. The browser reads nothing, so they come to an end.
    loop {
        while off + 65_536 <= acked + window && off < size {
            send(&mut core, off, &piece).await;
            off += 65_536;
        }
        core.send(&json!({"t": "ping", "n": off})).await;
        let answer = core.json().await;
        match answer["t"].as_str().unwrap() {
            "file.ack" => {
                assert_eq!(answer["stream"], STREAM);
                acked = answer["off"].as_u64().unwrap();
            }
            "pong" if off + 65_536 > acked + window => break,
            "pong" => {}
            other => panic!("{other}"),
        }
        assert!(off < size, "all of it was taken for a browser that reads nothing");
    }
    let rest = async {
        while off < size {
            while off < size && off + 65_536 <= acked + window {
                send(&mut core, off, &piece).await;
                off += 65_536;
            }
            // With the last byte the gateway has all that it came for.
            let Some(frame) = core.frame().await else { break };
            let answer: Value = serde_json::from_slice(&frame.line).unwrap();
            if answer["t"] == "file.ack" {
                acked = answer["off"].as_u64().unwrap();
            }
        }
    };
    let (answer, ()) = tokio::join!(client.answer(), rest);
    assert_eq!((answer.body.len() as u64, answer.is_cut), (size, false));
}

#[tokio::test]
async fn a_browser_that_leaves_ends_the_download_at_the_core() {
    let t = plain().await;
    let mut client = t.client().await;
    client.send("GET /files/room/ops/a.bin", &[TOKEN]).await;
    let (mut core, _) = serve_file(&t.core, 1 << 30).await;
    send(&mut core, 0, &[1; 1_000]).await;
    client.head().await;
    drop(client);
    while core.frame().await.is_some() {}
}

#[tokio::test]
async fn refusals_have_their_status() {
    let t = plain().await;
    assert_eq!(t.client().await.get("/files/room/ops/a", &[]).await.status, 401);
    assert_eq!(t.client().await.get("/files/room/ops/a", &["Authorization: Basic eA=="]).await.status, 401);
    for path in ["/files/room/ops/..%2f..%2fetc/passwd", "/files/room/ops/%2e%2e/x", "/files/room/OPS/x"] {
        assert_eq!(t.client().await.get(path, &[TOKEN]).await.status, 400, "{path}");
    }
    for (code, status) in [("not_found", 404), ("forbidden", 403)] {
        let mut client = t.client().await;
        let script = async {
            let (mut core, _, _) = t.core.welcome(None).await;
            let stat = core.expect("file.stat").await;
            assert_eq!((&stat["in"], &stat["path"]), (&json!("room:ops"), &json!("logs/a")));
            core.send(&json!({"t": "err", "re": stat["id"], "code": code, "msg": "words"})).await;
        };
        let (answer, ()) = tokio::join!(client.get("/files/room/ops/logs/a", &[TOKEN]), script);
        assert_eq!((answer.status, &answer.json()["msg"]), (status, &json!("words")));
    }
}

#[tokio::test]
async fn the_cookie_counts_and_a_token_counts_more() {
    let t = plain().await;
    let cookie = format!("Cookie: {}=s3ss10n", cookie());
    for (headers, session, token) in [
        (vec![cookie.as_str()], json!("s3ss10n"), Value::Null),
        (vec![cookie.as_str(), TOKEN], Value::Null, json!("t0ken")),
    ] {
        let mut client = t.client().await;
        client.send("GET /files/room/ops/a", &headers).await;
        let (_core, via, hello) = within(t.core.welcome(None)).await;
        assert_eq!((&via["session"], &hello["auth"]["token"]), (&session, &token));
    }
}

/// Asks for the output of a run that has these bytes, of which more come while it goes on.
async fn fetch_run(t: &TestGateway, bytes: &[u8], headers: &[&str]) -> Answer {
    let mut client = t.client().await;
    client.send(&format!("GET /files/run/{STREAM}"), &[&[TOKEN], headers].concat()).await;
    let script = async {
        let (mut core, _, _) = t.core.welcome(None).await;
        let get = core.expect("run.get").await;
        core.send(&json!({"t": "ok", "re": get["id"], "run": STREAM, "n": 4, "room": "ops", "seq": 9, "by": "ann",
            "cmd": "make", "host": "local", "at": 1, "bytes": bytes.len()}))
            .await;
        let Some(frame) = core.frame().await else { return };
        let watch: Value = serde_json::from_slice(&frame.line).unwrap();
        core.send(&json!({"t": "ok", "re": watch["id"]})).await;
        let first = watch["from"].as_u64().unwrap() as usize;
        let all = [bytes, b"more that came since"].concat();
        for (n, piece) in all[first..].chunks(1_000).enumerate() {
            let off = first + n * 1_000;
            let output = json!({"t": "run.output", "run": STREAM, "fd": 1 + n % 2, "off": off, "len": piece.len()});
            core.send_with_body(&output, piece).await;
        }
    };
    let (answer, ()) = tokio::join!(client.answer(), script);
    answer
}

#[tokio::test]
async fn the_output_of_a_run() {
    let t = plain().await;
    let bytes: Vec<u8> = (0..5_000_u32).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
    let answer = fetch_run(&t, &bytes, &[]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body == bytes, "what there was when it was asked for, of both streams");
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"r4.log\""));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    let answer = fetch_run(&t, &bytes, &["Range: bytes=-100"]).await;
    assert_eq!(answer.status, 206);
    assert!(answer.body == bytes[bytes.len() - 100..]);
}

#[tokio::test]
async fn what_is_no_run_has_no_output() {
    let t = plain().await;
    let mut client = t.client().await;
    client.send("GET /files/run/nothing", &[TOKEN]).await;
    assert_eq!(client.answer().await.status, 404);
}
