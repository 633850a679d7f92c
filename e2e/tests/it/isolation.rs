//! `wardroom serve` as it is deployed: whoever may run commands is not its administrator.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::test_server::{Process, add_user};
use crate::wire::Wire;

/// Runs a command of the shell, and returns what it printed on standard output.
async fn printed(wire: &mut Wire, cmd: &str, nonce: &str) -> (String, Value) {
    printed_in(wire, &[], cmd, nonce).await
}

async fn printed_in(wire: &mut Wire, sandbox: &[&str], cmd: &str, nonce: &str) -> (String, Value) {
    let start = json!({"t":"run.start","room":"general","cmd":cmd,"sandbox":sandbox,"nonce":nonce});
    let started = wire.ask(start).await;
    wire.ask(json!({"t":"run.watch","run":started["run"]})).await;
    let mut text = String::new();
    loop {
        let (line, frame) = wire.next().await.unwrap();
        match line["t"].as_str() {
            Some("run.output") if line["fd"] == 1 => text.push_str(&String::from_utf8_lossy(&frame.body)),
            Some("run.end") => return (text, line["exit"].clone()),
            _ => {}
        }
    }
}

/// Starts `wardroom serve` with a data folder in this one, and signs an operator in.
async fn serve(folder: &Path) -> (PathBuf, Process, Wire) {
    let data = folder.join("data");
    let args = ["serve", "--data", data.to_str().unwrap(), "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    let serve = Process::start(&args);
    let token = add_user(&data, "ann", "operator").await;
    let wire = Wire::signed_in(&serve.at("tcp"), &token).await;
    (data, serve, wire)
}

#[tokio::test]
async fn an_operator_does_not_become_an_administrator() {
    let folder = tempfile::tempdir().unwrap();
    let (data, mut serve, mut wire) = serve(folder.path()).await;
    let path = data.display();
    let keys = std::fs::read_to_string(data.join("keys/admin.key")).unwrap();
    let cmd = format!("cat {path}/keys/admin.key {path}/wardroom.db {path}/host/*/meta.json; ls -R {path}; exit 0");
    let (text, exit) = printed(&mut wire, &cmd, "i1").await;
    assert!(!text.contains(keys.trim()) && !text.contains("SQLite format"), "{text}");
    assert_eq!(exit, json!({"code":0}));
    // The same with a command that is told to find its way by the processes of the server.
    let cmd = "for p in /proc/[0-9]*; do cat $p/root$0 2>/dev/null; done; exit 0"
        .replace("$0", &format!("{path}/keys/admin.key"));
    let (text, _) = printed(&mut wire, &cmd, "i2").await;
    let is_root = rustix::process::getuid().is_root();
    assert!(is_root || !text.contains(keys.trim()), "a process of the server shows its files");
    serve.kill_9();
}

#[tokio::test]
async fn without_isolation_the_server_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data").to_str().unwrap().to_owned();
    let mut command = std::process::Command::new(crate::test_server::binary());
    command.args(["serve", "--data", &path, "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--isolation", "none"]);
    command.env("RUST_LOG", "warn").stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let mut serve = command.spawn().unwrap();
    let said = std::io::BufReader::new(serve.stderr.take().unwrap());
    let warned =
        std::io::BufRead::lines(said).map_while(Result::ok).any(|line| line.contains("commands are not isolated"));
    serve.kill().unwrap();
    serve.wait().unwrap();
    assert!(warned);
}

#[tokio::test]
async fn a_run_is_started_in_a_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    let (_data, mut serve, mut wire) = serve(folder.path()).await;
    let made = folder.path().join("made");
    let cmd = format!("touch {}; tail -n +3 /proc/net/dev | cut -d: -f1", made.display());
    let (text, exit) = printed_in(&mut wire, &["no-network", "read-only"], &cmd, "s1").await;
    assert_eq!((text.trim(), exit), ("lo", json!({"code":0})));
    assert!(!made.exists());
    printed(&mut wire, &cmd, "s2").await;
    assert!(made.exists());
    serve.kill_9();
}
