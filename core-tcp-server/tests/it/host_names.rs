//! Whose name it is: processes that want the same one, and tokens.

use serde_json::{Value, json};

use crate::common::TestCore;
use crate::fake_host::{FakeHost, start, watch};

async fn core() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator")]).await;
    core
}

/// The hello of a process of the host `local`, with these runs in its spool.
fn hello(core: &TestCore, instance: &str, runs: &[&str]) -> Value {
    let key = crate::common::read_key(&core.folder(), "host.key");
    let runs: Vec<_> = runs.iter().map(|run| json!({"run":run,"bytes":0,"ended":false})).collect();
    json!({"t":"host.hello","v":1,"key":key,"host":"local","instance":instance,"runs":runs})
}

#[tokio::test]
async fn a_new_connection_of_a_process_replaces_the_old_one() {
    let core = core().await;
    let mut old = FakeHost::say(&core, hello(&core, "one", &[])).await.unwrap();
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "x", "n1").await;
    old.start().await;
    let mut new = FakeHost::say(&core, hello(&core, "one", &[&run])).await.unwrap();
    assert!(old.client.next_of("goaway").await["reason"].as_str().unwrap().contains("another connection"));
    assert!(old.client.read().await.is_none(), "and it is closed");
    let next = start(&mut ann, "y", "n2").await;
    assert_eq!(new.start().await["run"], next);
    new.output(&run, 1, 0, b"on").await;
    new.end_and_forget(&run, 2).await;
    assert_eq!(watch(&mut ann, &run, 0).await.text(), [(1, "on".to_owned())]);
}

#[tokio::test]
async fn a_second_process_is_refused_while_the_first_answers_and_harms_none_of_its_runs() {
    let core = core().await;
    let mut first = FakeHost::say(&core, hello(&core, "one", &[])).await.unwrap();
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "x", "n1").await;
    first.start().await;
    // An answer within the millisecond of an earlier frame does not show, so each ping is answered.
    let answering = async {
        loop {
            let n = first.client.next_of("ping").await["n"].clone();
            first.client.send(json!({"t":"pong","n":n}), &[]).await;
        }
    };
    let refused = tokio::select! {
        said = FakeHost::say(&core, hello(&core, "two", &[])) => said.err().unwrap(),
        () = answering => unreachable!("it answers as long as it is asked"),
    };
    assert_eq!(refused["code"], "conflict");
    assert!(refused["msg"].as_str().unwrap().contains("another process is connected as the host local"));
    first.output(&run, 1, 0, b"on").await;
    first.end_and_forget(&run, 2).await;
    assert_eq!(watch(&mut ann, &run, 0).await.end.unwrap()["exit"], json!({"code":0}));
    // One that is gone does not keep the name.
    drop(first);
    FakeHost::say(&core, hello(&core, "two", &[])).await.unwrap();
}

#[tokio::test]
async fn a_process_that_no_longer_answers_loses_its_name() {
    let core = core().await;
    let mut silent = FakeHost::say(&core, hello(&core, "one", &[])).await.unwrap();
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "x", "n1").await;
    silent.start().await;
    // Its machine was switched off and on again: the run is still in its spool.
    let mut next = FakeHost::say(&core, hello(&core, "two", &[&run])).await.unwrap();
    assert_eq!(next.welcome["runs"], json!([{"run": run, "from": 0}]));
    assert!(silent.client.next_of("goaway").await["reason"].is_string());
    next.end_and_forget(&run, 0).await;
}

