//! Every role, every role in the room, every combination of rules, and everything that they are about, compared with the
//! table of `docs/security.md`. The hosts are away, so that what is allowed gets `busy`, and nothing starts.

use serde_json::json;

use super::{rule, start};
use crate::common::TestCore;
use crate::fake_host::FakeHost;

/// Account and role in the room; an empty one is not in it.
const PEOPLE: [(&str, &str); 13] = [
    ("viewer", "member"),
    ("viewer", "owner"),
    ("member", ""),
    ("member", "reader"),
    ("member", "member"),
    ("member", "owner"),
    ("operator", ""),
    ("operator", "reader"),
    ("operator", "member"),
    ("operator", "owner"),
    ("admin", ""),
    ("admin", "reader"),
    ("admin", "member"),
];

/// Whom the rules about one place name.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Named {
    /// There is no rule.
    Nobody,
    /// Somebody else.
    Other,
    /// All of [`PEOPLE`].
    All,
}
use Named::{All, Nobody, Other};

/// Rules about the host, the room, and the host in the room.
const RULES: [[Named; 3]; 15] = [
    [Nobody, Nobody, Nobody],
    [Other, Nobody, Nobody],
    [All, Nobody, Nobody],
    [Nobody, Other, Nobody],
    [Nobody, All, Nobody],
    [Nobody, Nobody, Other],
    [Nobody, Nobody, All],
    [All, Other, Nobody],
    [Other, All, Nobody],
    [All, All, Nobody],
    [Other, Nobody, All],
    [Nobody, Other, All],
    [Other, Other, All],
    [Nobody, All, Other],
    [All, Nobody, Other],
];

const WHAT: [&str; 5] = ["run", "for-members", "for-operators", "for-owners", "approve"];

/// The table.
fn is_allowed((role, room_role): (&str, &str), [host, room, here]: [Named; 3], what: &str) -> bool {
    if role == "viewer" || !["member", "owner"].contains(&room_role) {
        return false;
    }
    if role == "admin" {
        return true;
    }
    if what == "for-owners" && room_role != "owner" {
        return false;
    }
    if [host, room, here] == [Nobody; 3] {
        return role == "operator" || what == "for-members" || what == "for-owners";
    }
    let host_is_met = (host == Nobody && here == Nobody) || host == All || here == All;
    let room_is_met = room == Nobody || room == All || here == All;
    host_is_met && room_is_met
}

fn name((role, room_role): (&str, &str)) -> String {
    format!("{role}-{}", if room_role.is_empty() { "outside" } else { room_role })
}

#[tokio::test]
async fn everybody_may_what_the_table_says_and_nothing_else() {
    let core = TestCore::start().await;
    let names: Vec<String> = PEOPLE.iter().map(|person| name(*person)).collect();
    // Rules are only made for those who can use them: they lose their roles afterwards.
    let mut users: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "operator")).collect();
    users.extend([("oth", "operator"), ("adm", "admin")]);
    core.add_users(&users).await;
    let mut adm = core.sign_in("adm").await;
    let mut hosts = Vec::new();
    let mut proposals = Vec::new();
    for (at, named) in RULES.iter().enumerate() {
        let (room, host) = (format!("room{at}"), format!("host{at}"));
        adm.ask(json!({"t":"room.create","room":room})).await;
        for user in names.iter().map(String::as_str).chain(["oth"]) {
            adm.ask(json!({"t":"room.invite","room":room,"user":user})).await;
        }
        hosts.push(FakeHost::come(&core, &host, &[]).await);
        let places = [json!({"host":host}), json!({"room":room}), json!({"room":room,"host":host})];
        for (place, named) in places.iter().zip(named) {
            let whom = match named {
                Nobody => Vec::new(),
                Other => vec!["oth"],
                All => names.iter().map(String::as_str).collect(),
            };
            for user in whom {
                for right in ["run", "run-named", "approve"] {
                    adm.ask(rule(right, user, place, true)).await;
                }
            }
        }
        for (name, allow) in [("for-members", "member"), ("for-operators", "operator"), ("for-owners", "owner")] {
            let command = json!({"name":name,"argv":["id"],"host":host,"allow":allow});
            adm.ask(json!({"t":"command.add","room":room,"command":command})).await;
        }
        adm.ask(json!({"t":"room.set","room":room,"approve":true})).await;
        proposals.push(adm.ask(start(&room, &host, &format!("p{at}"))).await["proposal"].clone());
        for (person, name) in PEOPLE.iter().zip(&names) {
            let ask = match person.1 {
                "" => json!({"t":"room.remove","room":room,"user":name}),
                role => json!({"t":"room.role","room":room,"user":name,"role":role}),
            };
            adm.ask(ask).await;
        }
    }
    drop(hosts);
    for (person, name) in PEOPLE.iter().zip(&names) {
        adm.ask(json!({"t":"user.role","user":name,"role":person.0})).await;
    }
    let mut count = 0;
    for (person, name) in PEOPLE.iter().zip(&names) {
        let mut client = core.sign_in(name).await;
        for (at, named) in RULES.iter().enumerate() {
            let (room, host) = (format!("room{at}"), format!("host{at}"));
            for what in WHAT {
                let nonce = format!("{at}{what}");
                let ask = match what {
                    "run" => start(&room, &host, &nonce),
                    "approve" => json!({"t":"run.approve","proposal":proposals[at]}),
                    command => json!({"t":"run.start","room":room,"command":command,"nonce":nonce}),
                };
                let answer = client.answer(ask).await;
                let expected = if is_allowed(*person, *named, what) { "busy" } else { "forbidden" };
                assert_eq!(answer["code"], expected, "{name} {what} with rules {named:?}: {answer}");
                count += 1;
            }
            // What a client shows as possible is what is possible.
            let listed = client.ask(json!({"t":"command.list","room":room})).await;
            for info in listed["commands"].as_array().unwrap() {
                let what = info["command"]["name"].as_str().unwrap();
                assert_eq!(
                    info["may"] == true,
                    is_allowed(*person, *named, what),
                    "{name} {what} with rules {named:?}"
                );
            }
        }
    }
    assert_eq!(count, PEOPLE.len() * RULES.len() * WHAT.len());
}
