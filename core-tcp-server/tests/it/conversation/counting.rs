//! What is unread is exact: random talk, against a naive count from the database.

use std::collections::HashMap;

use serde_json::json;
use tokio::net::TcpStream;

use super::{core, info};
use crate::common::{Client, TestCore};

/// Small, fast and the same everywhere: SplitMix64.
struct SplitMix64(u64);

impl SplitMix64 {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

const NAMES: [&str; 4] = ["ann", "ben", "cleo", "root"];

/// Unread lines and mentions of each member, counted by looking at every line.
fn naive(core: &TestCore) -> HashMap<String, (u64, u64)> {
    let db = rusqlite::Connection::open(core.folder().join("wardroom.db")).unwrap();
    let mut events = db
        .prepare(
            "SELECT e.seq, u.name, e.kind, e.fields FROM events e JOIN users u ON u.id = e.by
             WHERE e.room = (SELECT id FROM rooms WHERE name = 'ops') ORDER BY e.seq",
        )
        .unwrap();
    let events: Vec<(u64, String, String, serde_json::Value)> = events
        .query_map([], |row| {
            let (seq, fields): (i64, String) = (row.get(0)?, row.get(3)?);
            Ok((seq as u64, row.get(1)?, row.get(2)?, serde_json::from_str(&fields).unwrap()))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut members = db
        .prepare(
            "SELECT u.name, m.read FROM members m JOIN users u ON u.id = m.user
             WHERE m.room = (SELECT id FROM rooms WHERE name = 'ops')",
        )
        .unwrap();
    let members = members.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)? as u64))).unwrap();
    members
        .map(|member| {
            let (name, read) = member.unwrap();
            let unread = events.iter().filter(|(seq, by, kind, fields)| {
                *seq > read && *by != name && kind == "message" && fields["deleted"] != true
            });
            let is_named =
                |text: &str| text.split_whitespace().any(|word| word == format!("@{name}") || word == "@here");
            let unread: Vec<_> = unread.collect();
            let named = unread.iter().filter(|(.., fields)| is_named(fields["text"].as_str().unwrap())).count();
            (name, (unread.len() as u64, named as u64))
        })
        .collect()
}

async fn check(core: &TestCore, clients: &mut [Client<TcpStream>], what: &str) {
    let expected = naive(core);
    for (name, client) in NAMES.iter().zip(clients) {
        let info = info(client, "ops").await;
        let counted = (info["unread"].as_u64().unwrap(), info["mentions"].as_u64().unwrap());
        assert_eq!(counted, expected[*name], "{name} after {what}: {info}");
    }
}

#[tokio::test]
async fn unread_lines_and_mentions_are_what_a_naive_count_says() {
    let seed = std::process::id().into();
    let mut dice = SplitMix64(seed);
    let mut core = core().await;
    let mut clients = sign_in(&core).await;
    clients[0].ask(json!({"t":"room.create","room":"ops"})).await;
    for client in &mut clients[1..] {
        client.ask(json!({"t":"room.join","room":"ops"})).await;
    }
    let (mut head, mut owners) = (4u64, HashMap::new());
    for step in 0..240 {
        let who = dice.below(4) as usize;
        let client = &mut clients[who];
        let text = match dice.below(5) {
            0 => "see @ben and @cleo".to_owned(),
            1 => "see @here".to_owned(),
            2 => format!("@{} ?", NAMES[dice.below(4) as usize]),
            _ => format!("line {step}"),
        };
        let mine: Vec<u64> = owners.iter().filter(|(_, by)| **by == who).map(|(seq, _)| *seq).collect();
        let pick = |dice: &mut SplitMix64| mine.get(dice.below(mine.len().max(1) as u64) as usize).copied();
        let what = match dice.below(10) {
            0..=4 => {
                let post = json!({"t":"room.post","room":"ops","text":text,"nonce":format!("n{step}")});
                head = client.ask(post).await["seq"].as_u64().unwrap();
                owners.insert(head, who);
                format!("{} said {text}", NAMES[who])
            }
            5 | 6 => {
                let seq = dice.below(head) + 1;
                client.ask(json!({"t":"room.read","room":"ops","seq":seq})).await;
                format!("{} read {seq}", NAMES[who])
            }
            7 | 8 => {
                let Some(seq) = pick(&mut dice) else { continue };
                let edited = client.ask(json!({"t":"room.edit","room":"ops","seq":seq,"text":text})).await;
                head = edited["seq"].as_u64().unwrap_or(head);
                format!("{} edited {seq}: {text}", NAMES[who])
            }
            _ => {
                let Some(seq) = pick(&mut dice) else { continue };
                head = client.ask(json!({"t":"room.delete","room":"ops","seq":seq})).await["seq"].as_u64().unwrap();
                owners.remove(&seq);
                format!("{} deleted {seq}", NAMES[who])
            }
        };
        check(&core, &mut clients, &format!("seed {seed} step {step}: {what}")).await;
        if step % 80 == 79 {
            drop(clients);
            core = TestCore::on(core.stop().await).await;
            clients = sign_in(&core).await;
            check(&core, &mut clients, &format!("seed {seed} step {step}: a restart")).await;
        }
    }
}

async fn sign_in(core: &TestCore) -> Vec<Client<TcpStream>> {
    let mut clients = Vec::new();
    for name in NAMES {
        clients.push(core.sign_in(name).await);
    }
    clients
}

