//! What happens to that which waits, runs or is asked again when a right is taken away; and groups, and hosts that go.

use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{rule, start};
use crate::common::{Client, TestCore};
use crate::fake_host::FakeHost;

const USERS: [(&str, &str); 5] =
    [("ann", "operator"), ("ben", "operator"), ("cat", "operator"), ("mia", "member"), ("adm", "admin")];

/// A core with the room `ops`, which `ann` owns; `ann` and `mia` alone may run on `local`.
async fn core() -> (TestCore, Client<TcpStream>, Client<TcpStream>, FakeHost) {
    let core = TestCore::start().await;
    core.add_users(&USERS).await;
    let host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    for user in ["ben", "cat", "mia", "adm"] {
        ann.ask(json!({"t":"room.invite","room":"ops","user":user})).await;
    }
    let mut adm = core.sign_in("adm").await;
    for user in ["ann", "mia"] {
        adm.ask(rule("run", user, &local(), true)).await;
    }
    (core, ann, adm, host)
}

fn local() -> Value {
    json!({"host":"local"})
}

#[tokio::test]
async fn a_retry_gets_its_first_answer_after_the_right_was_taken_away() {
    let (core, _ann, mut adm, mut host) = core().await;
    let mut mia = core.sign_in("mia").await;
    let started = mia.ask(start("ops", "local", "n1")).await;
    assert_eq!(host.start().await["run"], started["run"]);
    adm.ask(json!({"t":"command.add","room":"ops","command":{"name":"up","argv":["uptime"],"allow":"member"}})).await;
    let named = |nonce: &str| json!({"t":"run.start","room":"ops","command":"up","nonce":nonce});
    let up = mia.ask(named("n2")).await;
    host.start().await;
    adm.ask(rule("run", "mia", &local(), false)).await;
    adm.ask(rule("run-named", "ann", &local(), true)).await;
    assert_eq!(mia.ask(start("ops", "local", "n1")).await["run"], started["run"]);
    assert_eq!(mia.ask(named("n2")).await["run"], up["run"]);
    mia.refused(start("ops", "local", "n3"), "forbidden").await;
    mia.refused(named("n4"), "forbidden").await;
    // She may stop what she started.
    mia.ask(json!({"t":"run.signal","run":started["run"],"signal":"TERM"})).await;
    host.client.next_of("host.signal").await;
    let runs = adm.ask(json!({"t":"run.list","room":"ops"})).await["runs"].as_array().unwrap().len();
    assert_eq!(runs, 2, "nothing else has started");
}

#[tokio::test]
async fn what_waits_for_an_approval_needs_the_rights_of_both_when_it_is_approved() {
    let (core, mut ann, mut adm, mut host) = core().await;
    ann.ask(json!({"t":"room.set","room":"ops","approve":true})).await;
    let mut mia = core.sign_in("mia").await;
    core.sign_in("ben").await.refused(start("ops", "local", "b1"), "forbidden").await;
    let first = mia.ask(start("ops", "local", "n1")).await;
    let second = mia.ask(start("ops", "local", "n2")).await;
    let approve = |told: &Value| json!({"t":"run.approve","proposal":told["proposal"]});
    let mut ben = core.sign_in("ben").await;
    let mut cat = core.sign_in("cat").await;
    // Not the proposer's right any more.
    adm.ask(rule("run", "mia", &local(), false)).await;
    let told = cat.refused(approve(&first), "conflict").await;
    assert!(told["msg"].as_str().unwrap().contains("you may not run commands on local in ops"), "{told}");
    adm.ask(rule("run", "mia", &local(), true)).await;
    // Not the approver's.
    adm.ask(rule("approve", "ben", &local(), true)).await;
    cat.refused(approve(&first), "forbidden").await;
    cat.refused(json!({"t":"run.refuse","proposal":first["proposal"]}), "forbidden").await;
    let run = ben.ask(approve(&first)).await;
    assert_eq!(host.start().await["run"], first["run"]);
    // Once it is approved, a retry of that gets the same answer, whoever has lost what.
    adm.ask(rule("run", "mia", &local(), false)).await;
    adm.ask(rule("approve", "cat", &local(), true)).await;
    adm.ask(rule("approve", "ben", &local(), false)).await;
    assert_eq!(ben.ask(approve(&first)).await["n"], run["n"]);
    ben.refused(approve(&second), "forbidden").await;
    // A member whom a rule names approves like an operator, but never their own.
    adm.ask(rule("approve", "mia", &local(), true)).await;
    mia.refused(approve(&second), "forbidden").await;
    mia.ask(json!({"t":"run.refuse","proposal":second["proposal"]})).await;
    let third = ann.ask(start("ops", "local", "a1")).await;
    mia.ask(approve(&third)).await;
    assert_eq!(host.start().await["run"], third["run"]);
}

