//! Listening: several addresses, both families, unix sockets, and what cannot be listened on.

use std::os::unix::fs::FileTypeExt;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;
use wardroom_gateway::{Config, start};

use crate::harness::within;

fn config(http: &[String]) -> Config {
    Config {
        http: http.iter().map(|address| address.parse().unwrap()).collect(),
        core: "127.0.0.1:1".parse().unwrap(),
        key: "k".to_owned(),
        base_path: String::new(),
        public_url: None,
        trusted_proxies: Vec::new(),
        trust_unix: false,
        origins: Vec::new(),
    }
}

const ASK: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn v4_v6_and_unix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d".repeat(100)).join("http.sock");
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    let unix = format!("unix:{}", path.display());
    let stop = CancellationToken::new();
    let all = ["127.0.0.1:0".to_owned(), "[::1]:0".to_owned(), unix.clone()];
    let gateway = start(config(&all), stop.clone()).await.unwrap();
    assert_eq!(gateway.addresses.len(), 3);
    assert!(gateway.addresses[0].starts_with("127.0.0.1:") && !gateway.addresses[0].ends_with(":0"));
    assert!(gateway.addresses[1].starts_with("[::1]:"));
    assert_eq!(gateway.addresses[2], unix);
    for address in &gateway.addresses[..2] {
        let mut stream = within(tokio::net::TcpStream::connect(address)).await.unwrap();
        stream.write_all(ASK).await.unwrap();
        let mut answer = String::new();
        within(stream.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{address}: {answer}");
    }
    // Its path is too long for a socket's address; through its folder it is not.
    let link = folder.path().join("s");
    std::os::unix::fs::symlink(path.parent().unwrap(), &link).unwrap();
    let mut stream = within(tokio::net::UnixStream::connect(link.join("http.sock"))).await.unwrap();
    stream.write_all(ASK).await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    stop.cancel();
    within(gateway.stopped()).await;
    assert!(!path.exists(), "the socket is removed");
}

async fn is_alive(address: &str) -> bool {
    let Ok(mut stream) = within(tokio::net::TcpStream::connect(address)).await else { return false };
    stream.write_all(ASK).await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    answer.starts_with("HTTP/1.1 200")
}

#[tokio::test]
async fn all_interfaces_are_those_of_both_families() {
    let stop = CancellationToken::new();
    let gateway = start(config(&["[::]:0".to_owned()]), stop.clone()).await.unwrap();
    let port = gateway.addresses[0].strip_prefix("[::]:").unwrap().to_owned();
    assert!(is_alive(&format!("127.0.0.1:{port}")).await, "IPv4 too");
    assert!(is_alive(&format!("[::1]:{port}")).await);
    stop.cancel();
    within(gateway.stopped()).await;
    // Both named: each takes its own.
    let both = [format!("0.0.0.0:{port}"), format!("[::]:{port}")];
    let stop = CancellationToken::new();
    let gateway = start(config(&both), stop.clone()).await.unwrap();
    assert_eq!(gateway.addresses, both);
    assert!(is_alive(&format!("127.0.0.1:{port}")).await && is_alive(&format!("[::1]:{port}")).await);
    stop.cancel();
    within(gateway.stopped()).await;
}

#[tokio::test]
async fn idle_connections_keep_nobody_out() {
    let stop = CancellationToken::new();
    let gateway = start(config(&["127.0.0.1:0".to_owned()]), stop.clone()).await.unwrap();
    let mut idle = Vec::new();
    for _ in 0..3_000 {
        let mut stream = within(tokio::net::TcpStream::connect(&gateway.addresses[0])).await.unwrap();
        // The headers of its request never end.
        let _ = stream.write_all(b"GET / HTTP/1.1\r\n").await;
        idle.push(stream);
    }
    assert!(is_alive(&gateway.addresses[0]).await);
    let mut byte = [0; 1];
    let read = within(idle[0].read(&mut byte)).await;
    assert!(matches!(read, Ok(0) | Err(_)), "the oldest had to go");
    let newest = tokio::time::timeout(std::time::Duration::ZERO, idle[2_999].read(&mut byte)).await;
    assert!(newest.is_err(), "the newest did not");
    stop.cancel();
}

#[tokio::test]
async fn a_socket_left_behind_is_taken_over_and_one_in_use_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let unix = [format!("unix:{}", path.display())];
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let stop = CancellationToken::new();
    let gateway = start(config(&unix), stop.clone()).await.unwrap();
    let error = start(config(&unix), stop.clone()).await.err().unwrap().to_string();
    assert!(error.starts_with(&format!("cannot listen on {}: ", unix[0])), "{error}");
    assert!(std::fs::metadata(&path).unwrap().file_type().is_socket());
    stop.cancel();
    within(gateway.stopped()).await;
    // A file of somebody's stays what it is.
    std::fs::write(&path, "precious").unwrap();
    assert!(start(config(&unix), CancellationToken::new()).await.is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[tokio::test]
async fn what_cannot_be_is_said_in_a_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = start(config(std::slice::from_ref(&address)), CancellationToken::new()).await.err().unwrap();
    assert!(error.to_string().starts_with(&format!("cannot listen on {address}: Address already in use")), "{error}");
    let free = ["127.0.0.1:0".to_owned()];
    for (change, words) in [
        ((|c| c.base_path = "/ops/".to_owned()) as fn(&mut Config), "base path"),
        (|c| c.public_url = Some("ops.example.org".to_owned()), "public url"),
        (|c| c.public_url = Some("https://ops.example.org/elsewhere".to_owned()), "another path"),
        (|c| c.origins = vec!["*".to_owned()], "origin"),
        (|c| c.http.clear(), "no address"),
    ] {
        let mut config = config(&free);
        change(&mut config);
        let error = start(config, CancellationToken::new()).await.err().unwrap().to_string();
        assert!(error.contains(words), "{error}");
    }
}