#[tokio::test]
async fn all_connections_of_a_user_are_told_the_same() {
    let core = core().await;
    let (mut ann, mut other, mut ben) =
        (core.sign_in("ann").await, core.sign_in("ann").await, core.sign_in("ben").await);
    other.ask(json!({"t":"room.open","room":"general"})).await;
    other.next_of("room.live").await;
    let mut seqs = Vec::new();
    for (n, text) in ["one", "two @ann", "three"].into_iter().enumerate() {
        let post = json!({"t":"room.post","room":"general","text":text,"nonce":format!("b{n}")});
        seqs.push(ben.ask(post).await["seq"].as_u64().unwrap());
    }
    // A room that is not open: the last state. One that is: what its events do not tell.
    let state = state_with(&mut ann, "head", seqs[2]).await;
    assert_eq!((&state["mentions"], &state["unread"]), (&json!(1), &json!(3)));
    assert_eq!(state_with(&mut other, "mentions", 1).await["head"].as_u64().map(|head| head >= seqs[1]), Some(true));
    ann.ask(json!({"t":"room.read","room":"general","seq":seqs[1]})).await;
    for client in [&mut ann, &mut other] {
        let state = state_with(client, "read", seqs[1]).await;
        assert_eq!((&state["mentions"], &state["unread"]), (&json!(0), &json!(1)));
    }
    ben.ask(json!({"t":"room.delete","room":"general","seq":seqs[2]})).await;
    for client in [&mut ann, &mut other] {
        assert_eq!(state_with(client, "unread", 0).await["read"], seqs[1]);
    }
}

/// The next state that says so.
async fn state_with(client: &mut Client<TcpStream>, key: &str, value: u64) -> serde_json::Value {
    loop {
        let state = client.next_of("room.state").await;
        if state[key] == value {
            return state;
        }
    }
}

#[tokio::test]
async fn more_than_a_thousand_are_a_thousand_and_exact_below() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let mut first = 0;
    for n in 0..1_010u64 {
        let post = json!({"t":"room.post","id":10_000 + n,"room":"general","text":"@ben","nonce":format!("a{n}")});
        ann.send(post, &[]).await;
        if n == 0 {
            first = answer_to(&mut ann, 10_000).await;
        }
    }
    answer_to(&mut ann, 11_009).await;
    let mut ben = core.sign_in("ben").await;
    let seen = info(&mut ben, "general").await;
    assert_eq!((&seen["unread"], &seen["mentions"]), (&json!(1_000), &json!(1_000)));
    for seq in first..first + 20 {
        ann.ask(json!({"t":"room.delete","room":"general","seq":seq})).await;
    }
    let seen = info(&mut ben, "general").await;
    assert_eq!((&seen["unread"], &seen["mentions"]), (&json!(990), &json!(990)));
    ben.ask(json!({"t":"room.read","room":"general","seq":first + 999})).await;
    assert_eq!(info(&mut ben, "general").await["unread"], 10);
}

async fn answer_to(client: &mut Client<TcpStream>, id: u64) -> u64 {
    loop {
        let (answer, _) = client.next().await;
        if answer["re"] == id {
            return answer["seq"].as_u64().unwrap();
        }
    }
}

#[tokio::test]
async fn counts_are_exact_after_everybody_did_everything_at_once() {
    let core = core().await;
    let mut clients = sign_in(&core).await;
    clients[0].ask(json!({"t":"room.create","room":"ops"})).await;
    for client in &mut clients[1..] {
        client.ask(json!({"t":"room.join","room":"ops"})).await;
    }
    let tasks: Vec<_> = clients.into_iter().enumerate().map(|(who, client)| tokio::spawn(talk(who, client))).collect();
    let mut clients = Vec::new();
    for task in tasks {
        clients.push(task.await.unwrap());
    }
    check(&core, &mut clients, "all at once").await;
    let core = TestCore::on(core.stop().await).await;
    check(&core, &mut sign_in(&core).await, "all at once, and a restart").await;
}

/// Posts, reads in the middle, edits and deletes, as fast as it goes.
async fn talk(who: usize, mut client: Client<TcpStream>) -> Client<TcpStream> {
    let mut dice = SplitMix64(u64::from(std::process::id()) + who as u64);
    let (mut mine, mut head) = (Vec::new(), 4);
    for step in 0..150 {
        let text = format!("@{} line {step}", NAMES[dice.below(4) as usize]);
        let at = dice.below(mine.len().max(1) as u64) as usize;
        match (dice.below(6), mine.get(at).copied()) {
            (0 | 1, _) => {
                client.ask(json!({"t":"room.read","room":"ops","seq":head - dice.below(4)})).await;
            }
            (2, Some(seq)) => {
                client.ask(json!({"t":"room.delete","room":"ops","seq":seq})).await;
                mine.swap_remove(at);
            }
            (3, Some(seq)) => {
                client.ask(json!({"t":"room.edit","room":"ops","seq":seq,"text":text})).await;
            }
            _ => {
                let post = json!({"t":"room.post","room":"ops","text":text,"nonce":format!("n{who}-{step}")});
                head = client.ask(post).await["seq"].as_u64().unwrap();
                mine.push(head);
            }
        }
    }
    client
}