#[tokio::test]
async fn a_token_is_one_host() {
    let core = core().await;
    let mut system = core.system().await;
    let mut ann = core.sign_in("ann").await;
    ann.refused(json!({"t":"host.add","host":"web1"}), "forbidden").await;
    ann.refused(json!({"t":"host.remove","host":"web1"}), "forbidden").await;
    for (bad, code) in [
        (json!({"t":"host.add","host":"a b"}), "bad_request"),
        (json!({"t":"host.add","host":"local"}), "bad_request"),
        (json!({"t":"host.add","host":"w","labels":{"a b":"c"}}), "bad_request"),
        (json!({"t":"host.add","host":"w","labels":{"a":""}}), "bad_request"),
        (json!({"t":"host.remove","host":"w"}), "not_found"),
        (json!({"t":"host.remove","host":"local"}), "bad_request"),
    ] {
        system.refused(bad, code).await;
    }
    let add = json!({"t":"host.add","host":"web1","labels":{"role":"web"},"nonce":"h1"});
    let token = system.ask(add.clone()).await["token"].as_str().unwrap().to_owned();
    assert_eq!(system.ask(add).await["token"], token, "a retry gets the same");
    let refused = system.refused(json!({"t":"host.add","host":"web1","nonce":"h2"}), "conflict").await;
    assert!(refused["msg"].as_str().unwrap().contains("--replace"));
    let listed = ann.ask(json!({"t":"host.list"})).await;
    let web1 = json!({"host":"web1","connected":false,"runs":0,"labels":{"role":"web"}});
    assert_eq!(listed["hosts"], json!([{"host":"local","connected":false,"runs":0}, web1]));
    // Over TCP the token is enough, and says the name.
    let with = |token: &str| json!({"t":"host.hello","v":1,"token":token,"instance":"one","version":"w/1","runs":[]});
    let mut client = core.connect().await;
    client.send(with(&token), &[]).await;
    assert_eq!(client.next_of("host.welcome").await["host"], "web1");
    let listed = ann.ask(json!({"t":"host.list","after":"local"})).await;
    assert_eq!((&listed["hosts"][0]["connected"], &listed["hosts"][0]["version"]), (&json!(true), &json!("w/1")));
    // The key is for this machine only, and not for the name of a host that has a token.
    let mut far = core.connect().await;
    far.send(hello(&core, "two", &[]), &[]).await;
    let refused = far.next_of("err").await;
    assert!(
        refused["code"] == "unauthorized" && refused["msg"].as_str().unwrap().contains("--token-file"),
        "{refused}"
    );
    let key = crate::common::read_key(&core.folder(), "host.key");
    let as_web1 = json!({"t":"host.hello","v":1,"key":key,"host":"web1","runs":[]});
    assert_eq!(FakeHost::say(&core, as_web1).await.err().unwrap()["code"], "unauthorized");
    // A new token: the old one is void at once, on the open connection too.
    let next = system.ask(json!({"t":"host.add","host":"web1","replace":true})).await["token"].clone();
    assert!(client.next_of("goaway").await["reason"].as_str().unwrap().contains("new token"));
    assert_eq!(FakeHost::say(&core, with(&token)).await.err().unwrap()["code"], "unauthorized");
    // It is kept over a restart, with its labels; and so is its end.
    let core = TestCore::on(core.stop().await).await;
    let mut ann = core.sign_in("ann").await;
    let mut host = FakeHost::say(&core, with(next.as_str().unwrap())).await.unwrap();
    let ask = json!({"t":"run.start","room":"general","cmd":"x","host":"web1","nonce":"n1"});
    let run = ann.ask(ask).await["run"].as_str().unwrap().to_owned();
    host.start().await;
    let listed = ann.ask(json!({"t":"host.list","after":"local"})).await;
    assert_eq!((&listed["hosts"][0]["labels"], &listed["hosts"][0]["runs"]), (&json!({"role":"web"}), &json!(1)));
    core.system().await.ask(json!({"t":"host.remove","host":"web1"})).await;
    assert_eq!(host.client.next_of("host.forget").await["run"], json!(run), "it stops what it runs");
    host.client.next_of("goaway").await;
    let end = watch(&mut ann, &run, 0).await.end.unwrap();
    assert!(end["exit"]["lost"].as_str().unwrap().ends_with("removed its host"), "{end}");
    assert_eq!(FakeHost::say(&core, with(next.as_str().unwrap())).await.err().unwrap()["code"], "unauthorized");
    let listed = ann.ask(json!({"t":"host.list"})).await;
    assert_eq!(listed["hosts"].as_array().unwrap().len(), 1, "{listed}");
}

#[tokio::test]
async fn no_run_goes_on_that_starts_while_its_host_is_removed() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let mut system = core.system().await;
    for round in 0..30 {
        let mut host = FakeHost::come(&core, "web1", &[]).await;
        // Several at once, so that some are before the removal and some after it.
        let (mut before, mut after) = (core.sign_in("ann").await, core.sign_in("ann").await);
        let ask = |n: u64| {
            let nonce = format!("{round}-{n}");
            json!({"t":"run.start","id":n,"room":"general","cmd":"x","host":"web1","nonce":nonce})
        };
        for n in 0..4 {
            before.send(ask(n), &[]).await;
        }
        system.send(json!({"t":"host.remove","id":9_000 + round,"host":"web1"}), &[]).await;
        for n in 4..8 {
            after.send(ask(n), &[]).await;
        }
        let mut begun = Vec::new();
        for client in [&mut before, &mut after] {
            let mut answers = 0;
            while answers < 4 {
                let (told, _) = client.next().await;
                if told["re"].is_u64() {
                    answers += 1;
                    begun.extend(told["run"].as_str().map(str::to_owned));
                }
            }
        }
        while system.next().await.0["re"] != 9_000 + round {}
        // None of them is open, and the host was told to stop each that it was told to start.
        for run in &begun {
            let end = watch(&mut ann, run, 0).await.end.unwrap();
            assert!(end["exit"]["lost"].as_str().unwrap().ends_with("removed its host"), "{end}");
        }
        let mut going = std::collections::BTreeSet::new();
        while let Some((told, _)) = host.client.read().await {
            let run = told["run"].to_string();
            match told["t"].as_str() {
                Some("host.start") => drop(going.insert(run)),
                Some("host.forget") => drop(going.remove(&run)),
                _ => {}
            }
        }
        assert!(going.is_empty(), "{going:?}");
    }
}
