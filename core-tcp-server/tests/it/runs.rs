//! Runs, with a host that is played: what members see, what they are refused, and what stands on record.

use serde_json::{Value, json};

use crate::common::{TestCore, read_key};
use crate::fake_host::{FakeHost, Watched, noise, rest, start, watch};

const USERS: [(&str, &str); 5] =
    [("ann", "operator"), ("bob", "operator"), ("mia", "member"), ("vic", "viewer"), ("adm", "admin")];

async fn core() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&USERS).await;
    core
}

/// Action and detail of the audit's lines about runs, oldest first.
fn audit(core: &TestCore) -> Vec<(String, String, String)> {
    let conn = rusqlite::Connection::open(core.folder().join("wardroom.db")).unwrap();
    let mut rows = conn.prepare("SELECT by, action, detail FROM audit WHERE action LIKE 'run.%' ORDER BY id").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn a_run_is_seen_live_by_all_and_later_by_others() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let (mut ann, mut vic) = (core.sign_in("ann").await, core.sign_in("vic").await);
    vic.ask(json!({"t":"room.open","room":"general","last":0})).await;
    let ask = json!({"t":"run.start","room":"general","argv":["make","it so"],"cwd":"/srv","env":{"CI":"1"},
        "timeout_s":60,"nonce":"n1"});
    let answer = ann.ask(ask).await;
    let run = answer["run"].as_str().unwrap().to_owned();
    assert_eq!(answer["n"], 1);
    let order = host.start().await;
    assert_eq!(order["run"], run);
    assert_eq!(order["argv"], json!(["make", "it so"]));
    assert_eq!((&order["cwd"], &order["env"]["CI"], &order["by"]), (&json!("/srv"), &json!("1"), &json!("ann")));
    assert_eq!((&order["timeout_s"], &order["room"]), (&json!(60), &json!("general")));
    let event = vic.next_of("event").await;
    assert_eq!(
        (&event["kind"], &event["cmd"], &event["n"]),
        (&json!("run.started"), &json!("make 'it so'"), &json!(1))
    );
    assert_eq!((&event["seq"], &event["nonce"]), (&answer["seq"], &Value::Null));
    for client in [&mut ann, &mut vic] {
        client.ask(json!({"t":"run.watch","run":run})).await;
    }
    host.output(&run, 1, 0, b"out\n").await;
    host.output(&run, 2, 4, b"err\n").await;
    let mut early = Watched::default();
    early.take(&mut ann, &run, |watched| watched.off == 8).await;
    let info = ann.ask(json!({"t":"run.get","run":run})).await;
    assert_eq!((&info["bytes"], &info["exit"], &info["by"]), (&json!(8), &Value::Null, &json!("ann")));
    host.end(&run, 8, json!({"code":3})).await;
    early.take(&mut ann, &run, |watched| watched.end.is_some()).await;
    assert_eq!(host.client.next_of("host.forget").await["run"], run);
    let expected = [(1, "out\n".to_owned()), (2, "err\n".to_owned())];
    assert_eq!(early.text(), expected);
    let end = early.end.unwrap();
    assert_eq!((&end["exit"], &end["bytes"], &end["ms"]), (&json!({"code":3}), &json!(8), &json!(12)));
    let live = rest(&mut vic, &run, 0).await;
    assert_eq!((live.text().as_slice(), live.end.as_ref()), (expected.as_slice(), Some(&end)));
    let mut late = core.sign_in("mia").await;
    let watched = watch(&mut late, &run, 0).await;
    assert_eq!((watched.text().as_slice(), watched.end.as_ref()), (expected.as_slice(), Some(&end)));
    assert_eq!(watch(&mut late, &run, 6).await.text(), [(2, "r\n".to_owned())]);
    assert_eq!(watch(&mut late, &run, 8).await.text(), []);
    late.refused(json!({"t":"run.watch","run":run,"from":9}), "bad_request").await;
    late.refused(json!({"t":"run.watch","run":run,"window":0}), "bad_request").await;
    let page = late.ask(json!({"t":"room.history","room":"general","limit":1})).await;
    let last = &page["events"][0];
    assert_eq!((&last["kind"], &last["by"], &last["exit"]), (&json!("run.ended"), &json!("ann"), &json!({"code":3})));
    let info = late.ask(json!({"t":"run.get","run":run})).await;
    assert_eq!((&info["bytes"], &info["exit"], &info["ms"]), (&json!(8), &json!({"code":3}), &json!(12)));
    let lines = audit(&core);
    assert_eq!(lines.iter().map(|line| line.1.as_str()).collect::<Vec<_>>(), ["run.start", "run.end"]);
    assert_eq!((lines[0].0.as_str(), lines[0].2.as_str()), ("ann", "r1 on local in general: make 'it so'"));
}

