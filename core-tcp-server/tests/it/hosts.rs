//! Hosts that come, go, come back, are replaced, or say what does not fit; and a core that is restarted meanwhile.

use serde_json::json;

use crate::common::TestCore;
use crate::fake_host::{FakeHost, Watched, noise, rest, start, watch};

async fn core() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator")]).await;
    core
}

#[tokio::test]
async fn a_restarted_core_goes_on_where_it_stood() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "build", "n1").await;
    host.start().await;
    ann.ask(json!({"t":"run.watch","run":run})).await;
    let all = noise(500_000);
    host.output(&run, 1, 0, &all[..200_000]).await;
    host.output(&run, 2, 200_000, &all[200_000..300_000]).await;
    let mut before = Watched::default();
    before.take(&mut ann, &run, |watched| watched.off == 300_000).await;
    let core = TestCore::on(core.stop().await).await;
    let mut ann = core.sign_in("ann").await;
    // Its host is away: it runs on.
    let info = ann.ask(json!({"t":"run.get","run":run})).await;
    assert!(info["exit"].is_null() && info["bytes"].as_u64() <= Some(300_000), "{info}");
    ann.refused(json!({"t":"run.start","room":"general","cmd":"x","nonce":"n2"}), "busy").await;
    ann.refused(json!({"t":"run.signal","run":run,"signal":"TERM"}), "busy").await;
    ann.ask(json!({"t":"run.watch","run":run,"from":before.off})).await;
    let mut late = core.sign_in("ann").await;
    late.ask(json!({"t":"run.watch","run":run})).await;
    let mut host = FakeHost::come(&core, "local", &[(&run, 500_000)]).await;
    assert_eq!(host.welcome["runs"][0]["run"], run);
    let from = host.welcome["runs"][0]["from"].as_u64().unwrap();
    assert_eq!(info["bytes"], from);
    // From before the place that it named: what is there already is cut.
    let again = usize::try_from(from).unwrap() / 2;
    host.output(&run, 1, again as u64, &all[again..200_000.max(again)]).await;
    host.output(&run, 2, 200_000.max(again as u64), &all[200_000.max(again)..300_000]).await;
    host.output(&run, 1, 300_000, &all[300_000..]).await;
    host.end_and_forget(&run, 500_000).await;
    let resumed = rest(&mut ann, &run, before.off).await;
    assert!([before.bytes(), resumed.bytes()].concat() == all, "every byte once");
    let whole = rest(&mut late, &run, 0).await;
    assert!(whole.bytes() == all && whole.end == resumed.end);
    let pieces: Vec<_> = whole.pieces.iter().map(|(fd, bytes)| (*fd, bytes.len())).collect();
    assert_eq!(pieces, [(1, 200_000), (2, 100_000), (1, 200_000)]);
}

#[tokio::test]
async fn a_host_that_comes_back_sends_on_and_its_end_counts_once() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "build", "n1").await;
    host.start().await;
    ann.ask(json!({"t":"run.watch","run":run})).await;
    host.output(&run, 1, 0, b"abcdef").await;
    host.acked(&run, 6).await;
    drop(host);
    let mut host = FakeHost::come(&core, "local", &[(&run, 9)]).await;
    assert_eq!(host.welcome["runs"], json!([{"run": run, "from": 6}]));
    host.output(&run, 1, 2, b"cdefghi").await;
    host.end(&run, 9, json!({"code":0})).await;
    host.end(&run, 9, json!({"code":1})).await;
    assert_eq!(host.client.next_of("host.forget").await["run"], run);
    assert_eq!(rest(&mut ann, &run, 0).await.text(), [(1, "abcdefghi".to_owned())]);
    drop(host);
    // The forget was lost: it says it again, and is told again.
    let mut host = FakeHost::come(&core, "local", &[(&run, 9)]).await;
    assert_eq!(host.welcome["runs"], json!([]), "what is not named is not wanted");
    host.end(&run, 9, json!({"code":2})).await;
    assert_eq!(host.client.next_of("host.forget").await["run"], run);
    let page = ann.ask(json!({"t":"room.history","room":"general"})).await;
    let ends: Vec<_> = page["events"].as_array().unwrap().iter().filter(|e| e["kind"] == "run.ended").collect();
    assert_eq!((ends.len(), &ends[0]["exit"]), (1, &json!({"code":0})));
}

