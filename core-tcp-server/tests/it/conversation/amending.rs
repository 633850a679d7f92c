//! What becomes of a message: edited, deleted, reacted to, answered; and that a late reader meets what it is by now.

use serde_json::{Value, json};

use super::core;
use crate::common::TestCore;

/// The event that stands there.
async fn line(client: &mut crate::common::Client<tokio::net::TcpStream>, room: &str, seq: u64) -> Value {
    let page = client.ask(json!({"t":"room.history","room":room,"around":seq,"limit":1})).await;
    page["events"].as_array().unwrap().iter().find(|event| event["seq"] == seq).cloned().unwrap()
}

#[tokio::test]
async fn a_message_is_kept_as_it_is_after_its_last_amendment() {
    let core = core().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    ben.ask(json!({"t":"room.join","room":"ops"})).await;
    ben.ask(json!({"t":"room.open","room":"ops","after":0})).await;
    let post = json!({"t":"room.post","room":"ops","text":"helo","nonce":"a1"});
    assert_eq!(ann.ask(post.clone()).await["seq"], 3);
    assert_eq!(ann.ask(json!({"t":"room.edit","room":"ops","seq":3,"text":"hello"})).await["seq"], 4);
    assert_eq!(ann.ask(json!({"t":"room.edit","room":"ops","seq":3,"text":"hello"})).await["seq"], Value::Null);
    let react = |on| json!({"t":"room.react","room":"ops","seq":3,"emoji":"❤","on":on});
    assert_eq!(ben.ask(react(true)).await["seq"], 5);
    assert_eq!(ben.ask(react(true)).await["seq"], Value::Null);
    assert_eq!(ann.ask(react(false)).await["seq"], Value::Null);
    assert_eq!(ann.ask(react(true)).await["seq"], 6);
    // A retry of the first post is that post, whatever became of it; another text under its nonce is not.
    assert_eq!(ann.ask(post.clone()).await["seq"], 3);
    ann.refused(json!({"t":"room.post","room":"ops","text":"hello","nonce":"a1"}), "conflict").await;
    let now = line(&mut ben, "ops", 3).await;
    assert_eq!((&now["text"], &now["edited"], &now["amended"]), (&json!("hello"), &json!(true), &json!(6)));
    assert_eq!(now["reactions"], json!([{"emoji":"❤️","by":["ben","ann"]}]));
    let mut seen = Vec::new();
    while seen.len() < 6 {
        seen.push(ben.next_of("event").await);
    }
    assert_eq!((&seen[2]["text"], &seen[2]["edited"]), (&json!("helo"), &Value::Null), "as it was then");
    assert_eq!((&seen[3]["kind"], &seen[3]["target"], &seen[3]["text"]), (&json!("edit"), &json!(3), &json!("hello")));
    assert_eq!((&seen[4]["kind"], &seen[4]["on"]), (&json!("reaction"), &json!(true)));
    let core = TestCore::on(core.stop().await).await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    assert_eq!(line(&mut ben, "ops", 3).await, now);
    assert_eq!(ann.ask(json!({"t":"room.react","room":"ops","seq":3,"emoji":"❤️","on":false})).await["seq"], 7);
    assert_eq!(line(&mut ben, "ops", 3).await["reactions"], json!([{"emoji":"❤️","by":["ben"]}]));
    assert_eq!(ann.ask(post).await["seq"], 3);
}

