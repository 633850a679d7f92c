//! Lists of runs, narrowed and page by page, and lists of hosts.

use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::common::{Client, TestCore};
use crate::fake_host::FakeHost;

async fn numbers(client: &mut Client<TcpStream>, mut ask: Value) -> (Vec<u64>, bool) {
    ask["t"] = json!("run.list");
    let answer = client.ask(ask).await;
    let runs = answer["runs"].as_array().unwrap();
    (runs.iter().map(|run| run["n"].as_u64().unwrap()).collect(), answer["more"] == true)
}

#[tokio::test]
async fn runs_are_found_by_what_people_know_of_them() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("bob", "operator"), ("vic", "viewer")]).await;
    let mut local = FakeHost::come(&core, "local", &[]).await;
    let mut web1 = FakeHost::come(&core, "web1", &[]).await;
    let (mut ann, mut bob) = (core.sign_in("ann").await, core.sign_in("bob").await);
    ann.ask(json!({"t":"room.create","room":"secret","private":true})).await;
    let mut ids = Vec::new();
    for (cmd, room, host, by_bob) in [
        ("make test", "general", "local", false),
        ("make install", "general", "web1", true),
        ("date", "general", "local", true),
        ("MAKE coffee", "secret", "local", false),
        ("sleep 99", "general", "web1", false),
    ] {
        let by = if by_bob { &mut bob } else { &mut ann };
        let start = json!({"t":"run.start","room":room,"cmd":cmd,"host":host,"nonce":cmd.replace(' ', "-")});
        ids.push(by.ask(start).await["run"].as_str().unwrap().to_owned());
        let host = if host == "local" { &mut local } else { &mut web1 };
        host.start().await;
    }
    for (at, exit) in [(0, json!({"code":0})), (1, json!({"code":2})), (2, json!({"signal":"SEGV"}))] {
        let host = if at == 1 { &mut web1 } else { &mut local };
        host.end(&ids[at], 0, exit).await;
        assert_eq!(host.client.next_of("host.forget").await["run"], ids[at].as_str());
    }
    for (ask, expected) in [
        (json!({"id": 1}), vec![5, 4, 3, 2, 1]),
        (json!({"room": "general"}), vec![5, 3, 2, 1]),
        (json!({"state": "running"}), vec![5, 4]),
        (json!({"state": "ended"}), vec![3, 2, 1]),
        (json!({"state": "failed"}), vec![3, 2]),
        (json!({"host": "web1"}), vec![5, 2]),
        (json!({"by": "bob"}), vec![3, 2]),
        (json!({"text": "make"}), vec![4, 2, 1]),
        (json!({"text": "%"}), vec![]),
        (json!({"text": "make", "state": "failed", "host": "web1", "by": "bob"}), vec![2]),
        (json!({"host": "nowhere"}), vec![]),
    ] {
        assert_eq!(numbers(&mut ann, ask.clone()).await, (expected, false), "{ask}");
    }
    assert_eq!(numbers(&mut bob, json!({"text": "make"})).await, (vec![2, 1], false), "private rooms stay private");
    assert_eq!(numbers(&mut ann, json!({"limit": 2})).await, (vec![5, 4], true));
    assert_eq!(numbers(&mut ann, json!({"limit": 2, "before": 4})).await, (vec![3, 2], true));
    assert_eq!(numbers(&mut ann, json!({"limit": 2, "before": 2})).await, (vec![1], false));
    ann.refused(json!({"t":"run.list","state":"done"}), "bad_request").await;
    ann.refused(json!({"t":"run.list","text":"x".repeat(1_025)}), "too_large").await;

    drop(web1);
    let hosts = |connected: bool| {
        let web1 = json!({"host":"web1","connected":connected,"runs":1});
        json!([{"host":"local","connected":true,"runs":1}, web1])
    };
    loop {
        let mut listed = ann.ask(json!({"t":"host.list"})).await;
        for host in listed["hosts"].as_array_mut().unwrap() {
            host.as_object_mut().unwrap().remove("seen");
        }
        if listed["hosts"] == hosts(false) {
            break;
        }
        assert_eq!(listed["hosts"], hosts(true), "until the core has noticed");
        tokio::task::yield_now().await;
    }
    core.sign_in("vic").await.refused(json!({"t":"host.list"}), "forbidden").await;
}

#[tokio::test]
async fn output_has_times() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator")]).await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let start = json!({"t":"run.start","room":"general","cmd":"make","nonce":"n1"});
    let run = ann.ask(start).await["run"].as_str().unwrap().to_owned();
    host.start().await;
    assert_eq!(ann.ask(json!({"t":"run.times","run":run})).await["times"], json!([]), "nothing is written yet");
    host.output(&run, 1, 0, b"out").await;
    host.output(&run, 2, 3, b"err").await;
    host.end_and_forget(&run, 6).await;
    let now = ann.ask(json!({"t":"run.get","run":run})).await["at"].as_u64().unwrap();
    for (from, offs) in [(0, vec![0, 3]), (4, vec![3]), (99, vec![3])] {
        let times = ann.ask(json!({"t":"run.times","run":run,"from":from})).await["times"].clone();
        let times: Vec<(u64, u64)> = serde_json::from_value(times).unwrap();
        assert_eq!(times.iter().map(|(off, _)| *off).collect::<Vec<_>>(), offs);
        assert!(times.iter().all(|(_, at)| *at >= now), "{times:?} from {now}");
    }
    ann.refused(json!({"t":"run.times","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}), "not_found").await;
}

#[tokio::test]
async fn output_is_searched_and_counted() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("ben", "operator")]).await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.create","room":"ops","private":true})).await;
    let start = json!({"t":"run.start","room":"ops","cmd":"make","nonce":"n1"});
    let run = ann.ask(start).await["run"].as_str().unwrap().to_owned();
    host.start().await;
    let find = |more: Value| {
        let mut ask = json!({"t":"run.find","run":run});
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask
    };
    assert_eq!(ann.ask(find(json!({"texts":["error"]}))).await["at"], Value::Null, "nothing is written yet");
    host.output(&run, 1, 0, b"one\nan Error\n").await;
    host.output(&run, 2, 13, b"fatal\n").await;
    host.end_and_forget(&run, 19).await;
    for (ask, at) in [
        (json!({"texts":["ERROR","fatal"]}), json!(7)),
        (json!({"texts":["error","fatal"],"from":8}), json!(13)),
        (json!({"texts":["error","fatal"],"from":14}), Value::Null),
        (json!({"texts":["error","fatal"],"back":true}), json!(13)),
        (json!({"texts":["error"],"fd":2}), Value::Null),
        (json!({"fd":2}), json!(13)),
    ] {
        let answer = ann.ask(find(ask.clone())).await;
        assert_eq!((&answer["at"], &answer["next"]), (&at, &Value::Null), "{ask}");
    }
    let lines = ann.ask(json!({"t":"run.lines","run":run,"from":4,"to":99})).await;
    assert_eq!((&lines["lines"], &lines["to"]), (&json!(2), &json!(19)));
    for bad in [json!({}), json!({"texts":[""]}), json!({"fd":3})] {
        ann.refused(find(bad), "bad_request").await;
    }
    ann.refused(find(json!({"texts":["x","x","x","x","x","x","x","x","x"]})), "too_large").await;
    ann.refused(find(json!({"texts":["x".repeat(1_025)]})), "too_large").await;
    let mut ben = core.sign_in("ben").await;
    ben.refused(find(json!({"fd":1})), "not_found").await;
    ben.refused(json!({"t":"run.lines","run":run,"to":9}), "not_found").await;
}
