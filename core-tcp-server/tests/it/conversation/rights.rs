//! Who may do what in a room: each request for each kind of member.

use serde_json::{Value, json};

use super::core;

/// What each of these gets: the owner of the room, a member, a reader, one who is no member, a viewer of the house who
/// is a member of the room, an admin who is no member.
type Row = (Value, [&'static str; 6]);

fn table(room: &str) -> Vec<Row> {
    let f = "forbidden";
    let rows = [
        (json!({"t":"room.post","text":"hi","nonce":"N"}), ["ok", "ok", f, f, f, f]),
        (json!({"t":"run.start","cmd":"true","nonce":"N"}), [f, f, f, f, f, f]),
        (json!({"t":"file.put","path":"N","size":1,"nonce":"N"}), ["ok", "ok", f, f, f, f]),
        (json!({"t":"typing"}), ["ok", "ok", f, f, f, f]),
        (json!({"t":"room.react","seq":6,"emoji":"👍","on":true}), ["ok", "ok", f, f, f, f]),
        (json!({"t":"room.edit","seq":6,"text":"mine"}), [f, f, f, f, f, f]),
        (json!({"t":"room.set","topic":"N"}), ["ok", "ok", f, f, f, f]),
        (json!({"t":"room.set","title":"N"}), ["ok", f, f, f, f, "ok"]),
        (json!({"t":"room.set","retention_days":7}), ["ok", f, f, f, f, "ok"]),
        (json!({"t":"room.invite","user":"dan"}), ["ok", "ok", f, f, f, "ok"]),
        (json!({"t":"room.invite","user":"dan","role":"owner"}), ["ok", f, f, f, f, "ok"]),
        (json!({"t":"room.role","user":"dan","role":"reader"}), ["ok", f, f, f, f, "ok"]),
        (json!({"t":"room.remove","user":"dan"}), ["ok", f, f, f, f, "ok"]),
        (json!({"t":"room.members"}), ["ok", "ok", "ok", "ok", "ok", "ok"]),
        (json!({"t":"room.history"}), ["ok", "ok", "ok", "ok", "ok", "ok"]),
        (json!({"t":"room.read","seq":1}), ["ok", "ok", "ok", f, "ok", f]),
        (json!({"t":"room.set","archived":false}), ["ok", f, f, f, f, "ok"]),
    ];
    rows.into_iter()
        .map(|(mut request, expected)| {
            let key = if request["t"] == "file.put" { "in" } else { "room" };
            let value = if key == "in" { format!("room:{room}") } else { room.to_owned() };
            request[key] = value.into();
            (request, expected)
        })
        .collect()
}

#[tokio::test]
async fn each_request_for_each_kind_of_member() {
    let core = core().await;
    core.add_users(&[("dan", "member"), ("eve", "member"), ("rex", "member")]).await;
    let mut owner = core.sign_in("ben").await;
    owner.ask(json!({"t":"room.create","room":"ops"})).await;
    for (user, role) in [("cleo", "member"), ("rex", "reader"), ("vic", "owner"), ("dan", "member")] {
        owner.ask(json!({"t":"room.invite","room":"ops","user":user,"role":role})).await;
    }
    let dan = json!({"t":"room.post","room":"ops","text":"hello","nonce":"d1"});
    assert_eq!(core.sign_in("dan").await.ask(dan).await["seq"], 6);
    for (at, user) in ["ben", "cleo", "rex", "eve", "vic", "root"].into_iter().enumerate() {
        let mut client = core.sign_in(user).await;
        for (mut request, expected) in table("ops") {
            for key in ["nonce", "path", "topic", "title"] {
                if request[key] == "N" {
                    request[key] = format!("{user}-{key}-{}", request["t"].as_str().unwrap()).into();
                }
            }
            let answer = client.answer(request.clone()).await;
            let got = answer["code"].as_str().or(answer["t"].as_str()).unwrap();
            assert_eq!(got, expected[at], "{user}: {request} was answered {answer}");
        }
    }
}

#[tokio::test]
async fn a_private_room_is_only_for_whom_its_owners_invite() {
    let core = core().await;
    let (mut ben, mut cleo, mut root) =
        (core.sign_in("ben").await, core.sign_in("cleo").await, core.sign_in("root").await);
    ben.ask(json!({"t":"room.create","room":"secret","private":true})).await;
    for request in [
        json!({"t":"room.invite","room":"secret","user":"root"}),
        json!({"t":"room.set","room":"secret","title":"mine"}),
        json!({"t":"room.remove","room":"secret","user":"ben"}),
        json!({"t":"room.role","room":"secret","user":"ben","role":"reader"}),
        json!({"t":"typing","room":"secret"}),
    ] {
        cleo.refused(request.clone(), "not_found").await;
        root.refused(request, "not_found").await;
    }
    assert_eq!(ben.ask(json!({"t":"room.invite","room":"secret","user":"cleo"})).await["seq"], 2);
    assert_eq!(ben.ask(json!({"t":"room.invite","room":"secret","user":"cleo"})).await["seq"], Value::Null);
    cleo.refused(json!({"t":"room.invite","room":"secret","user":"ann"}), "forbidden").await;
    cleo.ask(json!({"t":"room.post","room":"secret","text":"in","nonce":"c1"})).await;
    ben.refused(json!({"t":"room.invite","room":"secret","user":"nobody"}), "not_found").await;
    ben.refused(json!({"t":"room.invite","room":"secret","user":"system"}), "not_found").await;
}

#[tokio::test]
async fn a_room_keeps_an_owner() {
    let core = core().await;
    let mut ben = core.sign_in("ben").await;
    ben.ask(json!({"t":"room.create","room":"ops"})).await;
    ben.refused(json!({"t":"room.role","room":"ops","user":"ben","role":"member"}), "conflict").await;
    ben.ask(json!({"t":"room.invite","room":"ops","user":"cleo"})).await;
    ben.refused(json!({"t":"room.leave","room":"ops"}), "conflict").await;
    ben.refused(json!({"t":"room.remove","room":"ops","user":"ben"}), "conflict").await;
    assert_eq!(ben.ask(json!({"t":"room.role","room":"ops","user":"cleo","role":"owner"})).await["seq"], 3);
    assert_eq!(ben.ask(json!({"t":"room.role","room":"ops","user":"cleo","role":"owner"})).await["seq"], Value::Null);
    ben.refused(json!({"t":"room.role","room":"ops","user":"ann","role":"owner"}), "not_found").await;
    ben.ask(json!({"t":"room.leave","room":"ops"})).await;
    let mut cleo = core.sign_in("cleo").await;
    // Who is the last of all may go.
    cleo.ask(json!({"t":"room.leave","room":"ops"})).await;
    for request in [
        json!({"t":"room.remove","room":"general","user":"ben"}),
        json!({"t":"room.leave","room":"general"}),
        json!({"t":"room.set","room":"general","archived":true}),
    ] {
        core.sign_in("root").await.refused(request, "conflict").await;
    }
}

#[tokio::test]
async fn nothing_is_added_to_an_archived_room() {
    let core = core().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    ann.ask(json!({"t":"room.create","room":"old"})).await;
    ann.ask(json!({"t":"room.post","room":"old","text":"last words","nonce":"a1"})).await;
    let upload = json!({"t":"file.put","in":"room:old","path":"a","size":0,"nonce":"u1"});
    let upload = ann.ask(upload).await["upload"].clone();
    assert_eq!(ann.ask(json!({"t":"room.set","room":"old","archived":true})).await["seq"], 3);
    let empty = blake3::hash(b"").to_hex().to_string();
    for request in [
        json!({"t":"room.post","room":"old","text":"more","nonce":"a2"}),
        json!({"t":"run.start","room":"old","cmd":"true","nonce":"a3"}),
        json!({"t":"file.put","in":"room:old","path":"b","size":1,"nonce":"u2"}),
        json!({"t":"file.commit","upload":upload,"blake3":empty}),
        json!({"t":"room.set","room":"old","topic":"x"}),
        json!({"t":"room.set","room":"old","title":"x"}),
        json!({"t":"room.invite","room":"old","user":"ben"}),
        json!({"t":"typing","room":"old"}),
    ] {
        ann.refused(request, "conflict").await;
    }
    ben.refused(json!({"t":"room.join","room":"old"}), "conflict").await;
    let page = ben.ask(json!({"t":"room.history","room":"old"})).await;
    assert_eq!(page["events"][2]["kind"], "archived");
    assert_eq!(page["events"][2]["on"], true);
    ann.refused(json!({"t":"room.set","room":"old","archived":true,"title":"x"}), "conflict").await;
    ann.ask(json!({"t":"room.set","room":"old","archived":false,"title":"x"})).await;
    ann.ask(json!({"t":"room.post","room":"old","text":"more","nonce":"a2"})).await;
}
