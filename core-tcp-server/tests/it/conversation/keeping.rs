//! What a room is called, how it is kept, and direct messages; over a restart too.

use serde_json::{Value, json};

use super::{core, info};
use crate::common::{PASSWORD, TestCore};

#[tokio::test]
async fn what_was_set_is_there_after_a_restart() {
    let core = core().await;
    let mut ben = core.sign_in("ben").await;
    ben.ask(json!({"t":"room.create","room":"ops","title":"Operations"})).await;
    let set =
        json!({"t":"room.set","room":"ops","title":" The ops ","topic":"a\nb","retention_days":30,"archived":true});
    assert_eq!(ben.ask(set).await["seq"], 5);
    ben.ask(json!({"t":"room.set","room":"ops","archived":false})).await;
    assert_eq!(ben.ask(json!({"t":"room.set","room":"ops","topic":"a\nb"})).await["seq"], Value::Null);
    ben.ask(json!({"t":"room.invite","room":"ops","user":"cleo","role":"reader"})).await;
    let before = info(&mut ben, "ops").await;
    assert_eq!(before["title"], "The ops");
    assert_eq!((&before["topic"], &before["retention_days"]), (&json!("a\nb"), &json!(30)));
    assert_eq!((&before["role"], &before["archived"]), (&json!("owner"), &Value::Null));
    let core = TestCore::on(core.stop().await).await;
    assert_eq!(info(&mut core.sign_in("ben").await, "ops").await, before);
    let mut cleo = core.sign_in("cleo").await;
    assert_eq!(info(&mut cleo, "ops").await["role"], "reader");
    let members = cleo.ask(json!({"t":"room.members","room":"ops"})).await;
    let roles: Vec<_> = members["members"].as_array().unwrap().iter().map(|m| m["room_role"].clone()).collect();
    assert_eq!(roles, ["owner", "reader"]);
}

#[tokio::test]
async fn what_cannot_be_set_is_refused() {
    let core = core().await;
    let mut ben = core.sign_in("ben").await;
    ben.ask(json!({"t":"room.create","room":"ops"})).await;
    for fields in [
        json!({}),
        json!({"title":"x".repeat(121)}),
        json!({"title":"a\u{1b}[2J"}),
        json!({"topic":"x".repeat(1_025)}),
        json!({"topic":"a\u{7}"}),
        json!({"title":"sey\u{202e}ton"}),
        json!({"topic":"sey\u{2066}ton"}),
        json!({"retention_days":3_651}),
        json!({"retention_days":-1}),
    ] {
        let mut request = fields;
        (request["t"], request["room"]) = ("room.set".into(), "ops".into());
        ben.refused(request, "bad_request").await;
    }
    assert_eq!(info(&mut ben, "ops").await["head"], 1);
    let mut admin = core.system().await;
    for shown in ["nim\u{202e}da", "a\u{200f}b", "a\u{1b}[2J", &"x".repeat(121)] {
        let add = json!({"t":"user.add","user":"eve","role":"member","password":PASSWORD,"name":shown});
        admin.refused(add, "bad_request").await;
    }
    admin.ask(json!({"t":"user.add","user":"eve","role":"member","password":PASSWORD,"name":"Eve Žižek 王"})).await;
}

#[tokio::test]
async fn rooms_have_names_in_every_script_and_no_two_look_the_same() {
    let core = core().await;
    let mut ben = core.sign_in("ben").await;
    for name in ["运维", "дежурные", "über", "运营", "oca"] {
        ben.ask(json!({"t":"room.create","room":name})).await;
    }
    for bad in ["@ops", "u\u{308}ber2", "pаypal", "a\u{200b}b", "a\u{fb01}"] {
        ben.refused(json!({"t":"room.create","room":bad}), "bad_request").await;
    }
    for taken in ["运维", "оса"] {
        ben.refused(json!({"t":"room.create","room":taken}), "conflict").await;
    }
    ben.ask(json!({"t":"room.post","room":"u\u{308}ber","text":"hi","nonce":"b1"})).await;
    assert_eq!(info(&mut ben, "über").await["head"], 2);
}

