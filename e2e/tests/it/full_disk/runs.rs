//! Runs whose output fills a disk: their host's, or only that of the core.

use serde_json::json;

use super::{are_words, disk, is_alive, post};
use crate::command::{done, wardroom};
use crate::small_disk::SmallDisk;
use crate::test_server::{Spool, TestServer};

#[tokio::test]
async fn a_run_that_fills_the_disk_is_ended_in_words() {
    let server = TestServer::on(SmallDisk::of_megabytes(200), Spool::There);
    let token = server.add_user("ann", "operator").await;
    let watcher = server.add_user("ben", "member").await;
    let mut ben = server.connect(&watcher).await;
    ben.ask(json!({"t":"room.open","room":"general","last":0})).await;
    let mut run = wardroom(&server, &token, &["run", "general", "--", "yes", &"filling the disk ".repeat(200)]);
    run.stdout(std::process::Stdio::null());
    let ended = done(run).await;
    assert_ne!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.contains("disk"), "{}", ended.err);
    let end = loop {
        let event = ben.next_of("event").await;
        if event["kind"] == "run.ended" {
            break event;
        }
    };
    assert!(end["exit"]["lost"].as_str().is_some_and(|why| why.contains("disk")), "{end}");
    assert_eq!((&end["truncated"], &end["left"]), (&json!(true), &json!(0)), "{end}");
    // The core stays up, and so does the host.
    is_alive(&mut ben).await;
    let mut ann = server.connect(&token).await;
    assert_eq!(post(&mut ann, "it goes on").await["t"], "ok");
    let next = done(wardroom(&server, &token, &["run", "general", "--", "sh", "-c", "echo still here; exit 3"])).await;
    assert_eq!((next.text().as_str(), next.code), ("still here\n", Some(3)), "{}", next.err);
    // What was kept of it can be read.
    let mut reader = server.connect(&watcher).await;
    reader.ask(json!({"t":"run.watch","run":end["run"],"window":1024})).await;
    assert_eq!(reader.next_of("run.output").await["off"], 0);
}

#[tokio::test]
async fn output_that_the_core_cannot_keep_waits_at_the_host_and_this_is_said() {
    let server = TestServer::on(SmallDisk::of_megabytes(48), Spool::Elsewhere);
    let token = server.add_user("ann", "operator").await;
    let mut ann = server.connect(&token).await;
    disk(&server).leave(4 << 20);
    let start = json!({"t":"run.start","room":"general","nonce":"r1","cmd":"head -c 20000000 /dev/zero; exit 3"});
    let run = ann.ask(start).await["run"].clone();
    ann.ask(json!({"t":"run.watch","run":run,"window":1_048_576})).await;
    let mut bytes = 0;
    let mut words = None;
    let end = loop {
        let (told, frame) = ann.next().await.unwrap();
        match told["t"].as_str().unwrap() {
            "run.output" => {
                assert_eq!(told["off"], bytes, "without a gap");
                bytes += frame.body.len() as u64;
                ann.send(&json!({"t":"run.ack","run":run,"off":bytes}), &[]).await.unwrap();
            }
            "notice" => {
                let text = told["text"].as_str().unwrap().to_owned();
                are_words(&text);
                assert!(words.replace(text).is_none(), "said once");
                assert!(bytes < 20_000_000);
                is_alive(&mut server.connect(&token).await).await;
                disk(&server).free();
            }
            "run.end" => break told,
            _ => {}
        }
    };
    assert!(words.is_some(), "it is said");
    assert_eq!((&end["exit"]["code"], &end["bytes"], bytes), (&json!(3), &json!(20_000_000), 20_000_000), "{end}");
}
