//! Behind Debian's own nginx and Caddy, at the root and under `/ops/`: page, sign-in, chat, a run, an upload and a
//! download; and the client's real address in the audit.

use crate::browser::Browser;
use crate::command::{Done, done};
use crate::proxy::{Proxy, free_port};
use crate::test_server::TestServer;

/// What every proxy must let through.
async fn everything_works(server: &TestServer, token: &str, url: &str, name: &str) {
    let browser = Browser::start(1024, 768).await;
    browser.sign_in(url, "ann").await;
    browser.open_room("general").await;
    browser.say("through the proxy").await;
    browser.until("through the proxy").await;
    browser.say("$ echo from $((40 + 2))").await;
    browser.until("from 42").await;
    browser.shoot(name).await;
    browser.end().await;

    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("up.bin");
    // More than nginx lets through unless it is told to.
    let mut noise = vec![0u8; 5_000_000];
    blake3::Hasher::new().update(name.as_bytes()).finalize_xof().fill(&mut noise);
    std::fs::write(&source, &noise).unwrap();
    let file = format!("{url}files/room/general/{name}.bin");
    let up = curl(token, &["-T", &source.to_string_lossy(), &file]).await;
    assert_eq!(up.code, Some(0), "{}", up.err);
    let down = curl(token, &[&file]).await;
    assert_eq!(down.code, Some(0), "{}", down.err);
    assert!(down.out == noise, "the same bytes come back");
    let ready = curl(token, &[&format!("{url}readyz")]).await;
    assert_eq!(ready.code, Some(0), "{}", ready.err);
    let addresses = audit_addresses(server);
    assert!(addresses.iter().any(|address| address.starts_with("127.0.0.")), "{addresses:?}");
}

async fn curl(token: &str, args: &[&str]) -> Done {
    let mut curl = tokio::process::Command::new("curl");
    // From an address of its own, which is to be found in the audit.
    curl.args(["-sSf", "--interface", "127.0.0.77", "-H", &format!("Authorization: Bearer {token}")]).args(args);
    done(curl).await
}

/// The addresses of the audit's lines.
fn audit_addresses(server: &TestServer) -> Vec<String> {
    let path = server.data.join("wardroom.db");
    let database = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut lines = database.prepare("SELECT address FROM audit").unwrap();
    lines.query_map([], |line| line.get(0)).unwrap().map(Result::unwrap).collect()
}

async fn server_behind(port: u16, base: &str) -> (TestServer, String, String) {
    let public = format!("http://127.0.0.1:{port}");
    let mut args = vec!["--trusted-proxy", "127.0.0.1/32", "--public-url", &public];
    if !base.is_empty() {
        args.extend(["--base-path", base]);
    }
    let server = TestServer::with(&args);
    let token = server.add_user("ann", "operator").await;
    (server, token, format!("{public}{base}/"))
}

async fn real_address_is_in_the_audit(server: &TestServer, token: &str, url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("address.txt");
    std::fs::write(&source, "from where").unwrap();
    // What a client claims about itself is not believed.
    let file = format!("{url}files/room/general/address.txt");
    let up = curl(token, &["-H", "X-Forwarded-For: 198.51.100.1", "-T", &source.to_string_lossy(), &file]).await;
    assert_eq!(up.code, Some(0), "{}", up.err);
    let addresses = audit_addresses(server);
    assert!(addresses.iter().any(|address| address.starts_with("127.0.0.77")), "{addresses:?}");
    assert!(!addresses.iter().any(|address| address.starts_with("198.51.100.1")), "{addresses:?}");
}

#[tokio::test]
async fn nginx_at_the_root() {
    let port = free_port();
    let (server, token, url) = server_behind(port, "").await;
    let proxy = Proxy::nginx("nginx.conf", port, &server.http).await;
    everything_works(&server, &token, &url, "nginx-root").await;
    real_address_is_in_the_audit(&server, &token, &url).await;
    drop(proxy);
}

#[tokio::test]
async fn nginx_under_ops() {
    let port = free_port();
    let (server, token, url) = server_behind(port, "/ops").await;
    let proxy = Proxy::nginx("nginx-ops.conf", port, &server.http).await;
    everything_works(&server, &token, &url, "nginx-ops").await;
    real_address_is_in_the_audit(&server, &token, &url).await;
    drop(proxy);
}

#[tokio::test]
async fn caddy_at_the_root() {
    let port = free_port();
    let (server, token, url) = server_behind(port, "").await;
    let proxy = Proxy::caddy("Caddyfile", port, &server.http).await;
    everything_works(&server, &token, &url, "caddy-root").await;
    real_address_is_in_the_audit(&server, &token, &url).await;
    drop(proxy);
}

#[tokio::test]
async fn caddy_under_ops() {
    let port = free_port();
    let (server, token, url) = server_behind(port, "/ops").await;
    let proxy = Proxy::caddy("Caddyfile-ops", port, &server.http).await;
    everything_works(&server, &token, &url, "caddy-ops").await;
    real_address_is_in_the_audit(&server, &token, &url).await;
    drop(proxy);
}
