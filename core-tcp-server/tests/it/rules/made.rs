//! Who makes rules, who sees them, and what stands on record.

use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{rule, start};
use crate::common::{Client, TestCore};
use crate::fake_host::FakeHost;

const USERS: [(&str, &str); 6] = [
    ("ann", "operator"),
    ("ben", "operator"),
    ("mia", "member"),
    ("out", "operator"),
    ("vic", "viewer"),
    ("adm", "admin"),
];

/// A core with the room `ops`, which `ann` owns, and all but `out` are members of.
async fn core() -> (TestCore, Client<TcpStream>, Client<TcpStream>) {
    let core = TestCore::start().await;
    core.add_users(&USERS).await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    for user in ["ben", "mia", "vic", "adm"] {
        ann.ask(json!({"t":"room.invite","room":"ops","user":user})).await;
    }
    let adm = core.sign_in("adm").await;
    (core, ann, adm)
}

async fn listed(client: &mut Client<TcpStream>, more: Value) -> Vec<(String, String)> {
    let mut ask = json!({"t":"rights.list"});
    ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let rules = client.ask(ask).await["rules"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap_or("*").to_owned();
    rules.iter().map(|rule| (text(&rule["user"]), format!("{}/{}", text(&rule["room"]), text(&rule["host"])))).collect()
}

#[tokio::test]
async fn admins_make_all_rules_and_owners_some_of_their_room() {
    let (core, mut ann, mut adm) = core().await;
    let (room, host, here) = (json!({"room":"ops"}), json!({"host":"local"}), json!({"room":"ops","host":"local"}));
    for place in [&host, &here, &room] {
        ann.refused(rule("run", "ann", place, true), "forbidden").await;
    }
    for place in [&host, &here] {
        ann.refused(rule("approve", "ann", place, true), "forbidden").await;
    }
    for user in ["ben", "mia", "vic", "out"] {
        core.sign_in(user).await.refused(rule("approve", user, &room, true), "forbidden").await;
    }
    // A first rule for somebody else would take the right from its maker.
    let told = ann.refused(rule("approve", "ben", &room, true), "conflict").await;
    assert!(told["msg"].as_str().unwrap().contains("wardroom rights allow ann approve --room ops"), "{told}");
    assert_eq!(ann.ask(rule("approve", "ann", &room, true)).await["named"], json!(["ann"]));
    assert_eq!(ann.ask(rule("approve", "mia", &room, true)).await["named"], json!(["ann", "mia"]));
    assert_eq!(ann.ask(rule("approve", "mia", &room, true)).await["changed"], false, "a retry");
    // An owner whom the rules do not name changes nothing.
    adm.ask(json!({"t":"room.role","room":"ops","user":"ben","role":"owner"})).await;
    let mut ben = core.sign_in("ben").await;
    for user in ["ben", "ann"] {
        ben.refused(rule("approve", user, &room, user == "ben"), "forbidden").await;
    }
    // The one who may run named commands only as a member gives that, and no approvals.
    adm.ask(json!({"t":"room.role","room":"ops","user":"mia","role":"owner"})).await;
    let mut mia = core.sign_in("mia").await;
    mia.ask(rule("run-named", "mia", &room, true)).await;
    for place in [host, here, room] {
        adm.ask(rule("run", "ann", &place, true)).await;
    }
}

#[tokio::test]
async fn a_rule_gives_nothing_to_those_who_may_not_speak_there() {
    let (core, _ann, mut adm) = core().await;
    let (room, host) = (json!({"room":"ops"}), json!({"host":"local"}));
    adm.refused(rule("run", "vic", &host, true), "conflict").await;
    adm.refused(rule("run", "out", &room, true), "conflict").await;
    adm.ask(json!({"t":"room.role","room":"ops","user":"mia","role":"reader"})).await;
    adm.refused(rule("run", "mia", &room, true), "conflict").await;
    adm.refused(rule("run", "nobody", &room, true), "not_found").await;
    adm.refused(rule("run", "ben", &json!({"host":"db9"}), true), "not_found").await;
    adm.refused(rule("run", "ben", &json!({"room":"nope"}), true), "not_found").await;
    adm.refused(rule("run", "ben", &json!({}), true), "bad_request").await;
    adm.refused(rule("sudo", "ben", &room, true), "bad_request").await;
    adm.refused(rule("run", "system", &room, true), "not_found").await;
    let hook = adm.ask(json!({"t":"hook.add","room":"ops","bot":"alerts","nonce":"h"})).await;
    assert!(hook["url"].is_string() || hook["secret"].is_string() || hook["hook"].is_u64(), "{hook}");
    adm.refused(rule("run", "alerts", &room, true), "conflict").await;
    core.system().await.ask(json!({"t":"user.disable","user":"ben","disabled":true})).await;
    adm.refused(rule("run", "ben", &room, true), "conflict").await;
}

#[tokio::test]
async fn the_last_rule_of_a_place_goes_only_if_it_is_meant() {
    let (core, mut ann, mut adm) = core().await;
    let place = json!({"host":"local"});
    for user in ["ann", "ben"] {
        adm.ask(rule("run", user, &place, true)).await;
    }
    assert_eq!(adm.ask(rule("run", "ann", &place, false)).await["named"], json!(["ben"]));
    assert_eq!(adm.ask(rule("run", "ann", &place, false)).await["changed"], false);
    let told = adm.refused(rule("run", "ben", &place, false), "conflict").await;
    assert!(told["msg"].as_str().unwrap().contains("wardroom rights deny ben run --host local --open"), "{told}");
    // A rule about the host in one room is not the last one while the host has rules.
    let here = json!({"room":"ops","host":"local"});
    assert_eq!(adm.ask(rule("run", "ann", &here, true)).await["named"], json!(["ann", "ben"]));
    assert_eq!(adm.ask(rule("run", "ann", &here, false)).await["named"], json!(["ben"]));
    ann.refused(start("ops", "local", "n1"), "forbidden").await;
    let mut open = rule("run", "ben", &place, false);
    open["open"] = true.into();
    let told = adm.ask(open).await;
    assert_eq!((&told["changed"], &told["named"]), (&json!(true), &json!([])));
    ann.refused(start("ops", "local", "n1"), "busy").await;
    drop(core);
}

#[tokio::test]
async fn a_rule_is_seen_by_those_whom_it_concerns_and_stands_on_record() {
    let (core, mut ann, mut adm) = core().await;
    adm.ask(json!({"t":"room.create","room":"secret","private":true})).await;
    ann.ask(json!({"t":"room.open","room":"ops","last":0})).await;
    adm.ask(rule("run", "mia", &json!({"room":"ops","host":"local"}), true)).await;
    let event = ann.next_of("event").await;
    let fields = ["kind", "by", "right", "user", "host", "on"].map(|name| event[name].clone());
    assert_eq!(json!(fields), json!(["right", "adm", "run", "mia", "local", true]), "{event}");
    adm.ask(rule("run", "mia", &json!({"host":"local"}), true)).await;
    adm.ask(rule("approve", "adm", &json!({"room":"secret"}), true)).await;
    let (here, host, secret) = (("mia", "ops/local"), ("mia", "*/local"), ("adm", "secret/*"));
    let own = |rules: &[(&str, &str)]| -> Vec<(String, String)> {
        rules.iter().map(|(user, place)| ((*user).to_owned(), (*place).to_owned())).collect()
    };
    assert_eq!(listed(&mut adm, json!({})).await, own(&[here, host, secret]));
    assert_eq!(listed(&mut ann, json!({})).await, own(&[here, host]), "an operator, but not in secret");
    assert_eq!(listed(&mut core.sign_in("mia").await, json!({})).await, own(&[here, host]), "whom they name");
    assert_eq!(listed(&mut core.sign_in("vic").await, json!({})).await, own(&[here]), "a viewer in ops");
    assert_eq!(listed(&mut ann, json!({"room":"general"})).await, own(&[host]));
    assert_eq!(listed(&mut ann, json!({"host":"db1"})).await, []);
    assert_eq!(listed(&mut adm, json!({"user":"adm"})).await, own(&[secret]));
    assert_eq!(listed(&mut adm, json!({"after":1})).await, own(&[host, secret]));
    ann.refused(json!({"t":"rights.list","room":"secret"}), "not_found").await;
    ann.refused(rule("approve", "ann", &json!({"room":"secret"}), true), "not_found").await;
    // Over a restart, and in the audit log.
    let data = core.stop().await;
    let conn = rusqlite::Connection::open(data.path().join("data/wardroom.db")).unwrap();
    let audit: Vec<(String, String, String)> = conn
        .prepare("SELECT by, subject, detail FROM audit WHERE action = 'rights.set' ORDER BY id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let told = |subject: &str, detail: &str| ("adm".to_owned(), subject.to_owned(), detail.to_owned());
    let expected = [
        told("mia", "allow run --room ops --host local"),
        told("mia", "allow run --host local"),
        told("adm", "allow approve --room secret"),
    ];
    assert_eq!(audit, expected);
    drop(conn);
    let core = TestCore::on(data).await;
    assert_eq!(listed(&mut core.sign_in("adm").await, json!({})).await, own(&[here, host, secret]));
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut mia = core.sign_in("mia").await;
    mia.ask(start("ops", "local", "n1")).await;
    assert_eq!(mia.ask(json!({"t":"host.list"})).await["hosts"][0]["host"], "local", "she chooses among them");
    core.sign_in("vic").await.refused(json!({"t":"host.list"}), "forbidden").await;
    assert_eq!(host.start().await["by"], "mia");
}

#[tokio::test]
async fn a_refusal_says_what_is_missing_and_who_can_give_it() {
    let (core, mut ann, mut adm) = core().await;
    let told = core.sign_in("vic").await.refused(start("ops", "local", "n1"), "forbidden").await;
    assert_eq!(
        told["msg"],
        "only operators run commands in ops, and a viewer only reads: ask an admin for the role operator"
    );
    let told = adm.refused(rule("run", "vic", &json!({"room":"ops"}), true), "conflict").await;
    assert_eq!(
        told["msg"],
        "vic is a viewer, and a viewer only reads, whatever rules say: give them the role member first"
    );
    let mut ben = core.sign_in("ben").await;
    let mut mia = core.sign_in("mia").await;
    let msg = |told: Value| told["msg"].as_str().unwrap().to_owned();
    let told = msg(mia.refused(start("ops", "local", "n1"), "forbidden").await);
    assert!(
        told.contains("only operators run commands in ops") && told.ends_with("or for a rule that names you"),
        "{told}"
    );
    for user in ["ann", "out"] {
        adm.ask(rule("run", user, &json!({"host":"local"}), true)).await;
    }
    let told = msg(ben.refused(start("ops", "local", "n1"), "forbidden").await);
    let expected = "you may not run commands on local in ops: only ann and admins may; an admin can allow you: \
                    wardroom rights allow ben run --room ops --host local";
    assert_eq!(told, expected, "out is not in ops");
    // What it says is enough, and takes the right from nobody.
    adm.ask(rule("run", "ben", &json!({"room":"ops","host":"local"}), true)).await;
    for client in [&mut ann, &mut ben] {
        client.refused(start("ops", "local", "n1"), "busy").await;
    }
    ann.ask(rule("run-named", "ann", &json!({"room":"ops"}), true)).await;
    ann.ask(json!({"t":"command.add","room":"ops","command":{"name":"up","argv":["uptime"],"allow":"member"}})).await;
    let told = msg(mia.refused(json!({"t":"run.start","room":"ops","command":"up","nonce":"n2"}), "forbidden").await);
    let expected = "you may not run /up on local in ops: only ann and admins may; an owner of the room or an admin can \
                    allow you: wardroom rights allow mia run-named --room ops";
    assert_eq!(told, expected);
}
