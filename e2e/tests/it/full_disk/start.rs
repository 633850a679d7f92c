//! Starting where nothing can be written.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{are_words, disk, is_said, post, post_until_refused, timeline};
use crate::browser::retry;
use crate::command::done;
use crate::small_disk::SmallDisk;
use crate::test_server::{Process, Spool, TestServer, binary};

#[tokio::test]
async fn a_core_that_starts_on_a_full_disk_can_be_read() {
    let mut server = TestServer::on(SmallDisk::of_megabytes(24), Spool::There);
    let token = server.add_user("ann", "operator").await;
    server.add_user("root", "admin").await;
    let mut ann = server.connect(&token).await;
    let mut places = BTreeMap::new();
    for n in 0..20 {
        let text = format!("before-{n}");
        places.insert(post(&mut ann, &text).await["seq"].as_u64().unwrap(), text);
    }
    disk(&server).fill();
    let (refused, _) = post_until_refused(&mut ann, "full", &mut places).await;
    server.restart_core();
    assert_eq!(timeline(&server, &token).await, places);
    let mut ann = server.connect(&token).await;
    is_said(&post(&mut ann, &refused).await);
    disk(&server).free();
    let answer = post(&mut ann, &refused).await;
    places.insert(answer["seq"].as_u64().expect("there is space again"), refused);
    assert_eq!(timeline(&server, &token).await, places);
}

/// `wardroom serve` in this folder of the disk.
fn serve(disk: &SmallDisk, data: &Path) -> tokio::process::Command {
    let mut serve = disk.enter(&binary());
    serve.arg("serve").arg("--data").arg(data).args(["--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    serve.env("RUST_LOG", "off");
    serve.into()
}

#[tokio::test]
async fn a_server_on_a_full_disk_says_so_and_begins_once_there_is_space() {
    let disk = SmallDisk::of_megabytes(2);
    let data = disk.path().join("data");
    // At each step of its first start the disk may be found full: nothing that is left there keeps the next one.
    for free_bytes in [0, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128].map(|kib| kib << 10) {
        disk.leave(free_bytes);
        let began = Instant::now();
        let mut serve = serve(&disk, &data);
        serve.kill_on_drop(true);
        let ended = done(serve).await;
        assert_eq!(ended.code, Some(1), "{free_bytes}: {ended:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "{free_bytes}: it says so at once");
        assert_eq!(ended.err.lines().count(), 1, "{free_bytes}: {}", ended.err);
        are_words(&ended.err);
        assert!(ended.err.contains(&data.display().to_string()), "{free_bytes}: {}", ended.err);
    }
    disk.free();
    let mut command = disk.enter(&binary());
    command.env("RUST_LOG", "off");
    let data = data.display().to_string();
    let server =
        Process::start_as(command, &["serve", "--data", &data, "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    retry("the server", async || tokio::net::TcpStream::connect(server.at("tcp")).await.ok()).await;
    // In order, so that its host goes with it.
    server.stop();
    // The database's shared memory is a file too, and there is no room for it.
    disk.fill();
    let began_again = done(serve(&disk, &disk.path().join("data"))).await;
    assert_eq!((began_again.code, began_again.err.lines().count()), (Some(1), 1), "{began_again:?}");
    are_words(&began_again.err);
}
