//! The connection itself: hello, pings, refusals, nonsense, and coming back.

use wardroom_protocol::Code;
use wardroom_protocol::messages::{ErrAnswer, Goaway};

use crate::fake_core::{FakeCore, shell};
use crate::host_process::{Place, all};

#[tokio::test]
async fn the_hello_says_who_and_what() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    let _host = place.host(&core);
    let link = core.accept().await;
    let hello = &link.hello;
    assert_eq!((hello.v, hello.host.as_deref(), hello.key.as_ref().map(String::len)), (1, Some("local"), Some(64)));
    assert!(hello.runs.is_empty() && hello.token.is_none());
    assert!(hello.version.as_ref().is_some_and(|version| version.starts_with("wardroom/")), "{hello:?}");
    let instance = hello.instance.clone().unwrap();
    drop(link);
    assert_eq!(core.accept().await.hello.instance, Some(instance), "the same process");
}

#[tokio::test]
async fn a_long_socket_path_is_reached() {
    let place = Place::new();
    let folder = place.path().join("a-name-that-is-long-enough/".repeat(5));
    std::fs::create_dir_all(&folder).unwrap();
    // Bound under a short name, and moved.
    let short = place.path().join("s");
    let listener = tokio::net::UnixListener::bind(&short).unwrap();
    let long = folder.join("core.sock");
    std::fs::rename(&short, &long).unwrap();
    let core = FakeCore::Unix(listener, format!("unix:{}", long.display()));
    let _host = place.host(&core);
    let mut link = core.welcomed().await;
    assert_eq!(link.run(&shell("echo x")).await.text(1), "x\n");
}

#[tokio::test]
async fn a_host_that_is_refused_or_sent_away_comes_back() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    let _host = place.host(&core);
    let mut link = core.accept().await;
    let msg = "the host key is wrong".to_owned();
    link.send(&ErrAnswer { code: Some(Code::Unauthorized), msg, ..ErrAnswer::default() }).await;
    let mut link = core.welcomed().await;
    link.send(&Goaway { reason: "restart".to_owned(), retry_ms: Some(1) }).await;
    let mut link = core.welcomed().await;
    link.write_raw(b"this is no frame\n").await;
    let mut link = core.welcomed().await;
    link.write_raw(b"{\"t\":\"host.start\",\"run\":7}\n").await;
    let mut link = core.welcomed().await;
    assert_eq!(link.run(&shell("echo still")).await.text(1), "still\n");
}

#[tokio::test]
async fn a_host_starts_before_its_core() {
    let place = Place::new();
    let path = place.path().join("core.sock");
    // Nothing listens there: a socket file whose owner has gone.
    drop(FakeCore::unix(&path));
    let nobody = FakeCore::Unix(
        tokio::net::UnixListener::bind(place.path().join("other")).unwrap(),
        format!("unix:{}", path.display()),
    );
    let _host = place.host(&nobody);
    std::fs::remove_file(&path).unwrap();
    let core = FakeCore::unix(&path);
    core.welcomed().await;
}

#[tokio::test]
async fn pings_are_answered_and_what_is_not_known_is_passed_over() {
    let (_place, _core, _host, mut link) = all().await;
    link.write_raw(b"# a comment\n\n{\"t\":\"host.later\",\"x\":1}\n{\"t\":\"pong\",\"n\":3}\n").await;
    link.write_raw(b"{\"t\":\"host.later\",\"len\":3}\nabc").await;
    assert!(link.flush().await.is_empty());
}

#[tokio::test]
async fn frames_that_come_byte_by_byte_are_understood() {
    let (_place, _core, _host, mut link) = all().await;
    let start = shell("echo x");
    let frame = wardroom_protocol::frame::encode(wardroom_protocol::frame::Number::None, &start);
    for byte in frame.iter() {
        link.write_raw(&[*byte]).await;
    }
    assert_eq!(link.whole(start.run, 0).await.text(1), "x\n");
}
