//! Values of variables and secrets: on no record of the core, and gone with it.

use std::path::Path;

use serde_json::json;

use crate::common::TestCore;
use crate::fake_host::{FakeHost, watch};

const SECRET: &str = "hunter2-correct-horse";
const VALUE: &str = "value-of-a-variable";

async fn core() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator")]).await;
    core
}

/// The files below a folder that contain this text.
fn found_in(folder: &Path, text: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(found_in(&path, text));
        } else if kind.is_file()
            && std::fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
        {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn the_room_sees_the_names_of_secrets_and_the_limits() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.open","room":"general","last":0})).await;
    let ask = |secrets: serde_json::Value, nonce: &str| json!({"t":"run.start","room":"general","cmd":"deploy","secrets":secrets,"limits":{"cpu_s":60},"nonce":nonce});
    ann.ask(ask(json!({"TOKEN": SECRET, "KEY": SECRET}), "n1")).await;
    host.start().await;
    let event = ann.next_of("event").await;
    assert_eq!((&event["secrets"], &event["limits"]), (&json!(["KEY", "TOKEN"]), &json!({"cpu_s":60})), "{event}");
    assert!(!event.to_string().contains(SECRET), "{event}");
}

#[tokio::test]
async fn values_are_in_no_file_of_the_core() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let ask = json!({"t":"run.start","room":"general","cmd":"deploy","env":{"CI":VALUE},"secrets":{"TOKEN":SECRET},
        "nonce":"n1"});
    let first = ann.ask(ask.clone()).await;
    let run = first["run"].as_str().unwrap().to_owned();
    // A host that has not confirmed the run gets it again, complete.
    let order = host.client.next_of("host.start").await;
    assert_eq!((&order["env"]["CI"], &order["secrets"]["TOKEN"]), (&json!(VALUE), &json!(SECRET)));
    drop(host);
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let order = host.start().await;
    assert_eq!((&order["env"]["CI"], &order["secrets"]["TOKEN"]), (&json!(VALUE), &json!(SECRET)));
    // A retry is compared by the names.
    assert_eq!(ann.ask(ask.clone()).await["run"], first["run"]);
    let mut other = ask.clone();
    other["secrets"] = json!({"OTHER": SECRET});
    ann.refused(other, "conflict").await;
    for text in [SECRET, VALUE] {
        assert_eq!(found_in(&core.folder(), text), Vec::<std::path::PathBuf>::new(), "while it runs");
    }
    host.end_and_forget(&run, 0).await;
    let folder = core.stop().await;
    for text in [SECRET, VALUE] {
        assert_eq!(found_in(folder.path(), text), Vec::<std::path::PathBuf>::new(), "afterwards");
    }
    let conn = rusqlite::Connection::open(folder.path().join("data/wardroom.db")).unwrap();
    let request: String = conn.query_row("SELECT request FROM runs", [], |row| row.get(0)).unwrap();
    assert!(request.contains("CI") && request.contains("TOKEN"), "{request}");
}

#[tokio::test]
async fn a_run_whose_values_are_gone_is_not_started() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let start = |cmd: &str, nonce: &str| json!({"t":"run.start","room":"general","cmd":cmd,"secrets":{"TOKEN":SECRET},"nonce":nonce});
    let lost = ann.ask(start("deploy", "n1")).await["run"].as_str().unwrap().to_owned();
    let held = ann.ask(start("build", "n2")).await["run"].as_str().unwrap().to_owned();
    // The host has neither confirmed by the time the core goes.
    host.client.next_of("host.start").await;
    host.client.next_of("host.start").await;
    let core = TestCore::on(core.stop().await).await;
    let mut host = FakeHost::come(&core, "local", &[(&held, 0)]).await;
    let mut ann = core.sign_in("ann").await;
    let end = watch(&mut ann, &lost, 0).await.end.unwrap();
    let why = end["exit"]["failed"].as_str().unwrap();
    assert!(why.contains("run it again"), "{why}");
    // The other one was with its host, and goes on.
    host.end(&held, 0, json!({"code":0})).await;
    assert_eq!(watch(&mut ann, &held, 0).await.end.unwrap()["exit"], json!({"code":0}));
}

#[tokio::test]
async fn values_of_an_older_database_are_removed() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let ask = json!({"t":"run.start","room":"general","cmd":"deploy","env":{"CI":VALUE},"nonce":"n1"});
    let run = ann.ask(ask.clone()).await["run"].as_str().unwrap().to_owned();
    host.start().await;
    host.end_and_forget(&run, 0).await;
    let folder = core.stop().await;
    let path = folder.path().join("data/wardroom.db");
    // As version 10 kept it.
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute_batch(&format!(
        "UPDATE runs SET request = json_set(json_remove(request, '$.env_names'), '$.env', json('{{\"CI\":\"{VALUE}\"}}'));
         DROP TABLE commands; ALTER TABLE runs DROP COLUMN command;
         DROP TABLE proposals; ALTER TABLE rooms DROP COLUMN approve; DELETE FROM ids WHERE of = 'proposals';
         DROP INDEX runs_lane_of; ALTER TABLE runs DROP COLUMN lane_of;
         DROP TABLE rules; DELETE FROM ids WHERE of = 'rules';
         PRAGMA user_version = 10; PRAGMA wal_checkpoint(TRUNCATE);"
    ))
    .unwrap();
    drop(conn);
    assert!(!found_in(folder.path(), VALUE).is_empty());
    let core = TestCore::on(folder).await;
    let mut ann = core.sign_in("ann").await;
    let _host = FakeHost::come(&core, "local", &[]).await;
    assert_eq!(ann.ask(ask).await["run"], run, "a retry is still one");
    let folder = core.stop().await;
    assert_eq!(found_in(folder.path(), VALUE), Vec::<std::path::PathBuf>::new());
}