#[tokio::test]
async fn what_was_deleted_is_served_to_nobody() {
    let core = core().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    ann.ask(json!({"t":"room.post","room":"ops","text":"the password is sesame","nonce":"a1"})).await;
    let long = format!("{} sesame, I said", "x".repeat(12_000));
    ann.ask(json!({"t":"room.edit","room":"ops","seq":2,"text":long})).await;
    ann.ask(json!({"t":"room.react","room":"ops","seq":2,"emoji":"😱","on":true})).await;
    assert_eq!(ann.ask(json!({"t":"room.delete","room":"ops","seq":2})).await["seq"], 5);
    // From memory, from disk, and on disk.
    ben.ask(json!({"t":"room.open","room":"ops","after":0})).await;
    let mut told = Vec::new();
    while told.len() < 5 {
        told.push(ben.next_of("event").await);
    }
    let page = ben.ask(json!({"t":"room.history","room":"ops"})).await["events"].clone();
    for events in [&json!(told), &page] {
        assert!(!events.to_string().contains("sesame"), "{events}");
        assert_eq!((&events[1]["deleted"], &events[1]["text"]), (&json!(true), &json!("")));
        assert_eq!(events[1]["reactions"], Value::Null);
        assert_eq!((&events[4]["kind"], &events[4]["target"]), (&json!("delete"), &json!(2)));
    }
    for request in [
        json!({"t":"room.delete","room":"ops","seq":2}),
        json!({"t":"room.edit","room":"ops","seq":2,"text":"again"}),
        json!({"t":"room.react","room":"ops","seq":2,"emoji":"👍","on":true}),
    ] {
        ann.refused(request, "conflict").await;
    }
    let post = json!({"t":"room.post","room":"ops","text":"the password is sesame","nonce":"a1"});
    assert_eq!(ann.ask(post).await["seq"], 2, "a late retry is the same post");
    let data = core.stop().await;
    let db = rusqlite::Connection::open(data.path().join("data/wardroom.db")).unwrap();
    let found = "SELECT count(*) FROM events WHERE fields LIKE '%sesame%'";
    assert_eq!(db.query_row(found, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    drop(db);
    for file in ["wardroom.db", "wardroom.db-wal"] {
        let bytes = std::fs::read(data.path().join("data").join(file)).unwrap_or_default();
        let left = bytes.windows(6).position(|part| part == b"sesame");
        let around = left.map(|at| String::from_utf8_lossy(&bytes[at.saturating_sub(80)..at + 40]).into_owned());
        assert_eq!((left, around), (None, None), "{file} still has it");
    }
}

#[tokio::test]
async fn each_amends_what_they_may() {
    let core = core().await;
    let (mut ann, mut ben, mut cleo) =
        (core.sign_in("ann").await, core.sign_in("ben").await, core.sign_in("cleo").await);
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    for client in [&mut ben, &mut cleo] {
        client.ask(json!({"t":"room.join","room":"ops"})).await;
    }
    for n in 4..=7 {
        let post = json!({"t":"room.post","room":"ops","text":format!("line {n}"),"nonce":format!("b{n}")});
        assert_eq!(ben.ask(post).await["seq"], n);
    }
    let edit = |seq: u64| json!({"t":"room.edit","room":"ops","seq":seq,"text":"not mine"});
    let delete = |seq: u64| json!({"t":"room.delete","room":"ops","seq":seq});
    for client in [&mut ann, &mut cleo] {
        client.refused(edit(4), "forbidden").await;
    }
    cleo.refused(delete(4), "forbidden").await;
    ben.ask(delete(4)).await;
    ann.ask(delete(5)).await;
    let (mut root, mut vic) = (core.sign_in("root").await, core.sign_in("vic").await);
    root.refused(edit(6), "forbidden").await;
    root.ask(delete(6)).await;
    vic.refused(delete(7), "forbidden").await;
    vic.refused(json!({"t":"room.react","room":"ops","seq":7,"emoji":"👍","on":true}), "forbidden").await;
    // A join is no message, and there is no line 99.
    for (seq, code) in [(1, "bad_request"), (99, "not_found"), (0, "not_found")] {
        ben.refused(edit(seq), code).await;
        ben.refused(delete(seq), code).await;
        ben.refused(json!({"t":"room.react","room":"ops","seq":seq,"emoji":"👍","on":true}), code).await;
    }
    for emoji in ["", "ok", "👍👍", "<script>alert(1)</script>", "\u{202e}", &"👍".repeat(1_000)] {
        ben.refused(json!({"t":"room.react","room":"ops","seq":7,"emoji":emoji,"on":true}), "bad_request").await;
    }
    for text in ["", " \n"] {
        ben.refused(json!({"t":"room.edit","room":"ops","seq":7,"text":text}), "bad_request").await;
    }
    ben.refused(json!({"t":"room.edit","room":"ops","seq":7,"text":"x".repeat(16_385)}), "too_large").await;
    for reply_to in [0, 99] {
        let reply = json!({"t":"room.post","room":"ops","text":"to what?","nonce":"r","reply_to":reply_to});
        ben.refused(reply, "bad_request").await;
    }
    let reply = json!({"t":"room.post","room":"ops","text":"to that","nonce":"r","reply_to":7});
    let seq = ben.ask(reply).await["seq"].as_u64().unwrap();
    assert_eq!(line(&mut ann, "ops", seq).await["reply_to"], 7);
    ann.ask(json!({"t":"room.set","room":"ops","archived":true})).await;
    ben.refused(edit(7), "conflict").await;
    ann.refused(delete(7), "conflict").await;
}

#[tokio::test]
async fn a_message_takes_twenty_reactions() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let seq = ann.ask(json!({"t":"room.post","room":"general","text":"hi","nonce":"a"})).await["seq"].clone();
    let emoji: Vec<String> = ('\u{1f600}'..='\u{1f614}').map(String::from).collect();
    let react = |emoji: &str, on| json!({"t":"room.react","room":"general","seq":seq,"emoji":emoji,"on":on});
    for emoji in &emoji[..20] {
        ann.ask(react(emoji, true)).await;
    }
    ann.refused(react(&emoji[20], true), "too_large").await;
    ann.ask(react(&emoji[0], false)).await;
    ann.ask(react(&emoji[20], true)).await;
}

#[tokio::test]
async fn what_is_meant_to_harm_is_text() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let zalgo = format!("a{}", "\u{301}".repeat(8_000));
    for (n, text) in ["<script>alert(1)</script>", "javascript:alert(1)", "\u{202e}txt.exe\u{0}\u{7}", &zalgo]
        .into_iter()
        .enumerate()
    {
        let post = json!({"t":"room.post","room":"general","text":text,"nonce":format!("n{n}")});
        let seq = ann.ask(post).await["seq"].as_u64().unwrap();
        assert_eq!(line(&mut ann, "general", seq).await["text"], text);
    }
    let marks = "\u{301}".repeat(10_000);
    ann.refused(json!({"t":"room.post","room":"general","text":marks,"nonce":"m"}), "too_large").await;
    // A line that others could not be sent is not taken: escaped, this is 96 KiB.
    let controls =
        format!(r#"{{"t":"room.post","id":77,"room":"general","nonce":"c","text":"{}"}}"#, "\\u0001".repeat(10_890));
    ann.send_raw(format!("{controls}\n").as_bytes()).await;
    loop {
        let (answer, _) = ann.next().await;
        if answer["re"] == 77 {
            assert_eq!(answer["code"], "too_large", "{answer}");
            break;
        }
    }
    // A million marks are no line at all.
    let million = format!(r#"{{"t":"room.post","id":78,"text":"{}"}}"#, "\u{301}".repeat(1_000_000));
    let _ = tokio::io::AsyncWriteExt::write_all(&mut ann.stream, million.as_bytes()).await;
    let last = ann.read().await.map(|(answer, _)| answer["code"].clone());
    assert_eq!(last, Some(json!("bad_frame")));
    core.sign_in("ben").await.ask(json!({"t":"room.list"})).await;
}

#[tokio::test]
async fn runs_and_files_are_answered_and_reacted_to() {
    let core = core().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    ben.ask(json!({"t":"room.join","room":"ops"})).await;
    let put = json!({"t":"file.put","in":"room:ops","path":"a.log","size":0,"nonce":"f1"});
    let upload = ann.ask(put).await["upload"].clone();
    let digest = blake3::hash(b"").to_hex().to_string();
    let file = ann.ask(json!({"t":"file.commit","upload":upload,"blake3":digest})).await["seq"].as_u64().unwrap();
    let react = |on| json!({"t":"room.react","room":"ops","seq":file,"emoji":"🦀","on":on});
    let reacted = ben.ask(react(true)).await["seq"].clone();
    assert_eq!(ben.ask(react(true)).await["seq"], Value::Null);
    let now = line(&mut ann, "ops", file).await;
    assert_eq!((&now["kind"], &now["path"], &now["amended"]), (&json!("file.added"), &json!("a.log"), &reacted));
    assert_eq!(now["reactions"], json!([{"emoji":"🦀","by":["ben"]}]));
    let core = TestCore::on(core.stop().await).await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    assert_eq!(line(&mut ann, "ops", file).await, now);
    ben.ask(react(false)).await;
    assert_eq!(line(&mut ann, "ops", file).await["reactions"], Value::Null);
    let answer = json!({"t":"room.post","room":"ops","text":"thanks","nonce":"p1","reply_to":file});
    let seq = ben.ask(answer).await["seq"].as_u64().unwrap();
    assert_eq!(line(&mut ann, "ops", seq).await["reply_to"], file);
    // A join takes no reaction, and a file is no message.
    ann.refused(json!({"t":"room.react","room":"ops","seq":1,"emoji":"👍","on":true}), "bad_request").await;
    ann.refused(json!({"t":"room.edit","room":"ops","seq":file,"text":"x"}), "bad_request").await;
    ann.refused(json!({"t":"room.delete","room":"ops","seq":file}), "bad_request").await;
}

#[tokio::test]
async fn history_begins_at_a_time() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    for n in 2..=9 {
        ann.ask(json!({"t":"room.post","room":"ops","text":format!("line {n}"),"nonce":format!("n{n}")})).await;
    }
    let all = ann.ask(json!({"t":"room.history","room":"ops"})).await["events"].clone();
    let times: Vec<u64> = all.as_array().unwrap().iter().map(|event| event["at"].as_u64().unwrap()).collect();
    for at in [0, times[0], times[4], times[8]] {
        let page = ann.ask(json!({"t":"room.history","room":"ops","at":at,"limit":1})).await;
        let wanted = times.iter().position(|time| *time >= at).unwrap() as u64 + 1;
        assert_eq!(page["events"][0]["seq"], wanted, "{at} in {times:?}");
    }
    let none = ann.ask(json!({"t":"room.history","room":"ops","at":times[8] + 1})).await;
    assert_eq!((&none["events"], &none["more"]), (&json!([]), &json!(false)));
    ann.refused(json!({"t":"room.history","room":"ops","at":1,"after":1}), "bad_request").await;
}