#[tokio::test]
async fn whoever_loses_the_right_loses_the_keyboard() {
    let (core, mut ann, mut adm, mut host) = core().await;
    let mut mia = core.sign_in("mia").await;
    let ask = json!({"t":"run.start","room":"ops","tty":{"cols":80,"rows":24},"nonce":"t1"});
    let run = mia.ask(ask).await["run"].as_str().unwrap().to_owned();
    host.start().await;
    mia.send(json!({"t":"run.input","run":run,"gen":1,"off":0,"len":3}), b"ls\r").await;
    assert_eq!(host.input().await, (0, "ls\r".to_owned()));
    host.ack_input(&run, 3).await;
    // Typing is running: an operator whom no rule names gets no keyboard, in no way.
    let mut ben = core.sign_in("ben").await;
    let control = |op: &str| json!({"t":"term.control","run":run,"op":op});
    for op in ["ask", "take"] {
        ben.refused(control(op), "forbidden").await;
    }
    mia.refused(json!({"t":"term.control","run":run,"op":"give","to":"ben"}), "forbidden").await;
    ann.ask(control("ask")).await;
    ann.ask(json!({"t":"run.watch","run":run})).await;
    adm.ask(rule("run", "mia", &local(), false)).await;
    mia.send(json!({"t":"run.input","run":run,"gen":1,"off":3,"len":1}), b"x").await;
    let told = mia.next_of("err").await;
    assert!(["forbidden", "conflict"].contains(&told["code"].as_str().unwrap()), "{told}");
    loop {
        let state = ann.next_of("term.state").await;
        if state["holder"] == "ann" {
            assert_eq!(state["gen"], 2, "it went to who had asked");
            break;
        }
    }
    ann.send(json!({"t":"run.input","run":run,"gen":2,"off":3,"len":1}), b"q").await;
    assert_eq!(host.input().await, (3, "q".to_owned()), "what mia typed afterwards is nowhere");
    mia.refused(control("take"), "forbidden").await;
}

#[tokio::test]
async fn one_host_without_the_right_keeps_all_of_a_group_from_starting() {
    let (core, _ann, mut adm, _local) = core().await;
    let mut web = FakeHost::come(&core, "web1", &[]).await;
    adm.ask(json!({"t":"host.add","host":"db1","labels":{"role":"db"}})).await;
    adm.ask(json!({"t":"host.add","host":"db2","labels":{"role":"db"}})).await;
    adm.ask(rule("run", "ann", &json!({"host":"db1"}), true)).await;
    let mut ben = core.sign_in("ben").await;
    let group =
        |hosts: Value, nonce: &str| json!({"t":"run.start","room":"ops","cmd":"id","hosts":hosts,"nonce":nonce});
    let told = ben.refused(group(json!(["web1", "local"]), "n1"), "forbidden").await;
    assert!(told["msg"].as_str().unwrap().contains("on local in ops"), "{told}");
    let by_label = json!({"t":"run.start","room":"ops","cmd":"id","label":{"role":"db"},"nonce":"n2"});
    let told = ben.refused(by_label.clone(), "forbidden").await;
    assert!(told["msg"].as_str().unwrap().contains("on db1 in ops"), "{told}");
    // Who may run nothing at all learns nothing about hosts and labels.
    adm.ask(rule("run", "mia", &local(), false)).await;
    let mut mia = core.sign_in("mia").await;
    let mut none = by_label;
    for role in ["db", "none"] {
        none["label"]["role"] = role.into();
        let told = mia.refused(none.clone(), "forbidden").await;
        assert!(!told["msg"].as_str().unwrap().contains("db"), "{told}");
    }
    mia.refused(start("ops", "nowhere", "n3"), "forbidden").await;
    ben.ask(start("ops", "web1", "n4")).await;
    assert_eq!(web.start().await["by"], "ben", "nothing of the group came first");
}

#[tokio::test]
async fn a_host_keeps_its_rules_by_name_when_it_is_removed() {
    let (core, mut ann, mut adm, _host) = core().await;
    adm.ask(json!({"t":"host.add","host":"db1"})).await;
    adm.ask(rule("run", "ann", &json!({"host":"db1"}), true)).await;
    let mut ben = core.sign_in("ben").await;
    ben.refused(start("ops", "db1", "n1"), "forbidden").await;
    adm.ask(json!({"t":"host.remove","host":"db1"})).await;
    ann.refused(start("ops", "db1", "n1"), "not_found").await;
    adm.refused(rule("run", "ben", &json!({"host":"db1"}), true), "not_found").await;
    // Under the same name again: still restricted. Under another one it is another host.
    adm.ask(json!({"t":"host.add","host":"db1"})).await;
    ben.refused(start("ops", "db1", "n1"), "forbidden").await;
    ann.refused(start("ops", "db1", "n1"), "busy").await;
    adm.ask(json!({"t":"host.add","host":"db2"})).await;
    ben.refused(start("ops", "db2", "n1"), "busy").await;
}