#[tokio::test]
async fn the_record_names_the_sandbox_and_a_host_without_it_is_refused() {
    let core = core().await;
    let key = read_key(&core.folder(), "host.key");
    let hello = |names: &[&str]| json!({"t":"host.hello","v":1,"key":key,"host":"local","sandbox":names,"runs":[]});
    let mut host = FakeHost::say(&core, hello(&["no-network", "read-only"])).await.unwrap();
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    ann.ask(json!({"t":"room.open","room":"ops","last":0})).await;
    let ask =
        |names: &[&str], nonce: &str| json!({"t":"run.start","room":"ops","cmd":"make","sandbox":names,"nonce":nonce});
    let wanted = json!(["read-only", "no-network"]);
    let first = ann.ask(ask(&["read-only", "no-network"], "n1")).await;
    let run = first["run"].as_str().unwrap().to_owned();
    assert_eq!(host.start().await["sandbox"], wanted);
    assert_eq!(ann.next_of("event").await["sandbox"], wanted);
    assert_eq!(ann.ask(json!({"t":"run.get","run":run})).await["sandbox"], wanted);
    host.end_and_forget(&run, 0).await;
    assert_eq!(ann.ask(json!({"t":"run.list"})).await["runs"][0]["sandbox"], wanted);
    // A retry without it is another run.
    assert_eq!(ann.ask(ask(&["read-only", "no-network"], "n1")).await["run"], first["run"]);
    ann.refused(ask(&["no-network"], "n1"), "conflict").await;
    let refused = ann.refused(ask(&["private-tmp"], "n2"), "bad_request").await;
    assert!(refused["msg"].as_str().unwrap().contains("local cannot set up the sandbox private-tmp"), "{refused}");
    let refused = ann.refused(ask(&["offline"], "n3"), "bad_request").await;
    assert!(refused["msg"].as_str().unwrap().contains("there are no-network, read-only, private-tmp"), "{refused}");
    // A named command has it by its definition.
    let spec = json!({"name":"check","argv":["./check"],"sandbox":["read-only"]});
    ann.ask(json!({"t":"command.add","room":"ops","command":spec})).await;
    let ran = ann.ask(json!({"t":"run.start","room":"ops","command":"check","nonce":"n4"})).await;
    let start = host.start().await;
    assert_eq!((&start["run"], &start["sandbox"]), (&ran["run"], &json!(["read-only"])));
    host.end_and_forget(ran["run"].as_str().unwrap(), 0).await;
    let bad = json!({"name":"check2","argv":["./check"],"sandbox":["offline"]});
    ann.refused(json!({"t":"command.add","room":"ops","command":bad}), "bad_request").await;
    // What waits for an approval says it too.
    ann.ask(json!({"t":"room.set","room":"ops","approve":true})).await;
    ann.ask(ask(&["no-network"], "n5")).await;
    let proposed = loop {
        let event = ann.next_of("event").await;
        if event["kind"] == "run.proposed" {
            break event;
        }
    };
    assert_eq!(proposed["sandbox"], json!(["no-network"]));
}

