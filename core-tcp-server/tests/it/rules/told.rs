//! What members are told of their rights, with the room and when that changes.

use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{rule, start};
use crate::common::{Client, TestCore};

async fn core() -> (TestCore, Client<TcpStream>) {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("mia", "member"), ("pat", "member"), ("adm", "admin")]).await;
    let mut adm = core.sign_in("adm").await;
    adm.ask(json!({"t":"room.create","room":"ops"})).await;
    for user in ["ann", "mia", "pat"] {
        adm.ask(json!({"t":"room.invite","room":"ops","user":user})).await;
    }
    for host in ["db1", "web1"] {
        adm.ask(json!({"t":"host.add","host":host})).await;
    }
    (core, adm)
}

/// What the next news of `ops` say.
async fn told(client: &mut Client<TcpStream>) -> Value {
    loop {
        let info = client.next_of("room.changed").await["info"].clone();
        if info["room"] == "ops" {
            return info["rules"].clone();
        }
    }
}

async fn listed(client: &mut Client<TcpStream>) -> Value {
    let rooms = client.ask(json!({"t":"room.list"})).await["rooms"].clone();
    rooms.as_array().unwrap().iter().find(|room| room["room"] == "ops").unwrap()["rules"].clone()
}

#[tokio::test]
async fn members_are_told_when_a_rule_changes_their_rights() {
    let (core, mut adm) = core().await;
    let (mut ann, mut mia, mut pat) = (core.sign_in("ann").await, core.sign_in("mia").await, core.sign_in("pat").await);
    // Open or not, they are told.
    mia.ask(json!({"t":"room.open","room":"ops","last":0})).await;
    assert_eq!(listed(&mut mia).await, Value::Null);
    adm.ask(rule("run", "mia", &json!({"room":"ops","host":"web1"}), true)).await;
    assert_eq!(told(&mut mia).await, json!([{"right":"run","on":["web1"]}]));
    assert_eq!(told(&mut ann).await, json!([{"right":"run","off":["web1"]}]));
    assert_eq!(told(&mut pat).await, Value::Null, "who may run nowhere learns no host");
    // A rule about a host is about all rooms.
    adm.ask(rule("run", "ann", &json!({"host":"db1"}), true)).await;
    assert_eq!(told(&mut ann).await, json!([{"right":"run","on":["db1"],"off":["web1"]}]));
    assert_eq!(told(&mut mia).await, json!([{"right":"run","on":["web1"]}]));
    adm.ask(rule("approve", "mia", &json!({"room":"ops"}), true)).await;
    assert_eq!(told(&mut mia).await, json!([{"right":"run","on":["web1"]},{"right":"approve","here":true}]));
    assert_eq!(
        told(&mut ann).await,
        json!([{"right":"run","on":["db1"],"off":["web1"]},{"right":"approve","here":false}])
    );
    for client in [&mut mia, &mut core.sign_in("mia").await] {
        assert_eq!(listed(client).await, json!([{"right":"run","on":["web1"]},{"right":"approve","here":true}]));
    }
    let mut open = rule("run", "mia", &json!({"room":"ops","host":"web1"}), false);
    open["open"] = true.into();
    adm.ask(open).await;
    assert_eq!(told(&mut mia).await, json!([{"right":"approve","here":true}]));
}

#[tokio::test]
async fn only_who_may_run_there_is_told_which_hosts_there_are() {
    let (core, mut adm) = core().await;
    let (mut ann, mut mia, mut pat) = (core.sign_in("ann").await, core.sign_in("mia").await, core.sign_in("pat").await);
    let hosts = async |client: &mut Client<TcpStream>, nonce: &str| {
        let refused = client.refused(start("ops", "nowhere", nonce), "not_found").await["msg"].clone();
        let (_, hosts) = refused.as_str().unwrap().split_once("those that you may use: ").unwrap();
        hosts.to_owned()
    };
    assert_eq!(hosts(&mut ann, "n1").await, "db1, local, web1");
    adm.ask(rule("run", "mia", &json!({"room":"ops","host":"web1"}), true)).await;
    assert_eq!(hosts(&mut ann, "n2").await, "db1, local");
    for client in [&mut mia, &mut pat] {
        let refused = client.refused(start("ops", "nowhere", "n3"), "forbidden").await;
        assert_eq!(refused["msg"], client.refused(start("ops", "db1", "n4"), "forbidden").await["msg"]);
    }
    adm.ask(rule("run", "mia", &json!({"room":"ops"}), true)).await;
    assert_eq!(hosts(&mut mia, "n5").await, "db1, local, web1");
    // Who runs a named command has no choice of hosts.
    adm.ask(json!({"t":"host.add","host":"gone"})).await;
    let command = json!({"name":"up","argv":["uptime"],"host":"gone","allow":"member"});
    adm.ask(json!({"t":"command.add","room":"ops","command":command})).await;
    adm.ask(json!({"t":"host.remove","host":"gone"})).await;
    let named = json!({"t":"run.start","room":"ops","command":"up","nonce":"n6"});
    for client in [&mut adm, &mut pat] {
        let refused = client.refused(named.clone(), "not_found").await;
        assert_eq!(refused["msg"], "there is no host gone: wardroom hosts lists those that you may use");
    }
    for n in 1..5 {
        adm.ask(json!({"t":"host.add","host":format!("h{n}")})).await;
    }
    assert_eq!(hosts(&mut adm, "n7").await, "db1, h1, h2, h3, h4, \u{2026}");
}
