//! `PUT` of files.

use serde_json::{Value, json};

use crate::fake_core::{CoreSide, FakeCore};
use crate::harness::{plain, with, within};
use crate::http::Client;

const UPLOAD: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const TOKEN: &str = "Authorization: Bearer t0ken";

/// Grants an upload with this window.
async fn grant(core: &FakeCore, window: u64) -> (CoreSide, Value) {
    let (mut core, _, _) = core.welcome(None).await;
    let put = core.expect("file.put").await;
    core.send(&json!({"t": "ok", "re": put["id"], "upload": UPLOAD, "off": 0, "window": window})).await;
    (core, put)
}

/// Takes chunks and acknowledges each, until something else comes; gives that and the bytes.
async fn take(core: &mut CoreSide) -> (Value, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        let Some(frame) = core.frame().await else { return (Value::Null, bytes) };
        let line: Value = serde_json::from_slice(&frame.line).unwrap();
        if line["t"] != "file.chunk" {
            return (line, bytes);
        }
        assert_eq!(line["off"], bytes.len());
        assert_eq!(line["upload"], UPLOAD);
        bytes.extend_from_slice(&frame.body);
        core.send(&json!({"t": "file.ack", "upload": UPLOAD, "off": bytes.len()})).await;
    }
}

async fn put(client: &mut Client, path: &str, headers: &[&str], body: &[u8]) {
    let length = format!("Content-Length: {}", body.len());
    client.send(&format!("PUT {path}"), &[&[TOKEN, length.as_str()], headers].concat()).await;
    client.raw(body).await;
}

#[tokio::test]
async fn a_file_goes_up() {
    let t = plain().await;
    for size in [0, 1, 65_536, 65_537, 1_000_000] {
        let body: Vec<u8> = (0..=250).cycle().take(size).collect();
        let mut client = t.client().await;
        let script = async {
            let (mut core, put) = grant(&t.core, 131_072).await;
            assert_eq!((&put["in"], &put["path"]), (&json!("room:ops"), &json!("logs/a b.bin")));
            assert_eq!((&put["size"], &put["if_exists"]), (&json!(size), &json!("fail")));
            let (commit, bytes) = take(&mut core).await;
            assert_eq!(commit["t"], "file.commit");
            assert!(bytes == body);
            assert_eq!(commit["blake3"], json!(blake3::hash(&body).to_hex().as_str()));
            core.send(&json!({"t": "ok", "re": commit["id"], "path": "logs/a b (2).bin", "seq": 815})).await;
            put["nonce"].as_str().unwrap().to_owned()
        };
        let ((), nonce) = tokio::join!(put(&mut client, "/files/room/ops/logs/a%20b.bin", &[], &body), script);
        let answer = client.answer().await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.header("location"), Some("a%20b%20%282%29.bin"));
        let digest = blake3::hash(&body).to_hex().to_string();
        assert_eq!(answer.json(), json!({"path": "logs/a b (2).bin", "size": size, "blake3": digest, "seq": 815}));
        assert!(nonce.len() >= 32);
        // The connection goes on.
        assert_eq!(client.get("/healthz", &[]).await.status, 200);
    }
}

#[tokio::test]
async fn no_more_is_sent_than_the_window_allows() {
    let t = plain().await;
    let mut client = t.client().await;
    let body = vec![5; 500_000];
    let script = async {
        let (mut core, _) = grant(&t.core, 100_000).await;
        let mut sent = 0;
        while sent < 100_000 {
            sent += core.frame().await.unwrap().body.len();
        }
        assert_eq!(sent, 100_000);
        // Nothing comes beyond the window: the pong is the next that comes.
        core.send(&json!({"t": "ping", "n": 1})).await;
        core.expect("pong").await;
        core.send(&json!({"t": "file.ack", "upload": UPLOAD, "off": 60_000})).await;
        let mut more = 0;
        while more < 60_000 {
            more += core.frame().await.unwrap().body.len();
        }
        assert_eq!(more, 60_000);
        core.send(&json!({"t": "err", "upload": UPLOAD, "code": "too_large", "msg": "the disk is full"})).await;
    };
    // The client may be cut off while it sends, and reads the answer all the same.
    let sending = async {
        client.send("PUT /files/room/ops/a", &[TOKEN, "Content-Length: 500000"]).await;
        client.raw(&body).await;
        client.answer().await
    };
    let (answer, ()) = tokio::join!(sending, script);
    assert_eq!((answer.status, &answer.json()["msg"]), (413, &json!("the disk is full")));
}