#[tokio::test]
async fn the_record_names_the_isolation() {
    let core = core().await;
    let hello = |level: &str| {
        let key = read_key(&core.folder(), "host.key");
        json!({"t":"host.hello","v":1,"key":key,"host":"local","isolation":level,"runs":[]})
    };
    let mut host = FakeHost::say(&core, hello("namespace")).await.unwrap();
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.open","room":"general","last":0})).await;
    let ask = json!({"t":"run.start","room":"general","cmd":"make","nonce":"n1"});
    let first = ann.ask(ask.clone()).await;
    let run = first["run"].as_str().unwrap().to_owned();
    assert_eq!(host.start().await["isolation"], "namespace");
    assert_eq!(ann.next_of("event").await["isolation"], "namespace");
    let hosts = ann.ask(json!({"t":"host.list"})).await;
    assert_eq!(hosts["hosts"][0]["isolation"], "namespace");
    assert_eq!(ann.ask(json!({"t":"run.get","run":run})).await["isolation"], "namespace");
    host.end_and_forget(&run, 0).await;
    drop(host);
    // The record stays as it was, and a retry is one, whatever the host does now.
    let _host = FakeHost::say(&core, hello("none")).await.unwrap();
    assert_eq!(ann.ask(json!({"t":"run.list"})).await["runs"][0]["isolation"], "namespace");
    assert_eq!(ann.ask(ask).await["run"], first["run"]);
    // Nothing that could be shown as something else.
    let _host = FakeHost::say(&core, hello("no\u{1b}[2J")).await.unwrap();
    assert_eq!(ann.ask(json!({"t":"host.list"})).await["hosts"][0]["isolation"], Value::Null);
}

#[tokio::test]
async fn no_byte_goes_beyond_the_window() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "seq", "n1").await;
    host.start().await;
    ann.ask(json!({"t":"run.watch","run":run,"window":10})).await;
    host.output(&run, 1, 0, &noise(25)).await;
    host.end_and_forget(&run, 25).await;
    let mut taken = Vec::new();
    for (allowed, ack) in [(10, 4), (14, 14), (24, 20), (25, 25)] {
        while taken.len() < allowed {
            let (told, frame) = ann.next().await;
            if told["t"] != "run.output" {
                continue;
            }
            assert_eq!(told["off"], taken.len());
            taken.extend_from_slice(&frame.body);
        }
        // All that may be sent has been sent when something later is answered.
        ann.ask(json!({"t":"room.list"})).await;
        if allowed < 25 {
            assert!(ann.told.iter().all(|(told, _)| told["t"] != "run.output" && told["t"] != "run.end"));
        }
        assert_eq!(taken.len(), allowed);
        ann.send(json!({"t":"run.ack","run":run,"off":ack}), &[]).await;
    }
    assert_eq!(ann.next_of("run.end").await["bytes"], 25);
    assert_eq!(taken, noise(25));
}

#[tokio::test]
async fn a_slow_watcher_holds_up_nobody_and_misses_nothing() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let (mut ann, mut slow) = (core.sign_in("ann").await, core.sign_in("vic").await);
    let run = start(&mut ann, "yes", "n1").await;
    host.start().await;
    ann.ask(json!({"t":"run.watch","run":run})).await;
    slow.ask(json!({"t":"run.watch","run":run,"window":1000})).await;
    let all = noise(4 << 20);
    let mut fast = Watched::default();
    for (index, part) in all.chunks(256 << 10).enumerate() {
        let off = (index * (256 << 10)) as u64;
        host.output(&run, 1 + (index % 2) as u8, off, part).await;
        host.acked(&run, off + part.len() as u64).await;
        fast.take(&mut ann, &run, |watched| watched.off == off + part.len() as u64).await;
    }
    host.end_and_forget(&run, all.len() as u64).await;
    fast.take(&mut ann, &run, |watched| watched.end.is_some()).await;
    assert!(fast.bytes() == all && fast.pieces.len() == 16);
    slow.ask(json!({"t":"run.unwatch","run":run})).await;
    // What it was given is less than its window; from there it goes on, from disk.
    let had: usize = slow.told.drain(..).map(|(_, frame)| frame.body.len()).sum();
    assert_eq!(had, 1000);
    let watched = watch(&mut slow, &run, 1000).await;
    assert!(watched.bytes() == all[1000..] && watched.end == fast.end);
}

