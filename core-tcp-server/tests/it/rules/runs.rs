//! What each right is good for at a run: starting it, stopping one's own and another's, typing, and asking for a keyboard.

use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{rule, start};
use crate::common::{Client, TestCore};
use crate::fake_host::FakeHost;

/// Account, role in the room, and the right that a rule gives on the host. There is a rule about each.
const PEOPLE: [(&str, &str, &str); 9] = [
    ("viewer", "member", ""),
    ("member", "reader", ""),
    ("member", "member", ""),
    ("member", "member", "run"),
    ("member", "member", "run-named"),
    ("member", "member", "approve"),
    ("operator", "member", ""),
    ("operator", "member", "run"),
    ("admin", "member", ""),
];

const WHAT: [&str; 7] = ["start", "stop own", "stop other's", "lose own", "type", "ask", "take"];

fn name((role, room_role, right): (&str, &str, &str)) -> String {
    format!("{role}-{room_role}-{right}").trim_end_matches('-').to_owned()
}

/// The table of `docs/security.md`.
fn is_allowed((role, room_role, right): (&str, &str, &str), what: &str) -> bool {
    let is_active = role != "viewer" && room_role != "reader";
    match what {
        "stop own" | "lose own" => is_active,
        "stop other's" => is_active && (role == "operator" || role == "admin"),
        _ => is_active && (right == "run" || role == "admin"),
    }
}

/// Starts a terminal; its run.
async fn terminal(client: &mut Client<TcpStream>, host: &mut FakeHost) -> String {
    let ask = json!({"t":"run.start","room":"ops","host":"web1","tty":{"cols":80,"rows":24},"nonce":"own"});
    let run = client.ask(ask).await["run"].as_str().unwrap().to_owned();
    host.start().await;
    run
}

#[tokio::test]
async fn each_right_is_good_for_what_the_table_says() {
    let core = TestCore::start().await;
    let names: Vec<String> = PEOPLE.iter().map(|person| name(*person)).collect();
    // Everybody has a run from a time when they were operators.
    let mut users: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "operator")).collect();
    users.push(("adm", "admin"));
    core.add_users(&users).await;
    let mut adm = core.sign_in("adm").await;
    let mut host = FakeHost::come(&core, "web1", &[]).await;
    adm.ask(json!({"t":"room.create","room":"ops"})).await;
    let mut own = Vec::new();
    for user in &names {
        adm.ask(json!({"t":"room.invite","room":"ops","user":user})).await;
        own.push(terminal(&mut core.sign_in(user).await, &mut host).await);
    }
    let other = terminal(&mut adm, &mut host).await;
    let control = |op: &str| json!({"t":"term.control","run":other,"op":op});
    adm.ask(control("release")).await;
    let place = json!({"room":"ops","host":"web1"});
    for right in ["run", "run-named", "approve"] {
        adm.ask(rule(right, "adm", &place, true)).await;
    }
    for ((role, room_role, right), user) in PEOPLE.iter().zip(&names) {
        if !right.is_empty() {
            adm.ask(rule(right, user, &place, true)).await;
        }
        adm.ask(json!({"t":"room.role","room":"ops","user":user,"role":room_role})).await;
        adm.ask(json!({"t":"user.role","user":user,"role":role})).await;
    }
    for ((person, user), own) in PEOPLE.iter().zip(&names).zip(&own) {
        let mut client = core.sign_in(user).await;
        for what in WHAT {
            let allowed = is_allowed(*person, what);
            let signal = |run: &str| json!({"t":"run.signal","run":run,"signal":"INT"});
            let ask = match what {
                "start" => start("ops", "web1", "n"),
                "stop own" => signal(own),
                "stop other's" => signal(&other),
                // The host is connected: that is refused too, once the right is there.
                "lose own" => json!({"t":"run.lose","run":own}),
                "type" => {
                    client.send(json!({"t":"run.input","run":own,"gen":1,"off":0,"len":2}), b"ls").await;
                    if allowed {
                        assert_eq!(host.input().await, (0, "ls".to_owned()), "{user}");
                    } else {
                        assert_eq!(client.next_of("err").await["code"], "forbidden", "{user} types");
                    }
                    continue;
                }
                op => control(op),
            };
            let answer = client.answer(ask).await;
            let expected = match (allowed, what) {
                (true, "lose own") => json!("conflict"),
                (true, _) => Value::Null,
                (false, _) => json!("forbidden"),
            };
            assert_eq!(answer["code"], expected, "{user}: {what}: {answer}");
            match what {
                "start" if allowed => drop(host.start().await),
                "ask" | "take" if allowed => {
                    assert_eq!(answer["holds"], true, "{user}: nobody had it");
                    client.ask(control("release")).await;
                }
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn who_may_not_stop_a_run_is_told_who_may() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("mia", "member")]).await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = ann.ask(start("general", "local", "n1")).await["run"].clone();
    host.start().await;
    let mut mia = core.sign_in("mia").await;
    for ask in [json!({"t":"run.signal","run":run,"signal":"TERM"}), json!({"t":"run.lose","run":run})] {
        let told = mia.refused(ask, "forbidden").await;
        assert!(told["msg"].as_str().unwrap().contains("by who started it, or by an operator"), "{told}");
    }
}
