//! Hosts that do not return: after a while, or at once if somebody says so, their runs are lost.

use std::time::Duration;

use serde_json::{Value, json};

use crate::common::TestCore;
use crate::fake_host::{FakeHost, start, watch};

/// Short, but long enough for a host to come within it.
const SOON: Duration = Duration::from_secs(2);

async fn core(host_lost_after: Duration) -> TestCore {
    let core = TestCore::losing_after(tempfile::tempdir().unwrap(), host_lost_after).await;
    core.add_users(&[("ann", "operator"), ("ben", "member")]).await;
    core
}

/// A host that comes with this spool, and holds these runs.
async fn come(core: &TestCore, spool: &str, runs: &[&str]) -> FakeHost {
    let key = crate::common::read_key(&core.folder(), "host.key");
    let runs: Vec<_> = runs.iter().map(|run| json!({"run":run,"bytes":0,"ended":false})).collect();
    let hello = json!({"t":"host.hello","v":1,"key":key,"host":"local","spool":spool,"runs":runs});
    FakeHost::say(core, hello).await.unwrap()
}

#[tokio::test]
async fn the_runs_of_a_host_that_stays_away_are_lost_and_no_others() {
    let core = core(SOON).await;
    let mut local = FakeHost::come(&core, "local", &[]).await;
    let mut build = FakeHost::come(&core, "build", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "deploy", "n1").await;
    local.start().await;
    let ask = json!({"t":"run.start","room":"general","cmd":"x","host":"build","nonce":"n2"});
    let other = ann.ask(ask).await["run"].as_str().unwrap().to_owned();
    build.start().await;
    drop(local);
    let end = watch(&mut ann, &run, 0).await.end.unwrap();
    assert_eq!(end["exit"], json!({"lost":"its host local has been away for 2 seconds"}));
    assert!(ann.ask(json!({"t":"run.get","run":other})).await["exit"].is_null());
    build.end_and_forget(&other, 0).await;
}

#[tokio::test]
async fn a_host_that_returns_with_a_lost_run_stops_it_and_the_room_is_told() {
    let core = core(Duration::from_secs(86_400)).await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "deploy", "n1").await;
    host.start().await;
    host.output(&run, 1, 0, b"so far").await;
    host.acked(&run, 6).await;
    drop(host);
    ann.ask(json!({"t":"run.lose","run":run})).await;
    let core = TestCore::on(core.stop().await).await;
    let mut ann = core.sign_in("ann").await;
    // Twice: the first time the connection breaks before the run has ended.
    for _ in 0..2 {
        let mut host = FakeHost::come(&core, "local", &[(&run, 20)]).await;
        assert_eq!(host.welcome["runs"], json!([{"run": run, "from": 9_007_199_254_740_991_u64}]), "no output");
        let told = host.client.next_of("host.signal").await;
        assert_eq!((&told["run"], &told["signal"], &told["by"]), (&json!(run), &json!("TERM"), &json!("system")));
    }
    let mut host = FakeHost::come(&core, "local", &[(&run, 20)]).await;
    host.client.send(json!({"t":"host.started","run":run,"pid":4711}), &[]).await;
    let exit = json!({"stopped_by":"system","signal":"TERM"});
    let ended = json!({"t":"host.ended","run":run,"exit":exit,"bytes":20,"ms":99,"left":1,"ended":["sleep 99"]});
    host.client.send(ended.clone(), &[]).await;
    assert_eq!(host.client.next_of("host.forget").await["run"], run);
    // Said again, because the connection broke before it was forgotten.
    host.client.send(ended, &[]).await;
    assert_eq!(host.client.next_of("host.forget").await["run"], run);
    let page = ann.ask(json!({"t":"room.history","room":"general"})).await;
    let ends: Vec<_> = page["events"].as_array().unwrap().iter().filter(|e| e["kind"] == "run.ended").collect();
    assert_eq!(ends.len(), 2, "{page}");
    let late = ends[1];
    assert_eq!((&late["late"], &late["exit"], &late["left"]), (&json!(true), &exit, &json!(1)), "{late}");
    assert_eq!((&late["ended"], &late["bytes"], &late["truncated"]), (&json!(["sleep 99"]), &json!(6), &json!(true)));
    assert!(ends[0].get("late").is_none());
    let info = ann.ask(json!({"t":"run.get","run":run})).await;
    assert_eq!((&info["exit"], &info["ms"]), (&exit, &json!(99)), "the truth is on record");
    // Whoever watches gets what there is, and its end.
    let watched = watch(&mut ann, &run, 0).await;
    assert_eq!((watched.text(), &watched.end.unwrap()["exit"]), (vec![(1, "so far".to_owned())], &exit));
    // Another host has no say in it.
    let host = FakeHost::come(&core, "build", &[(&run, 20)]).await;
    assert_eq!(host.welcome["runs"], json!([]));
}

