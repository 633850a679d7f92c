//! A clock that is set while the core runs: by NTP after a resume, by an administrator, by a virtual machine that was paused.
//! libfaketime steps the wall clock of the core's process; the monotonic clock goes on as it is.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::test_server::{Process, TestServer, binary};

/// Far more than the silence after which a connection counts as dead.
const STEPS_S: [i64; 4] = [60, 3_600, -3_600, 0];

/// The binary, with a wall clock that is as many seconds off as the file says.
fn with_clock(file: &Path) -> Command {
    let library = Command::new("faketime").args(["-m", "now", "sh", "-c", "echo $LD_PRELOAD"]).output().unwrap();
    let library = String::from_utf8(library.stdout).unwrap();
    assert!(library.contains("libfaketime"), "faketime names its library: {library}");
    let mut command = Command::new(binary());
    command
        .env("LD_PRELOAD", library.trim())
        .env("FAKETIME_TIMESTAMP_FILE", file)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    command
}

fn now_s() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

#[tokio::test]
async fn a_step_of_the_clock_disconnects_nobody() {
    let mut server = TestServer::start();
    let clock = server.folder.path().join("clock");
    std::fs::write(&clock, "+0\n").unwrap();
    server.core.kill_9();
    let data = server.data.display().to_string();
    server.core = Process::start_as(with_clock(&clock), &["core", "--data", &data, "--tcp", &server.tcp]);
    // It signs in to the new core, and its connection is one of those that must last.
    server.restart_host();
    let token = server.add_user("ann", "operator").await;
    let mut ann = server.connect(&token).await;
    ann.ask(json!({"t":"room.open","room":"general","last":0})).await;
    for (nth, step) in STEPS_S.iter().enumerate() {
        std::fs::write(&clock, format!("{step:+}\n")).unwrap();
        // Three seconds in which the core looks for silent connections; the link to the host has to outlive them too.
        let script = "for n in 1 2 3; do echo $n; sleep 1; done";
        let run = json!({"t":"run.start","room":"general","argv":["sh","-c",script],"nonce":format!("r{nth}")});
        ann.ask(run).await;
        let ended = loop {
            let event = ann.next_of("event").await;
            if event["kind"] == "run.ended" {
                break event;
            }
        };
        assert_eq!(ended["exit"]["code"], 0, "after a step of {step} s: {ended}");
        let off_s = ended["at"].as_i64().unwrap() / 1_000 - now_s();
        assert!((off_s - step).abs() <= 5, "the core's clock is off by {off_s} s, not {step}");
    }
}
