//! Sessions that end by themselves, and roles that change.

use serde_json::{Value, json};

use crate::common::{PASSWORD, TestCore};

/// Signs in for a session; its token.
async fn session(core: &TestCore, user: &str) -> String {
    let mut client = core.connect().await;
    let auth = json!({"user":user,"password":PASSWORD});
    client.send(json!({"t":"hello","v":1,"auth":auth,"remember":"test"}), &[]).await;
    client.next_of("welcome").await["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_that_reaches_its_age_takes_its_connections_along() {
    // A machine that does much else may need longer to start a core.
    for ms in [2_000, 8_000, 60_000] {
        let core = TestCore::start().await;
        core.add_users(&[("ann", "member")]).await;
        let token = session(&core, "ann").await;
        let data = core.stop().await;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        let soon = i64::try_from(now).unwrap() + ms;
        let conn = rusqlite::Connection::open(data.path().join("data/wardroom.db")).unwrap();
        assert_eq!(conn.execute("UPDATE sessions SET expires = ?1", [soon]).unwrap(), 1);
        drop(conn);
        let core = TestCore::on(data).await;
        let hello = json!({"t":"hello","v":1,"auth":{"token":token}});
        let mut client = core.connect().await;
        client.send(hello.clone(), &[]).await;
        let (first, _) = client.next().await;
        if first["t"] != "welcome" {
            assert_eq!(first["code"], "unauthorized", "{first}");
            continue;
        }
        let told = loop {
            let (told, _) = client.read().await.expect("a last word");
            if told["t"] == "goaway" {
                break told;
            }
        };
        assert_eq!(told["retry_ms"], Value::Null, "{told}");
        assert!(client.read().await.is_none());
        let mut client = core.connect().await;
        client.send(hello, &[]).await;
        assert_eq!(client.next_of("err").await["code"], "unauthorized");
        return;
    }
    panic!("no core was started within a minute");
}

#[tokio::test]
async fn a_session_that_makes_room_for_another_takes_its_connections_along() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "member")]).await;
    let first = session(&core, "ann").await;
    let mut client = core.connect().await;
    client.hello(json!({"token": first})).await;
    let mut admin = core.system().await;
    for n in 1..64 {
        admin.ask(json!({"t":"token.add","user":"ann","label":format!("{n}")})).await;
    }
    client.ask(json!({"t":"room.list"})).await;
    admin.ask(json!({"t":"token.add","user":"ann","label":"one too many"})).await;
    client.next_of("goaway").await;
    assert!(client.read().await.is_none());
}

#[tokio::test]
async fn a_role_takes_effect_without_a_new_connection() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "viewer"), ("adm", "admin")]).await;
    let (mut ann, mut adm) = (core.sign_in("ann").await, core.sign_in("adm").await);
    let post = |nonce: &str| json!({"t":"room.post","room":"general","text":"hi","nonce":nonce});
    ann.refused(post("1"), "forbidden").await;
    ann.refused(json!({"t":"user.role","user":"ann","role":"admin"}), "forbidden").await;
    adm.ask(json!({"t":"user.role","user":"ann","role":"member"})).await;
    ann.ask(post("2")).await;
    assert_eq!(ann.next_of("you").await["role"], "member");
    adm.ask(json!({"t":"user.role","user":"ann","role":"admin"})).await;
    ann.ask(json!({"t":"user.list"})).await;
    adm.ask(json!({"t":"user.role","user":"adm","role":"viewer"})).await;
    adm.refused(json!({"t":"user.list"}), "forbidden").await;
    // Somebody can always change it back.
    ann.refused(json!({"t":"user.role","user":"ann","role":"viewer"}), "conflict").await;
    ann.refused(json!({"t":"user.role","user":"nobody","role":"viewer"}), "not_found").await;
    // It is kept.
    let core = TestCore::on(core.stop().await).await;
    core.sign_in("adm").await.refused(post("3"), "forbidden").await;
}
