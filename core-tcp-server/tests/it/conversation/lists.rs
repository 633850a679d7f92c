//! Lists that grow with the server (rooms, members, accounts) never grow out of a line.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::core;
use crate::common::{Client, TestCore};

/// The names in a list, over all of its pages; each page is one line, or the client would not read it.
async fn all<S>(client: &mut Client<S>, mut ask: Value, list: &str, name: &str) -> (Vec<String>, usize)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let (mut names, mut pages) = (Vec::new(), 0);
    loop {
        let page = client.ask(ask.clone()).await;
        names.extend(page[list].as_array().unwrap().iter().map(|info| info[name].as_str().unwrap().to_owned()));
        pages += 1;
        if page["more"] != true {
            return (names, pages);
        }
        ask["after"] = names.last().unwrap().as_str().into();
    }
}

#[tokio::test]
async fn whoever_is_in_many_rooms_with_long_topics_still_gets_in() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let mut wanted: BTreeSet<String> = BTreeSet::from(["general".to_owned()]);
    for n in 0..50 {
        let room = format!("room-{n:02}");
        ann.ask(json!({"t":"room.create","room":room,"title":"\"".repeat(120)})).await;
        ann.ask(json!({"t":"room.set","room":room,"topic":"\"".repeat(1_024)})).await;
        ann.ask(json!({"t":"room.invite","room":room,"user":"ben"})).await;
        wanted.insert(room);
    }
    let mut ben = core.connect().await;
    let welcome = ben.hello(json!({"user":"ben","password":crate::common::PASSWORD})).await;
    assert_eq!(welcome["more"], true);
    let mut told: BTreeSet<String> =
        welcome["rooms"].as_array().unwrap().iter().map(|info| info["room"].as_str().unwrap().to_owned()).collect();
    assert!(told.len() > 10, "as many as the line holds");
    while told != wanted {
        let info = ben.next_of("room.changed").await["info"].clone();
        assert_eq!((&info["joined"], &info["title"]), (&json!(true), &json!("\"".repeat(120))));
        assert!(told.insert(info["room"].as_str().unwrap().to_owned()), "each is told once: {}", info["room"]);
    }
    let (listed, pages) = all(&mut ben, json!({"t":"room.list"}), "rooms", "room").await;
    assert!(pages > 1);
    assert_eq!(listed, wanted.into_iter().collect::<Vec<_>>(), "by name, each once");
}

#[tokio::test]
async fn members_and_accounts_come_in_pages() {
    let core = TestCore::start().await;
    // Made on disk: a password's hash takes longer than all the rest.
    let folder = core.stop().await;
    let conn = rusqlite::Connection::open(folder.path().join("data/wardroom.db")).unwrap();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
                INSERT INTO users(name, shown, role, password, created)
                SELECT printf('user-%03d', i), hex(zeroblob(60)), 'member', '!', 0 FROM n;
                INSERT INTO members(room, user, role) SELECT 1, id, 'member' FROM users WHERE name LIKE 'user-%'";
    conn.execute_batch(many).unwrap();
    drop(conn);
    let core = TestCore::on(folder).await;
    core.add_users(&[("zoe", "member")]).await;
    let mut zoe = core.sign_in("zoe").await;
    let wanted: Vec<String> =
        (1..=400).map(|n| format!("user-{n:03}")).chain(std::iter::once("zoe".to_owned())).collect();
    let (members, pages) = all(&mut zoe, json!({"t":"room.members","room":"general"}), "members", "user").await;
    assert_eq!((members, pages > 1), (wanted.clone(), true));
    let (users, pages) = all(&mut core.system().await, json!({"t":"user.list"}), "users", "user").await;
    assert_eq!((users, pages > 1), (wanted, true));
}