#[tokio::test]
async fn a_client_that_breaks_off_takes_its_upload_away() {
    let t = plain().await;
    let mut client = t.client().await;
    client.send("PUT /files/room/ops/a", &[TOKEN, "Content-Length: 1000"]).await;
    client.raw(&[1; 400]).await;
    let (mut core, _) = grant(&t.core, 1 << 20).await;
    let mut taken = 0;
    while taken < 400 {
        taken += core.frame().await.unwrap().body.len();
    }
    drop(client);
    assert_eq!(core.expect("file.abort").await["upload"], UPLOAD);
    assert!(core.frame().await.is_none());
}

#[tokio::test]
async fn a_client_that_stops_sending_is_not_waited_for_forever() {
    let t = with(|_, limits| limits.body_idle = std::time::Duration::from_millis(50)).await;
    let mut client = t.client().await;
    client.send("PUT /files/room/ops/a", &[TOKEN, "Content-Length: 1000"]).await;
    let (mut core, _) = grant(&t.core, 1 << 20).await;
    assert_eq!(client.answer().await.status, 408);
    core.expect("file.abort").await;
}

#[tokio::test]
async fn the_size_must_be_known_and_allowed() {
    let t = plain().await;
    let mut client = t.client().await;
    client.send("PUT /files/room/ops/a", &[TOKEN, "Transfer-Encoding: chunked"]).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 411);
    assert!(answer.text().contains("Content-Length"), "{}", answer.text());

    // Too large: said before a byte of the body was read.
    let mut client = t.client().await;
    client.send("PUT /files/room/ops/a", &[TOKEN, "Content-Length: 2000000000", "Expect: 100-continue"]).await;
    let (answer, (mut core, _, _)) = tokio::join!(client.answer(), t.core.welcome(None));
    assert_eq!((answer.status, &answer.json()["code"]), (413, &json!("too_large")));
    assert!(core.frame().await.is_none(), "the core is not asked");
}

#[tokio::test]
async fn a_refusal_is_read_even_while_the_body_is_sent() {
    let t = plain().await;
    let mut client = t.client().await;
    let body = vec![1; 8 << 20];
    let script = async {
        let (mut core, _, _) = t.core.welcome(None).await;
        let put = core.expect("file.put").await;
        assert_eq!(put["if_exists"], "fail");
        core.send(&json!({"t": "err", "re": put["id"], "code": "conflict", "msg": "a is there already"})).await;
    };
    let sending = async {
        put(&mut client, "/files/room/ops/a", &[], &body).await;
        client.answer().await
    };
    let (answer, ()) = tokio::join!(sending, script);
    assert_eq!((answer.status, &answer.json()["code"]), (409, &json!("conflict")));
}

#[tokio::test]
async fn if_exists_is_passed_on() {
    let t = plain().await;
    for how in ["fail", "replace", "rename"] {
        let mut client = t.client().await;
        put(&mut client, &format!("/files/room/ops/a?if_exists={how}"), &[], b"").await;
        let (_core, put) = within(grant(&t.core, 1)).await;
        assert_eq!(put["if_exists"], how);
    }
    let mut client = t.client().await;
    put(&mut client, "/files/room/ops/a?if_exists=perhaps", &[], b"").await;
    assert_eq!(client.answer().await.status, 400);
}

#[tokio::test]
async fn other_sites_and_strangers_upload_nothing() {
    let t = plain().await;
    let mut client = t.client().await;
    put(&mut client, "/files/room/ops/a", &["Sec-Fetch-Site: cross-site"], b"").await;
    assert_eq!(client.answer().await.status, 403);
    let mut client = t.client().await;
    client.send("PUT /files/room/ops/a", &["Content-Length: 0"]).await;
    assert_eq!(client.answer().await.status, 401);
    for path in ["/files/room/ops/", "/files/room/ops/../x", "/files/room/ops/a%00", "/files/root/etc/x"] {
        let mut client = t.client().await;
        put(&mut client, path, &[], b"").await;
        assert!([400, 404].contains(&client.answer().await.status), "{path}");
    }
}
