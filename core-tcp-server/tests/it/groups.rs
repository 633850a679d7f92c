//! Commands on several hosts: all of them start, or none does.

use serde_json::{Value, json};

use crate::common::TestCore;
use crate::fake_host::{FakeHost, watch};

async fn core() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator")]).await;
    core
}

fn ask(fields: Value, nonce: &str) -> Value {
    let mut ask = json!({"t":"run.start","room":"general","cmd":"make test","nonce":nonce});
    ask.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    ask
}

#[tokio::test]
async fn a_command_on_several_hosts_is_a_group_of_runs() {
    let core = core().await;
    let mut web1 = FakeHost::come(&core, "web1", &[]).await;
    let mut web2 = FakeHost::come(&core, "web2", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let both = ask(json!({"hosts":["web2","web1"]}), "n1");
    let started = ann.ask(both.clone()).await;
    let lanes = started["runs"].as_array().unwrap().clone();
    let hosts: Vec<_> = lanes.iter().map(|lane| lane["host"].as_str().unwrap()).collect();
    assert_eq!(hosts, ["web2", "web1"], "in the order in which they were named");
    assert_eq!((&started["run"], &started["n"]), (&lanes[0]["run"], &lanes[0]["n"]));
    assert_eq!(web2.start().await["run"], lanes[0]["run"]);
    assert_eq!(web1.start().await["run"], lanes[1]["run"]);
    let again = ann.ask(both).await;
    assert_eq!(again["runs"], started["runs"], "a retry starts nothing");
    ann.refused(ask(json!({"hosts":["web1","web2"]}), "n1"), "conflict").await;
    ann.refused(ask(json!({"host":"web2"}), "n1"), "conflict").await;
    let page = ann.ask(json!({"t":"room.history","room":"general"})).await;
    let events = page["events"].as_array().unwrap();
    let groups: Vec<_> = events.iter().filter(|e| e["kind"] == "run.started").map(|e| &e["group"]).collect();
    assert_eq!(groups, [&started["run"], &started["run"]]);
    let (first, second) = (lanes[0]["run"].as_str().unwrap(), lanes[1]["run"].as_str().unwrap());
    web2.output(first, 1, 0, b"two").await;
    web2.end_and_forget(first, 3).await;
    // Each has an end of its own, and the group is known over a restart.
    let data = core.stop().await;
    let core = TestCore::on(data).await;
    let mut ann = core.sign_in("ann").await;
    for run in [first, second] {
        assert_eq!(ann.ask(json!({"t":"run.get","run":run})).await["group"], started["run"]);
    }
    let mut web1 = FakeHost::come(&core, "web1", &[(second, 0)]).await;
    web1.end_and_forget(second, 0).await;
    assert_eq!(watch(&mut ann, first, 0).await.text(), [(1, "two".to_owned())]);
    let again = ann.ask(ask(json!({"hosts":["web2","web1"]}), "n1")).await;
    assert_eq!(again["runs"], started["runs"], "although web2 is away now");
}

#[tokio::test]
async fn nothing_starts_if_one_host_is_away_or_the_request_is_wrong() {
    let core = core().await;
    let _web1 = FakeHost::come(&core, "web1", &[]).await;
    for name in ["web2", "web3"] {
        drop(FakeHost::come(&core, name, &[]).await);
    }
    let mut ann = core.sign_in("ann").await;
    let three = ask(json!({"hosts":["web1","web2","web3"]}), "n1");
    let away = async {
        loop {
            // Until the core has seen that both have gone.
            let answer = ann.ask(json!({"t":"host.list"})).await;
            let hosts = answer["hosts"].as_array().unwrap().clone();
            if hosts.iter().filter(|host| host["connected"] == true).count() == 1 {
                return ann.refused(three, "busy").await;
            }
        }
    };
    let refused = tokio::time::timeout(crate::common::DEADLINE, away).await.unwrap();
    assert!(refused["msg"].as_str().unwrap().contains("away: web2, web3"), "{refused}");
    let many: Vec<String> = (0..33).map(|n| format!("h{n}")).collect();
    for (fields, code) in [
        (json!({"hosts":["web1","nowhere"]}), "not_found"),
        (json!({"hosts":["web1","web1"]}), "bad_request"),
        (json!({"hosts":["web1","a b"]}), "bad_request"),
        (json!({"host":"web1","hosts":["web1"]}), "bad_request"),
        (json!({"hosts":["web1"],"label":{"role":"db"}}), "bad_request"),
        (json!({"hosts":["web1","web2"],"stdin":true}), "bad_request"),
        (json!({"label":{"role":"db"}}), "not_found"),
        (json!({"hosts":many}), "too_large"),
    ] {
        ann.refused(ask(fields, "n2"), code).await;
    }
    assert_eq!(ann.ask(json!({"t":"run.list"})).await["runs"], json!([]), "none was recorded");
}

#[tokio::test]
async fn a_label_means_all_hosts_that_have_it() {
    let core = core().await;
    let mut system = core.system().await;
    let mut hosts = Vec::new();
    for (name, role) in [("db2", "db"), ("db1", "db"), ("web1", "web")] {
        let add = json!({"t":"host.add","host":name,"labels":{"role":role,"place":"hel"},"nonce":name});
        let token = system.ask(add).await["token"].clone();
        let hello = json!({"t":"host.hello","v":1,"token":token,"instance":name,"runs":[]});
        hosts.push(FakeHost::say(&core, hello).await.unwrap());
    }
    let mut ann = core.sign_in("ann").await;
    let started = ann.ask(ask(json!({"label":{"role":"db","place":"hel"}}), "n1")).await;
    let named: Vec<_> = started["runs"].as_array().unwrap().iter().map(|lane| lane["host"].as_str().unwrap()).collect();
    assert_eq!(named, ["db1", "db2"], "by name");
    // A single one is a run by itself.
    let one = ann.ask(ask(json!({"label":{"role":"web"}}), "n2")).await;
    assert!(one.get("runs").is_none(), "{one}");
    assert_eq!(hosts[2].start().await["run"], one["run"]);
    let refused = ann.refused(ask(json!({"label":{"role":"db","place":"fsn"}}), "n3"), "not_found").await;
    assert!(refused["msg"].as_str().unwrap().contains("place=fsn role=db"), "{refused}");
}
