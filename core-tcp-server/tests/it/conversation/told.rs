//! What is told without being asked for: rooms that changed, and rooms that moved on.

use serde_json::{Value, json};

use super::core;

#[tokio::test]
async fn members_are_told_what_became_of_their_room() {
    let core = core().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    ann.ask(json!({"t":"room.create","room":"ops","private":true})).await;
    ann.ask(json!({"t":"room.invite","room":"ops","user":"ben"})).await;
    let info = ben.next_of("room.changed").await["info"].clone();
    assert_eq!((&info["room"], &info["joined"], &info["role"]), (&json!("ops"), &json!(true), &json!("member")));
    ann.ask(json!({"t":"room.set","room":"ops","title":"Operations"})).await;
    assert_eq!(ben.next_of("room.changed").await["info"]["title"], "Operations");
    ann.ask(json!({"t":"room.role","room":"ops","user":"ben","role":"reader"})).await;
    assert_eq!(ben.next_of("room.changed").await["info"]["role"], "reader");
    ben.ask(json!({"t":"room.open","room":"ops","last":1})).await;
    ben.next_of("room.live").await;
    ann.ask(json!({"t":"room.remove","room":"ops","user":"ben"})).await;
    loop {
        let told = ben.next_of("room.changed").await;
        if told["info"]["joined"] == false {
            assert_eq!(told["info"]["role"], Value::Null);
            break;
        }
    }
    // Nothing more of it comes: the room is closed, and not there for them.
    ann.ask(json!({"t":"room.post","room":"ops","text":"only for us","nonce":"a1"})).await;
    ben.refused(json!({"t":"room.history","room":"ops"}), "not_found").await;
    ben.ask(json!({"t":"room.list"})).await;
    assert!(ben.told.iter().all(|(told, _)| told["text"] != "only for us"), "{:?}", ben.told);
}

#[tokio::test]
async fn typing_is_told_to_those_who_have_the_room_open() {
    let core = core().await;
    let (mut ann, mut ben, mut cleo) =
        (core.sign_in("ann").await, core.sign_in("ben").await, core.sign_in("cleo").await);
    for client in [&mut ann, &mut ben] {
        client.ask(json!({"t":"room.open","room":"general"})).await;
        client.next_of("room.live").await;
    }
    for _ in 0..3 {
        ann.send(json!({"t":"typing","room":"general"}), &[]).await;
    }
    assert_eq!(ben.next_of("typing").await, json!({"t":"typing","room":"general","user":"ann"}));
    ann.ask(json!({"t":"room.post","room":"general","text":"that","nonce":"a1"})).await;
    ben.next_of("event").await;
    for client in [&mut ann, &mut ben, &mut cleo] {
        client.ask(json!({"t":"room.list"})).await;
        assert!(client.told.iter().all(|(told, _)| told["t"] != "typing"), "once, and to nobody else");
    }
    let head = ann.ask(json!({"t":"room.history","room":"general","limit":1})).await;
    assert_eq!(head["events"][0]["text"], "that", "it is not stored");
}

#[tokio::test]
async fn who_comes_and_goes_is_told_to_those_who_asked() {
    let core = core().await;
    let (mut ann, mut ben, mut cleo) =
        (core.sign_in("ann").await, core.sign_in("ben").await, core.sign_in("cleo").await);
    ann.ask(json!({"t":"room.create","room":"ops","private":true})).await;
    ann.ask(json!({"t":"room.invite","room":"ops","user":"vic"})).await;
    ann.ask(json!({"t":"room.members","room":"ops"})).await;
    ben.ask(json!({"t":"room.members","room":"general"})).await;
    let vic = core.sign_in("vic").await;
    for client in [&mut ann, &mut ben] {
        assert!(presence_of(client, "vic").await);
    }
    let root = core.sign_in("root").await;
    assert!(presence_of(&mut ben, "root").await);
    drop((vic, root));
    assert!(!presence_of(&mut ann, "vic").await);
    let mut gone = Vec::new();
    while gone.len() < 2 {
        let told = ben.next_of("presence").await;
        assert_eq!(told["here"], Value::Null, "{told}");
        gone.extend(told["gone"].as_array().unwrap().clone());
    }
    gone.sort_by_key(Value::to_string);
    assert_eq!(gone, ["root", "vic"]);
    // Nobody is told of those who are in none of the rooms that they asked about, nor who did not ask.
    for client in [&mut ann, &mut cleo] {
        client.ask(json!({"t":"room.list"})).await;
        assert!(client.told.iter().all(|(told, _)| told["t"] != "presence"
            || told["here"] == json!(["vic"])
            || told["gone"] == json!(["vic"])));
    }
    assert!(cleo.told.iter().all(|(told, _)| told["t"] != "presence"));
    let members = ann.ask(json!({"t":"room.members","room":"ops"})).await;
    assert_eq!(members["members"][1]["here"], false);
}

/// What is told next of this user.
async fn presence_of(client: &mut crate::common::Client<tokio::net::TcpStream>, user: &str) -> bool {
    loop {
        let told = client.next_of("presence").await;
        let names = |key: &str| told[key].as_array().is_some_and(|users| users.contains(&json!(user)));
        if names("here") || names("gone") {
            return names("here");
        }
    }
}