#[tokio::test]
async fn a_retry_with_the_same_nonce_runs_nothing_twice() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let ask = json!({"t":"run.start","room":"general","cmd":"deploy","nonce":"n1"});
    let first = ann.ask(ask.clone()).await;
    let again = ann.ask(ask.clone()).await;
    assert_eq!((&first["run"], &first["n"], &first["seq"]), (&again["run"], &again["n"], &again["seq"]));
    ann.refused(json!({"t":"run.start","room":"general","cmd":"destroy","nonce":"n1"}), "conflict").await;
    ann.refused(json!({"t":"run.start","room":"general","cmd":"deploy","nonce":"n1","stdin":true}), "conflict").await;
    ann.ask(json!({"t":"room.post","room":"general","text":"hello","nonce":"n2"})).await;
    ann.refused(json!({"t":"run.start","room":"general","cmd":"deploy","nonce":"n2"}), "conflict").await;
    // Another's nonces are their own.
    let other = core.sign_in("bob").await.ask(ask.clone()).await;
    assert_ne!(other["run"], first["run"]);
    assert_eq!(host.start().await["run"], first["run"]);
    assert_eq!(host.start().await["run"], other["run"], "the host was told of each once");
    let run = first["run"].as_str().unwrap();
    host.end_and_forget(run, 0).await;
    drop(host);
    // Over, and the host is away: it is answered as it was all the same.
    loop {
        let answer = ann.answer(json!({"t":"run.start","room":"general","cmd":"other","nonce":"n3"})).await;
        if answer["code"] == "busy" {
            break;
        }
    }
    assert_eq!(ann.ask(ask).await["run"], run);
}

