//! That the first rule about a right in a place takes it from others is said before it is made.

use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::start;
use crate::common::{Client, TestCore};

async fn core() -> (TestCore, Client<TcpStream>) {
    let core = TestCore::start().await;
    let users = [
        ("ann", "operator"),
        ("ben", "operator"),
        ("cat", "operator"),
        ("mia", "member"),
        ("vic", "viewer"),
        ("adm", "admin"),
    ];
    core.add_users(&users).await;
    let mut adm = core.sign_in("adm").await;
    for room in ["ops", "dev"] {
        adm.ask(json!({"t":"room.create","room":room})).await;
    }
    for user in ["ann", "ben", "mia", "vic"] {
        adm.ask(json!({"t":"room.invite","room":"ops","user":user})).await;
    }
    adm.ask(json!({"t":"room.invite","room":"ops","user":"cat","role":"reader"})).await;
    adm.ask(json!({"t":"room.remove","room":"dev","user":"ann"})).await;
    for host in ["db1", "web1"] {
        adm.ask(json!({"t":"host.add","host":host})).await;
    }
    (core, adm)
}

fn allow(right: &str, user: &str, place: &Value) -> Value {
    let mut ask = json!({"t":"rights.set","right":right,"user":user,"allow":true});
    ask.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
    ask
}

/// Who would lose the right.
async fn losers(client: &mut Client<TcpStream>, mut ask: Value) -> Value {
    ask["check"] = true.into();
    client.ask(ask).await["losers"].clone()
}

#[tokio::test]
async fn a_first_rule_is_made_only_if_what_it_takes_is_wanted() {
    let (core, mut adm) = core().await;
    let (host, room) = (json!({"host":"db1"}), json!({"room":"ops"}));
    // In ops, ben loses it; in general, cat too. A viewer, a reader and an admin lose nothing.
    assert_eq!(losers(&mut adm, allow("run", "ann", &room)).await, json!(["ben"]));
    assert_eq!(losers(&mut adm, allow("run", "ann", &host)).await, json!(["ben", "cat"]));
    assert_eq!(losers(&mut adm, allow("run-named", "ann", &room)).await, json!(["ben", "mia"]));
    assert_eq!(losers(&mut adm, allow("approve", "mia", &room)).await, json!(["ann", "ben"]));
    let told = adm.refused(allow("run", "ann", &host), "conflict").await;
    let expected = "after this, only ann and admins may run commands on db1, in all rooms; 2 people lose that: ben, cat. \
                    Nothing was changed; if you want that, add --yes";
    assert_eq!(told["msg"], expected);
    assert_eq!(adm.ask(json!({"t":"rights.list"})).await["rules"], json!([]));
    let mut ben = core.sign_in("ben").await;
    ben.refused(start("ops", "db1", "n1"), "busy").await;
    // Asked for, it is made; a second one there takes nothing from anybody.
    let mut ask = allow("run", "ann", &host);
    ask["restrict"] = true.into();
    assert_eq!(adm.ask(ask.clone()).await["named"], json!(["ann"]));
    ben.refused(start("ops", "db1", "n1"), "forbidden").await;
    assert_eq!(adm.ask(allow("run", "mia", &host)).await["named"], json!(["ann", "mia"]));
    assert_eq!(adm.ask(allow("run", "ben", &json!({"room":"ops","host":"db1"}))).await["changed"], true);
    // Whom a rule about a host names loses it by a rule about a room, unless one names them there.
    assert_eq!(
        losers(&mut adm, allow("run", "ann", &room)).await,
        json!(["ben", "mia"]),
        "ben keeps db1, and loses web1"
    );
    // The same again is no news.
    ask["check"] = true.into();
    let told = adm.ask(ask).await;
    assert_eq!((&told["changed"], &told["losers"]), (&json!(false), &Value::Null), "{told}");
}

#[tokio::test]
async fn a_check_changes_nothing_and_says_what_would_be() {
    let (_core, mut adm) = core().await;
    let here = json!({"room":"ops","host":"web1"});
    let mut ask = allow("run", "mia", &here);
    ask["check"] = true.into();
    let told = adm.ask(ask.clone()).await;
    assert_eq!(json!([told["changed"], told["named"], told["losers"]]), json!([true, ["mia"], ["ann", "ben"]]));
    assert_eq!(adm.ask(json!({"t":"rights.list"})).await["rules"], json!([]));
    ask["check"] = false.into();
    ask["restrict"] = true.into();
    adm.ask(ask).await;
    let mut ask = json!({"t":"rights.set","right":"run","user":"mia","allow":false,"check":true});
    ask.as_object_mut().unwrap().extend(here.as_object().unwrap().clone());
    let told = adm.ask(ask).await;
    assert_eq!(json!([told["changed"], told["named"]]), json!([true, []]));
    assert_eq!(adm.ask(json!({"t":"rights.list"})).await["rules"].as_array().unwrap().len(), 1);
}
