//! What members are told of their rights, with the room and when that changes.

use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::rule;
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