#[tokio::test]
async fn a_start_that_was_not_confirmed_is_sent_again_and_one_that_was_is_lost() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let (silent, begun) = (start(&mut ann, "first", "n1").await, start(&mut ann, "second", "n2").await);
    host.client.next_of("host.start").await;
    host.start().await;
    // The core has dealt with what was said before when it answers a ping.
    host.client.send(json!({"t":"ping","n":1}), &[]).await;
    host.client.next_of("pong").await;
    drop(host);
    let mut host = FakeHost::come(&core, "local", &[]).await;
    assert_eq!(host.start().await["run"], silent, "it never said that it had it");
    let end = watch(&mut ann, &begun, 0).await.end.unwrap();
    assert_eq!(end["exit"], json!({"lost":"its host does not know it any more"}));
    // The same over a restart of the core, which noted neither start.
    let third = start(&mut ann, "third", "n3").await;
    host.client.next_of("host.start").await;
    let core = TestCore::on(core.stop().await).await;
    let mut host = FakeHost::come(&core, "local", &[(&silent, 0)]).await;
    assert_eq!(host.welcome["runs"], json!([{"run": silent, "from": 0}]));
    assert_eq!(host.start().await["run"], third);
    host.end_and_forget(&third, 0).await;
    host.end_and_forget(&silent, 0).await;
}

#[tokio::test]
async fn a_run_of_another_boot_is_never_started_twice() {
    let core = core().await;
    let host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "deploy", "n1").await;
    drop(host);
    let data = core.stop().await;
    let conn = rusqlite::Connection::open(data.path().join("data/wardroom.db")).unwrap();
    assert_eq!(conn.execute("UPDATE runs SET boot = 'an earlier one'", []).unwrap(), 1);
    drop(conn);
    let core = TestCore::on(data).await;
    let mut ann = core.sign_in("ann").await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let end = watch(&mut ann, &run, 0).await.end.unwrap();
    assert!(end["exit"]["lost"].as_str().unwrap().contains("not known whether"), "{end}");
    let next = start(&mut ann, "next", "n2").await;
    assert_eq!(host.start().await["run"], next, "the first start that it hears of");
}

#[tokio::test]
async fn hosts_are_told_apart_by_name() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let ask = |host: &str, nonce: &str| json!({"t":"run.start","room":"general","cmd":"x","host":host,"nonce":nonce});
    let refused = ann.refused(ask("build", "n1"), "not_found").await;
    assert!(refused["msg"].as_str().unwrap().contains("wardroom hosts lists"));
    ann.refused(ask("local", "n1"), "busy").await;
    let mut local = FakeHost::come(&core, "local", &[]).await;
    let mut build = FakeHost::come(&core, "build", &[]).await;
    let run = ann.ask(ask("build", "n1")).await["run"].as_str().unwrap().to_owned();
    assert_eq!(build.start().await["run"], run);
    // Another host has no say in it.
    local.output(&run, 1, 0, b"forged").await;
    assert_eq!(local.client.next_of("host.forget").await["run"], run);
    local.end(&run, 0, json!({"code":0})).await;
    assert_eq!(local.client.next_of("host.forget").await["run"], run);
    let refused = ann.refused(ask("biuld", "n2"), "not_found").await;
    let told = "there is no host biuld: wardroom hosts lists those that you may use: build, local";
    assert_eq!(refused["msg"], told);
    build.output(&run, 1, 0, b"true").await;
    build.end_and_forget(&run, 4).await;
    assert_eq!(watch(&mut ann, &run, 0).await.text(), [(1, "true".to_owned())]);
}

