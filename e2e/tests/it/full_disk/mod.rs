//! A disk that is really full, under each part that writes: what cannot be kept is refused in words, what was
//! acknowledged is kept, everybody else goes on, and once there is space all works again without a restart.

mod files;
mod runs;
mod start;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::command::{Talk, done, wardroom};
use crate::small_disk::SmallDisk;
use crate::test_server::{PASSWORD, Spool, TestServer, binary};
use crate::wire::Wire;

fn disk(server: &TestServer) -> &SmallDisk {
    server.disk.as_ref().unwrap()
}

/// A refusal that one understands.
fn is_said(refusal: &Value) {
    assert_eq!(refusal["code"], "busy", "{refusal}");
    assert!(refusal["retry_ms"].is_u64(), "{refusal}");
    are_words(refusal["msg"].as_str().unwrap());
}

fn are_words(words: &str) {
    assert!(words.contains("disk is full") && words.contains("free some space"), "{words}");
}

/// The connection goes on: it asks, and is answered.
async fn is_alive(wire: &mut Wire) {
    wire.ask(json!({"t":"room.list"})).await;
}

async fn post(wire: &mut Wire, text: &str) -> Value {
    let nonce = blake3::hash(text.as_bytes()).to_hex().to_string();
    wire.try_ask(json!({"t":"room.post","room":"general","text":text,"nonce":nonce}))
        .await
        .expect("the connection stays")
}

/// Every message of the room by its place; the places have no gap.
async fn timeline(server: &TestServer, token: &str) -> BTreeMap<u64, String> {
    let mut reader = server.connect(token).await;
    let opened = reader.ask(json!({"t":"room.open","room":"general","after":0})).await;
    let mut found = BTreeMap::new();
    for expected in 1..=opened["head"].as_u64().unwrap() {
        let event = reader.next_of("event").await;
        assert_eq!(event["seq"], expected, "places are contiguous");
        if let Some(text) = event["text"].as_str() {
            found.insert(expected, text.to_owned());
        }
    }
    found
}

/// Posts until the disk takes no more: what the database's log has room for still stands.
async fn post_until_refused(wire: &mut Wire, name: &str, places: &mut BTreeMap<u64, String>) -> (String, Value) {
    for n in 0..10_000 {
        let text = format!("{name}-{n}: {}", "x".repeat(900));
        let answer = post(wire, &text).await;
        if answer["t"] == "err" {
            return (text, answer);
        }
        places.insert(answer["seq"].as_u64().unwrap(), text);
    }
    panic!("a full disk takes everything");
}

/// `wardroom login`, with the password on its input.
fn login(server: &TestServer) -> tokio::process::Command {
    let mut login = tokio::process::Command::new("sh");
    login.args(["-c", "echo \"$1\" | \"$2\" login --password-stdin \"$3\" ann", "sh", PASSWORD]);
    login.arg(binary()).arg(server.core_url()).env("XDG_CONFIG_HOME", server.folder.path());
    login
}