#[tokio::test]
async fn who_may_not_is_refused_and_nothing_is_started() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let (mut ann, mut bob, mut mia) = (core.sign_in("ann").await, core.sign_in("bob").await, core.sign_in("mia").await);
    mia.refused(json!({"t":"run.start","room":"general","cmd":"true","nonce":"n"}), "forbidden").await;
    let mut vic = core.sign_in("vic").await;
    vic.refused(json!({"t":"run.start","room":"general","cmd":"true","nonce":"n"}), "forbidden").await;
    ann.ask(json!({"t":"room.create","room":"open"})).await;
    ann.ask(json!({"t":"room.create","room":"secret","private":true})).await;
    bob.refused(json!({"t":"run.start","room":"open","cmd":"true","nonce":"n"}), "forbidden").await;
    bob.refused(json!({"t":"run.start","room":"secret","cmd":"true","nonce":"n"}), "not_found").await;
    bob.refused(json!({"t":"run.start","room":"general","cmd":"true","argv":["x"],"nonce":"n"}), "bad_request").await;
    bob.refused(json!({"t":"run.start","room":"general","cmd":"true","nonce":"n","timeout_s":0}), "bad_request").await;
    let hidden = ann.ask(json!({"t":"run.start","room":"secret","cmd":"cat","nonce":"n","stdin":true})).await;
    assert_eq!((&hidden["n"], &host.start().await["run"]), (&json!(1), &hidden["run"]), "nothing else was started");
    let run = &hidden["run"];
    for ask in [
        json!({"t":"run.watch","run":run}),
        json!({"t":"run.get","run":run}),
        json!({"t":"run.signal","run":run,"signal":"TERM"}),
        json!({"t":"run.eof","run":run,"gen":1,"off":0}),
        json!({"t":"run.get","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}),
    ] {
        let answer = bob.refused(ask, "not_found").await;
        assert_eq!(answer["msg"], "there is no such run", "a hidden one reads like none");
    }
    bob.send(json!({"t":"run.input","run":run,"gen":1,"off":0,"len":1}), b"x").await;
    let refused = bob.next_of("err").await;
    assert_eq!((&refused["code"], &refused["run"]), (&json!("not_found"), run));
    assert_eq!(bob.ask(json!({"t":"run.list"})).await["runs"], json!([]));
    bob.refused(json!({"t":"run.list","room":"secret"}), "not_found").await;
    bob.refused(json!({"t":"run.list","limit":101}), "bad_request").await;
    assert_eq!(ann.ask(json!({"t":"run.list"})).await["runs"][0]["run"], *run);
    // One who leaves sees no more of it, over or not.
    host.end_and_forget(run.as_str().unwrap(), 0).await;
    bob.refused(json!({"t":"run.get","run":run}), "not_found").await;
    bob.refused(json!({"t":"run.watch","run":run}), "not_found").await;
}

#[tokio::test]
async fn signals_and_input_reach_the_host() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let (mut ann, mut bob, mut mia) = (core.sign_in("ann").await, core.sign_in("bob").await, core.sign_in("mia").await);
    let answer = ann.ask(json!({"t":"run.start","room":"general","cmd":"cat","stdin":true,"nonce":"n1"})).await;
    let run = answer["run"].as_str().unwrap().to_owned();
    assert_eq!(host.start().await["stdin"], true);
    ann.send(json!({"t":"run.input","run":run,"gen":1,"off":0,"len":5}), b"hello").await;
    assert_eq!(host.input().await, (0, "hello".to_owned()));
    bob.send(json!({"t":"run.input","run":run,"gen":1,"off":5,"len":1}), b"x").await;
    assert_eq!(bob.next_of("err").await["code"], "forbidden", "another operator does not type into it");
    bob.refused(json!({"t":"run.eof","run":run,"gen":1,"off":5}), "forbidden").await;
    ann.ask(json!({"t":"run.eof","run":run,"gen":1,"off":5})).await;
    assert_eq!(host.client.next_of("host.eof").await["off"], 5);
    mia.refused(json!({"t":"run.signal","run":run,"signal":"TERM"}), "forbidden").await;
    bob.ask(json!({"t":"run.signal","run":run,"signal":"INT"})).await;
    let signal = host.client.next_of("host.signal").await;
    assert_eq!((&signal["run"], &signal["signal"], &signal["by"]), (&json!(run), &json!("INT"), &json!("bob")));
    host.end_and_forget(&run, 0).await;
    ann.refused(json!({"t":"run.signal","run":run,"signal":"KILL"}), "conflict").await;
    ann.refused(json!({"t":"run.eof","run":run,"gen":1,"off":5}), "conflict").await;
    let deaf = start(&mut ann, "true", "n2").await;
    ann.refused(json!({"t":"run.eof","run":deaf,"gen":1,"off":0}), "conflict").await;
    let lines = audit(&core);
    let signals: Vec<_> = lines.iter().filter(|line| line.1 == "run.signal").collect();
    assert_eq!(signals.len(), 1);
    assert_eq!((signals[0].0.as_str(), signals[0].2.as_str()), ("bob", "r1 INT"));
}

#[tokio::test]
async fn a_start_that_the_host_cannot_hold_has_failed() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "true", "n1").await;
    host.client.next_of("host.start").await;
    host.client.send(json!({"t":"err","code":"busy","msg":"this host is full","run":run}), &[]).await;
    let end = watch(&mut ann, &run, 0).await.end.unwrap();
    assert_eq!(end["exit"], json!({"failed":"this host is full"}));
}
