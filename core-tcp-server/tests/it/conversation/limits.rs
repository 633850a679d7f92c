//! What one user may have and do, and that it is theirs alone.

use serde_json::json;

use super::core;
use crate::common::TestCore;

/// Reads answers up to the one with this id; gives the first that is refused.
async fn first_refused(
    client: &mut crate::common::Client<tokio::net::TcpStream>,
    last: u64,
) -> Option<serde_json::Value> {
    let mut refused = None;
    loop {
        let (answer, _) = client.next().await;
        if answer["t"] == "err" && refused.is_none() {
            refused = Some(answer.clone());
        }
        if answer["re"] == last {
            return refused;
        }
    }
}

#[tokio::test]
async fn whoever_floods_a_room_is_slowed_down_and_nobody_else() {
    let core = core().await;
    let (mut ben, mut cleo) = (core.sign_in("ben").await, core.sign_in("cleo").await);
    let mut refused = None;
    // As many as come at once, and some more than are taken again meanwhile.
    for round in 0..200u64 {
        let ids = 10_000 + round * 50..10_050 + round * 50;
        let post = |n: u64| json!({"t":"room.post","id":n,"room":"general","text":"again","nonce":format!("n{n}")});
        let lines: String = ids
            .clone()
            .map(|n| {
                format!(
                    "{}
",
                    post(n)
                )
            })
            .collect();
        ben.send_raw(lines.as_bytes()).await;
        refused = first_refused(&mut ben, ids.end - 1).await;
        if refused.is_some() {
            break;
        }
    }
    let refused = refused.expect("there is an end to it");
    assert_eq!(refused["code"], "rate_limited", "{refused}");
    assert!(refused["retry_ms"].as_u64().is_some_and(|ms| (1..=20).contains(&ms)), "{refused}");
    cleo.ask(json!({"t":"room.post","room":"general","text":"calm","nonce":"c1"})).await;
    // Ben's turn comes again.
    while ben.answer(json!({"t":"room.post","room":"general","text":"later","nonce":"later"})).await["t"] == "err" {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn rooms_of_ones_own_have_an_end() {
    let core = core().await;
    let folder = core.stop().await;
    let conn = rusqlite::Connection::open(folder.path().join("data/wardroom.db")).unwrap();
    let ben: i64 = conn.query_row("SELECT id FROM users WHERE name = 'ben'", [], |row| row.get(0)).unwrap();
    conn.execute_batch("BEGIN").unwrap();
    for n in 0..2_000 {
        let sql = "INSERT INTO rooms(id, name, title, private, created) VALUES(?1, ?2, '', 0, 0)";
        conn.execute(sql, (1_000 + n, format!("r{n}"))).unwrap();
        let role = if n < 500 { "owner" } else { "member" };
        let sql = "INSERT INTO members(room, user, role) VALUES(?1, ?2, ?3)";
        conn.execute(sql, (1_000 + n, ben, role)).unwrap();
    }
    conn.execute_batch("COMMIT").unwrap();
    drop(conn);
    let core = TestCore::on(folder).await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    // General is one of them.
    ben.refused(json!({"t":"room.join","room":"ops"}), "too_large").await;
    ann.refused(json!({"t":"room.invite","room":"ops","user":"ben"}), "too_large").await;
    for room in ["r1998", "r1999"] {
        ben.ask(json!({"t":"room.leave","room":room})).await;
    }
    ben.refused(json!({"t":"room.create","room":"mine"}), "too_large").await;
    ben.ask(json!({"t":"room.join","room":"ops"})).await;
}