#[tokio::test]
async fn posts_are_refused_in_words_and_stand_once_there_is_space() {
    let server = TestServer::on(SmallDisk::of_megabytes(24), Spool::There);
    let token = server.add_user("ann", "operator").await;
    let reader = server.add_user("ben", "member").await;
    let (mut ann, mut ben) = (server.connect(&token).await, server.connect(&reader).await);
    ben.ask(json!({"t":"room.open","room":"general","after":0})).await;
    let (host, port) = server.tcp.split_once(':').unwrap();
    let mut nc = tokio::process::Command::new("nc.openbsd");
    nc.args([host, port]);
    let mut nc = Talk::start(nc);
    nc.say("login ben").await;
    nc.say(PASSWORD).await;
    nc.until("general").await;

    let mut places = BTreeMap::new();
    for n in 0..20 {
        let text = format!("before-{n}");
        places.insert(post(&mut ann, &text).await["seq"].as_u64().unwrap(), text);
    }
    disk(&server).fill();
    let (refused, refusal) = post_until_refused(&mut ann, "full", &mut places).await;
    is_said(&refusal);
    let never_again = "refused and not tried again";
    is_said(&post(&mut ann, never_again).await);
    is_said(&post(&mut ann, &refused).await);
    // Others are served: who was there, who comes now, and what stood before can be read.
    is_alive(&mut ann).await;
    is_alive(&mut ben).await;
    assert_eq!(timeline(&server, &reader).await, places);
    let page = ben.ask(json!({"t":"room.history","room":"general","after":0,"limit":20})).await;
    assert_eq!(page["events"].as_array().unwrap().len(), 20);
    // And everybody is told in words.
    let log = done(wardroom(&server, &reader, &["log", "general"])).await;
    assert_eq!(log.code, Some(0), "{}", log.err);
    nc.say("said with nc").await;
    are_words(&nc.until("disk").await);
    let began = Instant::now();
    let send = done(wardroom(&server, &token, &["send", "general", "sent to a full disk"]));
    let run = done(wardroom(&server, &token, &["run", "general", "--", "true"]));
    let (sent, ran, signed_in) = tokio::join!(send, run, done(login(&server)));
    for (did, code) in [(sent, 3), (ran, 125), (signed_in, 4)] {
        assert_eq!(did.code, Some(code), "{}", did.err);
        are_words(&did.err);
    }
    assert!(began.elapsed() < Duration::from_secs(30), "they do not wait for ever");

    disk(&server).free();
    // The same connection, the same nonce.
    let answer = post(&mut ann, &refused).await;
    assert_eq!(answer["t"], "ok", "{answer}");
    places.insert(answer["seq"].as_u64().unwrap(), refused.clone());
    assert_eq!(post(&mut ann, &refused).await["seq"], answer["seq"], "once, however often it is sent");
    for n in 0..20 {
        let text = format!("after-{n}");
        places.insert(post(&mut ann, &text).await["seq"].as_u64().unwrap(), text);
    }
    nc.say("nc again").await;
    nc.until("nc again").await;
    let sent = done(wardroom(&server, &token, &["send", "general", "sent again"])).await;
    assert_eq!(sent.code, Some(0), "{}", sent.err);
    let last = *places.keys().last().unwrap();
    let mut found = timeline(&server, &reader).await;
    let later: Vec<String> = found.split_off(&(last + 1)).into_values().collect();
    assert_eq!(found, places, "what was acknowledged, and nothing else");
    assert_eq!(later, ["nc again", "sent again"]);
    // Who had the room open all the time missed nothing.
    let told = ben.next_of("event").await;
    assert_eq!(told["seq"], 1, "from the beginning");
    let mut seen = BTreeMap::new();
    while seen.len() < places.len() {
        let event = ben.next_of("event").await;
        if let Some(text) = event["text"].as_str() {
            seen.insert(event["seq"].as_u64().unwrap(), text.to_owned());
        }
    }
    assert_eq!(seen, places);
}

/// One of many who post at once; gives what was acknowledged, and what was refused at last.
async fn post_many(mut wire: Wire, who: usize) -> (BTreeMap<u64, String>, Vec<String>, Wire) {
    let (mut places, mut refused) = (BTreeMap::new(), Vec::new());
    let mut n = 0;
    while refused.len() < 5 {
        let text = format!("{who}-{n}: {}", "\"".repeat(12_000));
        n += 1;
        let answer = post(&mut wire, &text).await;
        match answer["seq"].as_u64() {
            Some(seq) => assert!(places.insert(seq, text).is_none()),
            None => {
                is_said(&answer);
                refused.push(text);
            }
        }
        assert!(n < 1_000, "a full disk takes everything");
    }
    (places, refused, wire)
}

#[tokio::test]
async fn many_who_post_at_once_are_each_told_the_truth() {
    let server = TestServer::on(SmallDisk::of_megabytes(24), Spool::There);
    let token = server.add_user("ann", "operator").await;
    let mut wires = Vec::new();
    for _ in 0..24 {
        wires.push(server.connect(&token).await);
    }
    // Before anybody posts: otherwise the posts may take the whole disk, and there is nothing to free.
    disk(&server).leave(4 << 20);
    let posters: Vec<_> = wires.into_iter().enumerate().map(|(who, wire)| tokio::spawn(post_many(wire, who))).collect();
    let (mut places, mut again) = (BTreeMap::new(), Vec::new());
    for poster in posters {
        let (mine, refused, wire) = poster.await.unwrap();
        places.extend(mine);
        again.push((wire, refused));
    }
    let check = async |places: &BTreeMap<u64, String>| {
        let found = timeline(&server, &token).await;
        assert!(found == *places, "{:?} of {:?}", found.keys(), places.keys());
    };
    check(&places).await;
    disk(&server).free();
    for (mut wire, refused) in again {
        for text in refused {
            let answer = post(&mut wire, &text).await;
            places.insert(answer["seq"].as_u64().expect("there is space again"), text);
        }
    }
    check(&places).await;
}
