//! HTTP: a download and an upload through the gateway.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{BIG, Cause, Fate, Ground, fates};
use crate::common::DEADLINE;

/// A request whose body may follow.
async fn request(ground: &Ground, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&ground.http).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// What comes up to and with the empty line behind a head.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = tokio::time::timeout(DEADLINE, stream.read_u8()).await.unwrap();
        head.push(byte.unwrap_or_else(|e| panic!("{e} after {}", String::from_utf8_lossy(&head))));
    }
    String::from_utf8(head).unwrap()
}

async fn gets(ground: &mut Ground, cause: Cause, user: &str, token: &str) {
    let ask = format!(
        "GET /files/room/ops/big HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n",
        ground.http
    );
    let mut stream = request(ground, &ask).await;
    let head = head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains(&format!("content-length: {BIG}\r\n")), "{head}");
    ground.strike(cause, user, token).await;
    let (mut got, mut block) = (0, vec![0; 1 << 20]);
    // An error ends it too: what counts is whether the client could take it for the whole.
    while let Ok(count @ 1..) = tokio::time::timeout(DEADLINE, stream.read(&mut block)).await.unwrap() {
        got += count as u64;
    }
    match fates(cause).0 {
        Fate::GoesOn => assert_eq!(got, BIG, "{cause:?}"),
        Fate::Refused(_) | Fate::Closed => assert!(got < BIG, "{cause:?}: the body is whole"),
    }
}

async fn puts(ground: &mut Ground, cause: Cause, user: &str, token: &str) {
    let ask = format!(
        "PUT /files/room/ops/{user} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Length: 10\r\n\
         Expect: 100-continue\r\nConnection: close\r\n\r\n",
        ground.http
    );
    let mut stream = request(ground, &ask).await;
    // The core has granted it by then.
    let granted = head(&mut stream).await;
    assert!(granted.starts_with("HTTP/1.1 100 "), "{granted}");
    ground.strike(cause, user, token).await;
    // Refused early it may be closed by now.
    drop(stream.write_all(b"firstsecon").await);
    let answer = head(&mut stream).await;
    let status: u16 = answer.split(' ').nth(1).unwrap().parse().unwrap();
    match fates(cause).1 {
        Fate::Refused("not_found") => assert_eq!(status, 404, "{answer}"),
        Fate::Refused(_) => assert_eq!(status, 403, "{answer}"),
        _ => assert!(status >= 400, "{cause:?}: {answer}"),
    }
    assert!(!ground.files().await.contains(&user.to_owned()), "{cause:?}");
}

async fn over_http(cause: Cause) {
    let mut ground = Ground::start().await;
    let token = ground.add("gus").await;
    gets(&mut ground, cause, "gus", &token).await;
    let token = ground.add("pete").await;
    puts(&mut ground, cause, "pete", &token).await;
}

#[tokio::test]
async fn who_is_removed() {
    over_http(Cause::Removed).await;
}

#[tokio::test]
async fn whose_session_ends() {
    over_http(Cause::SessionEnded).await;
}

#[tokio::test]
async fn whose_account_is_closed() {
    over_http(Cause::Disabled).await;
}

#[tokio::test]
async fn whose_password_is_changed() {
    over_http(Cause::PasswordChanged).await;
}

#[tokio::test]
async fn who_becomes_a_reader() {
    over_http(Cause::Reader).await;
}

#[tokio::test]
async fn who_becomes_a_viewer() {
    over_http(Cause::Viewer).await;
}
