//! What people do with their own account: the password, and the sessions in which they are signed in.

use std::time::Instant;

use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::common::{Client, PASSWORD, TestCore};

const NEW: &str = "battery staple";

async fn core() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("ben", "member")]).await;
    core
}

/// Signs in with a password and keeps a session of this label. Returns its token, too.
async fn session(core: &TestCore, user: &str, label: &str) -> (Client<TcpStream>, Value) {
    let mut client = core.connect().await;
    let auth = json!({"user":user,"password":PASSWORD});
    client.send(json!({"t":"hello","v":1,"auth":auth,"remember":label}), &[]).await;
    let token = client.next_of("welcome").await["token"].clone();
    (client, token)
}

async fn token_is_good(core: &TestCore, token: &Value) -> bool {
    let mut client = core.connect().await;
    client.send(json!({"t":"hello","v":1,"auth":{"token":token}}), &[]).await;
    client.next().await.0["t"] == "welcome"
}

/// The client is told to go, for good.
async fn is_ended(client: &mut Client<TcpStream>) {
    let goaway = client.next_of("goaway").await;
    assert!(goaway["retry_ms"].is_null(), "{goaway}");
    assert!(client.read().await.is_none());
}

/// Labels of the listed sessions, and which of them is the one of this connection.
async fn labels(client: &mut Client<TcpStream>) -> Vec<(String, bool, u64)> {
    let listed = client.ask(json!({"t":"session.list"})).await;
    let sessions = listed["sessions"].as_array().unwrap().iter();
    sessions
        .map(|s| (s["label"].as_str().unwrap().to_owned(), s["this"] == true, s["connections"].as_u64().unwrap()))
        .collect()
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all_others() {
    let core = core().await;
    let (mut laptop, _) = session(&core, "ann", "laptop").await;
    let (mut phone, phone_token) = session(&core, "ann", "phone").await;
    let (mut ben, _) = session(&core, "ben", "desk").await;
    let mut again = core.connect().await;
    again.hello(json!({"token": phone_token})).await;
    let token = core.system().await.ask(json!({"t":"token.add","user":"ann","label":"ci"})).await["token"].clone();
    let expected = [("ci".to_owned(), false, 0), ("phone".to_owned(), false, 2), ("laptop".to_owned(), true, 1)];
    assert_eq!(labels(&mut laptop).await, expected);
    let listed = laptop.ask(json!({"t":"session.list"})).await;
    assert!(!listed.to_string().contains(phone_token.as_str().unwrap()), "no secret is listed");
    let (ci, phone_id) = (&listed["sessions"][0], listed["sessions"][1]["session"].clone());
    assert!(ci["until"].is_null() && listed["sessions"][1]["until"].is_u64(), "{listed}");
    assert_eq!(listed["sessions"][1]["address"], "127.0.0.1");

    // Nobody ends what is not theirs, and the answer does not say whether it exists.
    ben.refused(json!({"t":"session.end","session":phone_id}), "not_found").await;
    laptop.refused(json!({"t":"session.end","session":9_000}), "not_found").await;
    laptop.refused(json!({"t":"session.end","session":phone_id,"others":true}), "bad_request").await;

    laptop.ask(json!({"t":"session.end","session":phone_id})).await;
    is_ended(&mut phone).await;
    is_ended(&mut again).await;
    assert!(!token_is_good(&core, &phone_token).await);
    laptop.refused(json!({"t":"session.end","session":phone_id}), "not_found").await;

    let (mut tablet, tablet_token) = session(&core, "ann", "tablet").await;
    let mut without = core.sign_in("ann").await;
    laptop.ask(json!({"t":"session.end","others":true})).await;
    is_ended(&mut tablet).await;
    is_ended(&mut without).await;
    assert!(!token_is_good(&core, &tablet_token).await);
    assert!(token_is_good(&core, &token).await, "tokens of programs stay");
    laptop.ask(json!({"t":"session.end","session":ci["session"]})).await;
    assert!(!token_is_good(&core, &token).await, "until one is named");
    assert_eq!(labels(&mut laptop).await, [("laptop".to_owned(), true, 1)]);
    assert_eq!(labels(&mut ben).await, [("desk".to_owned(), true, 1)]);
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let core = core().await;
    let (mut laptop, laptop_token) = session(&core, "ann", "laptop").await;
    let (mut phone, phone_token) = session(&core, "ann", "phone").await;
    let mut without = core.sign_in("ann").await;
    let (mut ben, _) = session(&core, "ben", "desk").await;
    let token = core.system().await.ask(json!({"t":"token.add","user":"ann"})).await["token"].clone();

    let set = |current: &str, password: &str| json!({"t":"password.set","current":current,"password":password});
    laptop.refused(set("wrong horse", NEW), "forbidden").await;
    laptop.refused(set(PASSWORD, "short"), "bad_request").await;
    laptop.refused(set(PASSWORD, &"x".repeat(1_025)), "bad_request").await;
    laptop.refused(set(PASSWORD, PASSWORD), "bad_request").await;
    core.system().await.refused(set(PASSWORD, NEW), "bad_request").await;
    laptop.ask(set(PASSWORD, NEW)).await;

    is_ended(&mut phone).await;
    is_ended(&mut without).await;
    assert!(!token_is_good(&core, &phone_token).await);
    assert!(token_is_good(&core, &laptop_token).await && token_is_good(&core, &token).await);
    laptop.ask(json!({"t":"room.list"})).await;
    ben.ask(json!({"t":"room.list"})).await;
    for (password, answer) in [(PASSWORD, "err"), (NEW, "welcome")] {
        let mut client = core.connect().await;
        client.send(json!({"t":"hello","v":1,"auth":{"user":"ann","password":password}}), &[]).await;
        assert_eq!(client.next().await.0["t"], answer, "{password}");
    }
    let log = rusqlite::Connection::open(core.folder().join("wardroom.db")).unwrap();
    let count = "SELECT count(*) FROM audit WHERE action = 'password' AND by = 'ann' AND subject = 'ann'";
    let audited: i64 = log.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(audited, 1);
}

/// Attempts that are at most allowed in the time since then: some at once, and one more every six seconds.
fn allowed(began: Instant) -> u64 {
    20 + began.elapsed().as_secs() / 6
}

#[tokio::test]
async fn a_stolen_session_does_not_get_to_guess_the_password() {
    let core = core().await;
    let (mut thief, _) = session(&core, "ann", "laptop").await;
    let (began, mut wrong) = (Instant::now(), 0);
    let guess = json!({"t":"password.set","current":"wrong horse","password":NEW});
    // As many as come at once: each is counted before it is evaluated.
    for _ in 0..100 {
        let answer = thief.answer(guess.clone()).await;
        match answer["code"].as_str() {
            Some("forbidden") => wrong += 1,
            Some("rate_limited") => {
                assert!(answer["retry_ms"].is_u64(), "{answer}");
                break;
            }
            _ => panic!("{answer}"),
        }
    }
    assert!((1..=allowed(began)).contains(&wrong), "{wrong} were evaluated");
    thief.ask(json!({"t":"room.list"})).await;
}

#[tokio::test]
async fn nobody_keeps_the_server_busy_with_new_passwords() {
    let core = core().await;
    let (mut ann, _) = session(&core, "ann", "laptop").await;
    let (mut current, mut next) = (PASSWORD, NEW);
    let began = Instant::now();
    for changes in 0..100 {
        let answer = ann.answer(json!({"t":"password.set","current":current,"password":next})).await;
        if answer["code"] == "rate_limited" {
            assert!((1..=allowed(began)).contains(&changes), "{changes} changes");
            return;
        }
        assert_eq!(answer["t"], "ok", "{answer}");
        std::mem::swap(&mut current, &mut next);
    }
    panic!("100 changes were carried out");
}

/// Two admins change an account at once: what counts is what the database has in the end.
#[tokio::test]
async fn accounts_in_memory_are_as_the_last_commit_left_them() {
    let core = core().await;
    let (mut one, mut two) = (core.system().await, core.system().await);
    let read = async |admin: &mut Client<tokio::net::UnixStream>| {
        let listed = admin.ask(json!({"t":"user.list"})).await;
        let ann = listed["users"].as_array().unwrap().iter().find(|user| user["user"] == "ann").unwrap().clone();
        let path = core.folder().join("wardroom.db");
        let database = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let select = "SELECT role, disabled FROM users WHERE name = 'ann'";
        let row: (String, bool) = database.query_row(select, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!((ann["role"].as_str().unwrap(), ann["disabled"] == true), (row.0.as_str(), row.1));
    };
    for _ in 0..100 {
        one.send(json!({"t":"user.role","id":1,"user":"ann","role":"viewer"}), &[]).await;
        two.send(json!({"t":"user.role","id":1,"user":"ann","role":"operator"}), &[]).await;
        while one.next().await.0["re"] != 1 {}
        while two.next().await.0["re"] != 1 {}
        read(&mut one).await;
        one.send(json!({"t":"user.disable","id":1,"user":"ann","disabled":true}), &[]).await;
        two.send(json!({"t":"user.disable","id":1,"user":"ann","disabled":false}), &[]).await;
        while one.next().await.0["re"] != 1 {}
        while two.next().await.0["re"] != 1 {}
        read(&mut one).await;
    }
}

#[tokio::test]
async fn a_status_is_shown_to_who_sees_the_members() {
    let core = core().await;
    let (mut ann, _) = session(&core, "ann", "laptop").await;
    let (mut ben, _) = session(&core, "ben", "desk").await;
    ben.ask(json!({"t":"room.members","room":"general"})).await;
    for text in ["on call until 8", ""] {
        ann.ask(json!({"t":"status.set","text":format!(" {text} ")})).await;
        loop {
            let presence = ben.next_of("presence").await;
            if presence["here"].as_array().is_some_and(|here| here.contains(&json!("ann"))) {
                let told = presence["status"][0]["text"].as_str().unwrap_or_default().to_owned();
                // What came before may still be told.
                if told == text {
                    break;
                }
            }
        }
        let listed = ben.ask(json!({"t":"room.members","room":"general"})).await;
        let of_ann = &listed["members"].as_array().unwrap().iter().find(|m| m["user"] == "ann").unwrap()["status"];
        assert_eq!(of_ann.as_str().unwrap_or_default(), text);
    }
    for bad in ["two\nlines".to_owned(), "x".repeat(81)] {
        assert_eq!(ann.answer(json!({"t":"status.set","text":bad})).await["code"], "bad_request");
    }
}

/// The password takes two hashes: whoever ends the session meanwhile must not be signed out by what it still asked for.
#[tokio::test]
async fn what_a_session_asked_for_is_not_carried_out_after_its_end() {
    let core = core().await;
    let (mut owner, owner_token) = session(&core, "ann", "owner").await;
    let (mut thief, _) = session(&core, "ann", "thief").await;
    let listed = owner.ask(json!({"t":"session.list"})).await;
    let id = listed["sessions"][0]["session"].clone();
    assert_eq!(listed["sessions"][0]["label"], "thief");
    thief.send(json!({"t":"password.set","id":1,"current":PASSWORD,"password":NEW}), &[]).await;
    let ended = owner.answer(json!({"t":"session.end","session":id})).await;
    // If the password was changed first, the owner's session ended with it.
    assert_eq!(ended["t"], "ok", "{ended}");
    is_ended(&mut thief).await;
    // Both hashes are done when a sign-in, which is queued behind them, is answered.
    core.sign_in("ann").await.ask(json!({"t":"room.list"})).await;
    owner.ask(json!({"t":"room.list"})).await;
    assert!(token_is_good(&core, &owner_token).await);
}