#[tokio::test]
async fn what_does_not_fit_ends_the_connection_and_harms_nothing() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "x", "n1").await;
    host.start().await;
    host.output(&run, 1, 0, b"good").await;
    host.acked(&run, 4).await;
    let window = host.welcome["window"].as_u64().unwrap();
    let over = json!({"t":"host.ended","run":run,"exit":{"code":0},"bytes":99,"ms":1});
    for (line, body, code) in [
        (json!({"t":"host.output","run":run,"fd":1,"off":9,"len":1}), 1, "conflict"),
        (json!({"t":"host.output","run":run,"fd":7,"off":4,"len":1}), 1, "bad_request"),
        (json!({"t":"host.output","run":run,"fd":1,"off":window + 4,"len":1}), 1, "too_large"),
        (over, 0, "conflict"),
        (json!({"t":"host.output","run":run,"fd":1}), 0, "bad_request"),
        (json!([1, 2]), 0, "bad_frame"),
    ] {
        host.client.send(line.clone(), &noise(body)).await;
        let refused = host.client.next_of("err").await;
        assert_eq!(refused["code"], code, "{line}");
        if code == "conflict" {
            assert_eq!(refused["off"], 4, "the place where it stands");
        }
        assert!(host.client.read().await.is_none(), "{line} ends the connection");
        host = FakeHost::come(&core, "local", &[(&run, 4)]).await;
        assert_eq!(host.welcome["runs"], json!([{"run": run, "from": 4}]));
    }
    host.client.send(json!({"t":"run.list"}), &[]).await;
    assert_eq!(host.client.next_of("err").await["code"], "forbidden");
    host.output("01ARZ3NDEKTSV4RRFFQ69G5FAV", 1, 0, b"x").await;
    host.client.next_of("host.forget").await;
    host.end_and_forget(&run, 4).await;
    assert_eq!(watch(&mut ann, &run, 0).await.text(), [(1, "good".to_owned())]);
}

#[tokio::test]
async fn a_name_that_is_none_is_refused() {
    let core = core().await;
    let key = crate::common::read_key(&core.folder(), "host.key");
    for (name, key, code) in
        [("", key.as_str(), "bad_request"), ("a b", &key, "bad_request"), ("local", "00", "unauthorized")]
    {
        let mut client = core.connect_here().await;
        client.send(json!({"t":"host.hello","v":1,"key":key,"host":name,"runs":[]}), &[]).await;
        assert_eq!(client.next_of("err").await["code"], code);
        assert!(client.read().await.is_none());
    }
}

#[tokio::test]
async fn output_that_the_disk_does_not_take_is_written_later() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "x", "n1").await;
    host.start().await;
    // A file where the run's folder is to be: nothing can be written there.
    let folder = core.folder().join("runs").join(&run);
    std::fs::write(&folder, b"in the way").unwrap();
    ann.ask(json!({"t":"run.watch","run":run})).await;
    host.output(&run, 1, 0, b"early").await;
    host.end(&run, 5, json!({"code":0})).await;
    let mut watched = Watched::default();
    watched.take(&mut ann, &run, |watched| watched.off == 5).await;
    let info = ann.ask(json!({"t":"run.get","run":run})).await;
    assert!(info["exit"].is_null(), "seen at once, but not over before it is on disk: {info}");
    std::fs::remove_file(&folder).unwrap();
    host.acked(&run, 5).await;
    watched.take(&mut ann, &run, |watched| watched.end.is_some()).await;
    assert_eq!(std::fs::read(folder.join("output")).unwrap(), b"early");
}

#[tokio::test]
async fn a_start_is_noted_and_the_run_never_sent_again() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "deploy", "n1").await;
    host.start().await;
    let conn = rusqlite::Connection::open(core.folder().join("wardroom.db")).unwrap();
    let is_noted = || conn.query_row("SELECT started FROM runs", [], |row| row.get::<_, bool>(0)).unwrap();
    let noted = async {
        while !is_noted() {
            host.client.send(json!({"t":"ping","n":1}), &[]).await;
            host.client.next_of("pong").await;
        }
    };
    tokio::time::timeout(crate::common::DEADLINE, noted).await.unwrap();
    drop(host);
    let core = TestCore::on(core.stop().await).await;
    let mut ann = core.sign_in("ann").await;
    let host = FakeHost::come(&core, "local", &[]).await;
    let end = watch(&mut ann, &run, 0).await.end.unwrap();
    assert_eq!(end["exit"], json!({"lost":"its host does not know it any more"}));
    drop(host);
}