#[tokio::test]
async fn how_long_a_host_has_been_away_is_known_after_a_restart() {
    let core = core(Duration::from_secs(86_400)).await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let (old, new) = (start(&mut ann, "old", "n1").await, start(&mut ann, "new", "n2").await);
    host.start().await;
    host.start().await;
    drop(host);
    let data = core.stop().await;
    let conn = rusqlite::Connection::open(data.path().join("data/wardroom.db")).unwrap();
    let an_hour_ago = "UPDATE runs SET away = (strftime('%s', 'now') - 3600) * 1000 WHERE id = ?1";
    assert_eq!(conn.execute(an_hour_ago, [&old]).unwrap(), 1);
    drop(conn);
    let core = TestCore::losing_after(data, Duration::from_secs(5)).await;
    let mut ann = core.sign_in("ann").await;
    let end = watch(&mut ann, &old, 0).await.end.unwrap();
    assert!(end["exit"]["lost"].as_str().unwrap().contains("away for 5 seconds"), "{end}");
    assert!(ann.ask(json!({"t":"run.get","run":new})).await["exit"].is_null(), "it has only just been noticed");
    let noted = watch(&mut ann, &new, 0).await.end.unwrap();
    assert!(noted["exit"]["lost"].is_string(), "{noted}");
    let conn = rusqlite::Connection::open(core.folder().join("wardroom.db")).unwrap();
    let away: Option<i64> = conn.query_row("SELECT away FROM runs WHERE id = ?1", [&new], |row| row.get(0)).unwrap();
    assert!(away.is_some(), "the next core would know it");
}

#[tokio::test]
async fn a_run_is_lost_at_once_if_somebody_says_so_while_its_host_is_away() {
    let core = core(Duration::from_secs(86_400)).await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    let run = start(&mut ann, "deploy", "n1").await;
    host.start().await;
    let lose = json!({"t":"run.lose","run":run});
    ben.refused(lose.clone(), "forbidden").await;
    let refused = ann.refused(lose.clone(), "conflict").await;
    assert!(refused["msg"].as_str().unwrap().contains("the host local is connected"), "{refused}");
    host.output(&run, 1, 0, b"so far").await;
    host.acked(&run, 6).await;
    drop(host);
    let refused = ann.refused(json!({"t":"run.signal","run":run,"signal":"TERM"}), "busy").await;
    assert!(refused["msg"].as_str().unwrap().contains("/lose r1"), "{refused}");
    ben.refused(lose.clone(), "forbidden").await;
    ann.ask(lose.clone()).await;
    let info = ann.ask(json!({"t":"run.get","run":run})).await;
    assert_eq!(info["exit"], json!({"lost":"ann gave it up while local was away"}));
    assert_eq!(watch(&mut ann, &run, 0).await.text(), [(1, "so far".to_owned())], "what came is kept");
    ann.refused(lose, "conflict").await;
    ann.refused(json!({"t":"run.lose","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}), "not_found").await;
}

#[tokio::test]
async fn a_host_with_another_spool_neither_starts_nor_loses_the_runs_of_the_first() {
    let core = core(Duration::from_secs(86_400)).await;
    let mut first = come(&core, "aa", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let (told, begun) = (start(&mut ann, "told", "n1").await, start(&mut ann, "begun", "n2").await);
    first.client.next_of("host.start").await;
    first.start().await;
    first.client.send(json!({"t":"ping","n":1}), &[]).await;
    first.client.next_of("pong").await;
    drop(first);
    let mut second = come(&core, "bb", &[]).await;
    assert_eq!(second.welcome["runs"], json!([]));
    let next = start(&mut ann, "next", "n3").await;
    assert_eq!(second.start().await["run"], next, "the first start that it hears of");
    for run in [&told, &begun] {
        assert!(ann.ask(json!({"t":"run.get","run":run})).await["exit"].is_null(), "it waits for its spool");
        ann.refused(json!({"t":"run.signal","run":run,"signal":"TERM"}), "busy").await;
    }
    ann.refused(json!({"t":"run.lose","run":next}), "conflict").await;
    // The first one returns, and goes on; over a restart of the core too.
    drop(second);
    let core = TestCore::on(core.stop().await).await;
    let second = come(&core, "bb", &[&next]).await;
    assert_eq!(second.welcome["runs"], json!([{"run": next, "from": 0}]));
    drop(second);
    let mut first = come(&core, "aa", &[&begun]).await;
    assert_eq!(first.welcome["runs"], json!([{"run": begun, "from": 0}]));
    assert_eq!(first.start().await["run"], told, "it never said that it had it");
    let mut ann = core.sign_in("ann").await;
    first.end_and_forget(&begun, 0).await;
    assert_eq!(watch(&mut ann, &begun, 0).await.end.unwrap()["exit"], json!({"code":0}));
    let lose: Value = json!({"t":"run.lose","run":next});
    ann.ask(lose).await;
    assert!(watch(&mut ann, &next, 0).await.end.unwrap()["exit"]["lost"].is_string(), "its spool is away");
}