#[tokio::test]
async fn one_direct_message_of_the_same_people() {
    let core = core().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    let dm = ann.ask(json!({"t":"dm.open","users":["ben"]})).await["room"].clone();
    assert!(dm.as_str().unwrap().starts_with('@'), "{dm}");
    for users in [json!(["ann"]), json!(["ann", "ann"])] {
        assert_eq!(ben.ask(json!({"t":"dm.open","users":users})).await["room"], dm);
    }
    let three = ann.ask(json!({"t":"dm.open","users":["ben","cleo"]})).await["room"].clone();
    assert_ne!(three, dm);
    ann.ask(json!({"t":"room.post","room":dm,"text":"psst","nonce":"a1"})).await;
    let seen = info(&mut ben, dm.as_str().unwrap()).await;
    assert_eq!((&seen["dm"], &seen["private"], &seen["unread"]), (&json!(["ann", "ben"]), &json!(true), &json!(1)));
    let mut root = core.sign_in("root").await;
    root.refused(json!({"t":"room.open","room":dm}), "not_found").await;
    for request in [
        json!({"t":"room.invite","room":dm,"user":"cleo"}),
        json!({"t":"room.remove","room":dm,"user":"ben"}),
        json!({"t":"room.role","room":dm,"user":"ben","role":"owner"}),
        json!({"t":"room.leave","room":dm}),
    ] {
        ann.refused(request, "conflict").await;
    }
    ann.refused(json!({"t":"room.set","room":dm,"archived":true}), "forbidden").await;
    for users in [json!([]), json!(["ann"])] {
        ann.refused(json!({"t":"dm.open","users":users}), "bad_request").await;
    }
    ann.refused(json!({"t":"dm.open","users":["nobody"]}), "not_found").await;
    let many: Vec<String> = (0..16).map(|n| format!("u{n}")).collect();
    core.add_users(&many.iter().map(|name| (name.as_str(), "member")).collect::<Vec<_>>()).await;
    ann.refused(json!({"t":"dm.open","users":many}), "bad_request").await;
    core.sign_in("vic").await.refused(json!({"t":"dm.open","users":["ben"]}), "forbidden").await;
    let core = TestCore::on(core.stop().await).await;
    let mut ben = core.sign_in("ben").await;
    assert_eq!(ben.ask(json!({"t":"dm.open","users":["ann"]})).await["room"], dm);
    assert_eq!(info(&mut ben, dm.as_str().unwrap()).await["dm"], json!(["ann", "ben"]));
}

#[tokio::test]
async fn what_is_done_to_rooms_is_audited() {
    let core = core().await;
    let mut ben = core.sign_in("ben").await;
    for request in [
        json!({"t":"room.create","room":"ops"}),
        json!({"t":"room.set","room":"ops","title":"Operations"}),
        json!({"t":"room.invite","room":"ops","user":"cleo"}),
        json!({"t":"room.role","room":"ops","user":"cleo","role":"reader"}),
        json!({"t":"room.remove","room":"ops","user":"cleo"}),
        json!({"t":"dm.open","users":["cleo"]}),
    ] {
        ben.ask(request).await;
    }
    let data = core.stop().await;
    let db = rusqlite::Connection::open(data.path().join("data/wardroom.db")).unwrap();
    let mut lines = db
        .prepare("SELECT action || ' ' || subject || ' ' || detail FROM audit WHERE by = 'ben' AND action <> 'sign-in'")
        .unwrap();
    let lines: Vec<String> = lines.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(lines[0], "room.create ops ");
    assert_eq!(lines[1], r#"room.set ops title {"text":"Operations"}"#);
    assert_eq!(lines[2..5], ["room.invite ops cleo member", "room.role ops cleo reader", "room.remove ops cleo"]);
    assert!(lines[5].starts_with("dm.open @") && lines[5].ends_with("ben cleo"), "{}", lines[5]);
}
