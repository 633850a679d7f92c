//! Connections that do not sign in: however many there are, they keep out nobody who does.

use std::io::ErrorKind;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::{TcpStream, UnixStream};

use crate::common::{Client, PASSWORD, TestCore, read_key};
use crate::fake_host::FakeHost;

const IDLE: usize = 2_000;

/// True unless the server has closed it. What it said (a greeting) is skipped.
fn is_open(stream: &TcpStream) -> bool {
    let mut said = [0; 1_024];
    loop {
        match stream.try_read(&mut said) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}

/// As a gateway: a connection over the unix socket, on behalf of a client that has not said anything yet.
async fn anonymous(core: &TestCore, client: &str) -> Client<UnixStream> {
    let stream = UnixStream::connect(core.folder().join("core.sock")).await.unwrap();
    let mut client_of_gateway = Client::over(stream);
    let key = read_key(&core.folder(), "gateway.key");
    client_of_gateway.send(json!({"t":"via","key":key,"client":client}), &[]).await;
    client_of_gateway
}

/// The administrator, a host, and somebody with a session all get in.
async fn all_get_in(core: &TestCore, token: &Value) {
    core.system().await;
    core.connect().await.hello(json!({"token": token})).await;
    FakeHost::come(core, "web1", &[]).await;
    // A browser with a cookie.
    let stream = UnixStream::connect(core.folder().join("core.sock")).await.unwrap();
    let mut browser = Client::over(stream);
    let key = read_key(&core.folder(), "gateway.key");
    browser.send(json!({"t":"via","key":key,"client":"127.0.0.1:9","session":token}), &[]).await;
    browser.send(json!({"t":"hello","v":1}), &[]).await;
    assert_eq!(browser.next().await.0["t"], "welcome");
}

async fn token_of(core: &TestCore, user: &str) -> Value {
    let mut client = core.connect().await;
    let auth = json!({"user":user,"password":PASSWORD});
    client.send(json!({"t":"hello","v":1,"auth":auth,"remember":"test"}), &[]).await;
    client.next_of("welcome").await["token"].clone()
}

#[tokio::test]
async fn idle_connections_keep_nobody_out() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator")]).await;
    let token = token_of(&core, "ann").await;
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        idle.push(TcpStream::connect(&core.address).await.unwrap());
    }
    all_get_in(&core, &token).await;
    assert!(is_open(idle.last().unwrap()), "nobody had to wait until the idle ones had to go");
    let mut last = Client::over(idle.pop().unwrap());
    last.hello(json!({"token": token})).await;
}

#[tokio::test]
async fn anonymous_browsers_keep_nobody_out() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator")]).await;
    let token = token_of(&core, "ann").await;
    let mut idle = Vec::new();
    for port in 0..IDLE {
        idle.push(anonymous(&core, &format!("203.0.113.9:{port}")).await);
    }
    all_get_in(&core, &token).await;
    // One more of the same address gets in, and the one that waited longest has to go.
    let mut newest = anonymous(&core, "203.0.113.9:1").await;
    newest.hello(json!({"token": token})).await;
    evicted(&core, &mut idle[0], "203.0.113.9:2").await;
}

/// Waits until this connection has to go, for others that come from this address all the while.
async fn evicted(core: &TestCore, oldest: &mut Client<UnixStream>, from: &str) {
    let mut crowd = Vec::new();
    let last = loop {
        crowd.push(anonymous(core, from).await);
        if let Ok(last) = tokio::time::timeout(Duration::from_millis(1), oldest.next()).await {
            break last.0;
        }
    };
    // Nothing is wrong with its credentials: it may come again.
    assert_eq!((&last["t"], &last["code"]), (&json!("err"), &json!("busy")), "{last}");
    assert!(last["msg"].as_str().unwrap().starts_with("too many connections"), "{last}");
    assert!(last["retry_ms"].is_u64(), "{last}");
}

#[tokio::test]
async fn a_crowd_at_one_address_does_not_touch_others() {
    let core = TestCore::start().await;
    let mut other = anonymous(&core, "198.51.100.7:1").await;
    other.send(json!({"t":"ping","n":1}), &[]).await;
    let mut first = anonymous(&core, "[2001:db8:1:2:3::1]:80").await;
    evicted(&core, &mut first, "[2001:db8:1:2:4::1]:80").await;
    // It may still sign in.
    core.add_users(&[("ann", "operator")]).await;
    other.hello(json!({"user":"ann","password":PASSWORD})).await;
}

#[tokio::test]
async fn who_says_nothing_is_asked_to_come_again_and_not_to_sign_in() {
    let core = TestCore::start().await;
    let mut client = core.connect().await;
    client.send_raw(b"{").await;
    let (last, _) = client.next().await;
    assert_eq!(last["code"], "busy", "clients sign out on unauthorized: {last}");
}

#[tokio::test]
async fn one_user_has_so_many_connections_and_others_are_not_concerned() {
    const CONNECTIONS_PER_USER_MAX: usize = 512;
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("ben", "viewer")]).await;
    let (ann, ben) = (token_of(&core, "ann").await, token_of(&core, "ben").await);
    let mut all = Vec::new();
    for _ in 0..CONNECTIONS_PER_USER_MAX {
        let mut client = core.connect().await;
        client.hello(json!({"token": ann})).await;
        all.push(client);
    }
    let mut refused = core.connect().await;
    refused.hello(json!({"token": ann})).await;
    let goaway = refused.next_of("goaway").await;
    assert!(goaway["retry_ms"].is_u64() && goaway["reason"].as_str().unwrap().contains("close some"), "{goaway}");
    core.connect().await.hello(json!({"token": ben})).await;
    // One that ends makes room for another.
    drop(all.pop());
    loop {
        let mut next = core.connect().await;
        next.hello(json!({"token": ann})).await;
        next.send(json!({"t":"ping","n":1}), &[]).await;
        if next.next().await.0["t"] == "pong" {
            break;
        }
    }
}
