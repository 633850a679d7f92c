//! Webhooks over the wire: who makes them, what a gateway brings, and what is counted.

use serde_json::{Value, json};

use crate::common::{Client, TestCore, read_key};

pub(crate) const ALERTS: &str = include_str!("hooks/alertmanager.json");
const PUSH: &str = include_str!("hooks/github_push.json");

pub(crate) async fn core() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "member"), ("ben", "member"), ("root", "admin")]).await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.create","room":"ops","private":true})).await;
    core
}

pub(crate) async fn token(core: &TestCore, bot: &str) -> String {
    let added = core.sign_in("ann").await.ask(json!({"t":"hook.add","room":"ops","bot":bot})).await;
    added["token"].as_str().unwrap().to_owned()
}

/// What a gateway is answered, on a connection of its own that then ends.
pub(crate) async fn post(core: &TestCore, mut ask: Value, body: &[u8]) -> Value {
    let mut gateway = Client::over(tokio::net::TcpStream::connect(&core.address).await.unwrap());
    let key = read_key(&core.folder(), "gateway.key");
    gateway.send(json!({"t":"via","key":key,"client":"203.0.113.9:1","tls":true,"agent":"test"}), &[]).await;
    ask["t"] = "hook.post".into();
    ask["id"] = 1.into();
    ask["len"] = body.len().into();
    gateway.send(ask, body).await;
    let (answer, _) = gateway.read().await.expect("an answer");
    assert!(gateway.read().await.is_none(), "then it ends");
    answer
}

pub(crate) async fn events(core: &TestCore, limit: u64) -> Vec<Value> {
    let page = core.sign_in("ann").await.ask(json!({"t":"room.history","room":"ops","limit":limit})).await;
    page["events"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_webhook_is_its_keepers_and_posts_as_its_bot() {
    let core = core().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    ben.refused(json!({"t":"hook.add","room":"ops","bot":"alerts"}), "not_found").await;
    ann.ask(json!({"t":"room.invite","room":"ops","user":"ben"})).await;
    for t in ["hook.add", "hook.list", "hook.remove"] {
        ben.refused(json!({"t":t,"room":"ops","bot":"alerts","hook":1}), "forbidden").await;
    }
    ann.refused(json!({"t":"hook.add","room":"ops","bot":"ben"}), "conflict").await;
    ann.refused(json!({"t":"hook.post","token":"x","len":0}), "forbidden").await;
    let added = ann.ask(json!({"t":"hook.add","room":"ops","bot":"alerts"})).await;
    let token = added["token"].as_str().unwrap();
    assert_eq!((token.len(), &added["hook"]), (48, &json!(1)));
    let answer = post(&core, json!({"token":token,"content_type":"text/plain"}), "disk full, @ben".as_bytes()).await;
    assert_eq!(answer["t"], "ok", "{answer}");
    let last = &events(&core, 1).await[0];
    assert_eq!(
        (&last["by"], &last["text"], &last["seq"]),
        (&json!("alerts"), &json!("disk full, @ben"), &answer["seq"])
    );
    let rooms = ben.ask(json!({"t":"room.list"})).await;
    let ops = rooms["rooms"].as_array().unwrap().iter().find(|room| room["room"] == "ops").unwrap().clone();
    assert_eq!(ops["mentions"], 0, "a program's text mentions nobody, unless its webhook may");
    let members = ann.ask(json!({"t":"room.members","room":"ops"})).await;
    let bot = members["members"].as_array().unwrap().iter().find(|member| member["user"] == "alerts").unwrap().clone();
    assert_eq!((&bot["bot"], &bot["room_role"]), (&json!(true), &json!("member")));
    let listed = ann.ask(json!({"t":"hook.list","room":"ops"})).await;
    assert_eq!((&listed["hooks"][0]["by"], listed["hooks"][0]["used"].is_u64()), (&json!("ann"), true));
    assert!(!std::fs::read(core.folder().join("wardroom.db")).unwrap().windows(48).any(|w| w == token.as_bytes()));
    let core = TestCore::on(core.stop().await).await;
    assert_eq!(post(&core, json!({"token":token}), b"after a restart").await["t"], "ok");
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"hook.remove","room":"ops","hook":1})).await;
    ann.refused(json!({"t":"hook.remove","room":"ops","hook":1}), "not_found").await;
    let gone = post(&core, json!({"token":token}), b"x").await;
    assert_eq!((&gone["code"], &gone["msg"]), (&json!("not_found"), &json!("there is no such webhook")));
    assert_eq!(post(&core, json!({"token":"nonsense"}), b"x").await["msg"], gone["msg"], "the same words");
    assert_eq!(events(&core, 1).await[0]["kind"], "leave", "the bot has nothing to do here any more");
}

#[tokio::test]
async fn nobody_signs_in_as_a_bot() {
    let core = core().await;
    token(&core, "alerts").await;
    let mut root = core.sign_in("root").await;
    root.refused(json!({"t":"user.passwd","user":"alerts","password":"correct horse"}), "conflict").await;
    root.refused(json!({"t":"token.add","user":"alerts"}), "conflict").await;
    let mut eve = core.connect().await;
    for password in ["!", "", "correct horse"] {
        let auth = json!({"user":"alerts","password":password});
        eve.send(json!({"t":"hello","v":1,"auth":auth}), &[]).await;
        assert_eq!(eve.next().await.0["code"], "unauthorized");
        eve = core.connect().await;
    }
    let answer = post(&core, json!({"token":"x"}), b"x").await;
    assert_eq!(answer["code"], "not_found");
    let mut stranger = core.connect().await;
    stranger.send(json!({"t":"hook.post","id":1,"token":"x","len":0}), &[]).await;
    assert_eq!(stranger.next().await.0["code"], "unauthorized", "only behind a gateway's key");
}

#[tokio::test]
async fn repeats_of_a_key_are_counted_on_one_line() {
    let core = core().await;
    let token = token(&core, "alerts").await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.open","room":"ops","last":0})).await;
    let ask = json!({"token":token,"key":"disk-web1"});
    let first = post(&core, ask.clone(), b"disk full on web1").await["seq"].clone();
    for count in 2..=37 {
        assert_eq!(post(&core, ask.clone(), b"disk full on web1").await["seq"], first);
        let repeat = loop {
            let event = ann.next_of("event").await;
            if event["kind"] == "repeat" {
                break event;
            }
        };
        assert_eq!((&repeat["target"], &repeat["count"], &repeat["by"]), (&first, &json!(count), &json!("alerts")));
    }
    let around = ann.ask(json!({"t":"room.history","room":"ops","around":first,"limit":2})).await;
    let message = around["events"].as_array().unwrap().iter().find(|event| event["seq"] == first).unwrap().clone();
    assert_eq!((&message["count"], &message["text"]), (&json!(37), &json!("disk full on web1")));
    let other = post(&core, json!({"token":token,"key":"disk-web2"}), b"disk full on web2").await["seq"].clone();
    assert_ne!(other, first);
    let in_body = post(&core, json!({"token":token}), br#"{"text":"again","key":"disk-web2"}"#).await;
    assert_eq!(in_body["seq"], other, "a key in the body is one too");
    ann.ask(json!({"t":"room.delete","room":"ops","seq":first})).await;
    let anew = post(&core, ask.clone(), b"disk full on web1").await["seq"].clone();
    assert!(anew.as_u64() > first.as_u64(), "what was deleted is said anew");
    // A day later, as the server's clock has it.
    let folder = core.stop().await;
    let conn = rusqlite::Connection::open(folder.path().join("data/wardroom.db")).unwrap();
    conn.execute("UPDATE hook_keys SET at = at - 86400001", []).unwrap();
    drop(conn);
    let core = TestCore::on(folder).await;
    assert!(post(&core, ask, b"disk full on web1").await["seq"].as_u64() > anew.as_u64());
}

#[tokio::test]
async fn what_alertmanager_and_github_send() {
    let core = core().await;
    let token = token(&core, "alerts").await;
    let json_type = json!({"token":token,"content_type":"application/json"});
    let fires = post(&core, json_type.clone(), ALERTS.as_bytes()).await["seq"].clone();
    let text = events(&core, 1).await[0]["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("FIRING (2) HighLatency\n- p99 is 1.2 s"), "{text}");
    assert_eq!(post(&core, json_type.clone(), ALERTS.as_bytes()).await["seq"], fires, "its group key is its key");
    let resolved = ALERTS.replace("\"firing\"", "\"resolved\"");
    let ends = post(&core, json_type.clone(), resolved.as_bytes()).await["seq"].clone();
    assert_eq!(ends, fires, "what ends is said on the message that fired");
    let again = post(&core, json_type.clone(), ALERTS.as_bytes()).await["seq"].clone();
    assert_ne!(again, fires, "what ended and comes again is news");
    let mut push = json_type.clone();
    push["github"] = "push".into();
    post(&core, push.clone(), PUSH.as_bytes()).await;
    let text = events(&core, 1).await[0]["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("octocat pushed 2 commits to main of acme/shop\n- 6113728 Update README"), "{text}");
    for (ask, body) in [(&push, "payload=nonsense"), (&json_type, "{\"a\":1}"), (&json_type, "{"), (&json_type, "")] {
        assert_eq!(post(&core, ask.clone(), body.as_bytes()).await["code"], "bad_request", "{body}");
    }
}

#[tokio::test]
async fn long_texts_become_files_and_storms_are_held_up() {
    let core = core().await;
    let token = token(&core, "alerts").await;
    let ask = json!({"token":token,"content_type":"text/plain"});
    for byte in ["x", "\u{1b}", "é"] {
        let long = byte.repeat(65_536 / byte.len());
        assert_eq!(post(&core, ask.clone(), long.as_bytes()).await["t"], "ok");
        let [added, said] = &events(&core, 2).await[..] else { panic!("a file, and a message") };
        assert_eq!(
            (&added["kind"], &added["by"], &added["size"]),
            (&json!("file.added"), &json!("alerts"), &json!(long.len()))
        );
        let (text, path) = (said["text"].as_str().unwrap(), added["path"].as_str().unwrap());
        let end = format!("… {} bytes, the whole of it is the file {path}", long.len());
        assert!(text.len() < 2_000 && text.starts_with(byte) && text.ends_with(&end), "{text}");
        assert_eq!(std::fs::read(core.folder().join("files/ops").join(path)).unwrap(), long.as_bytes());
    }
    let mut keyed = ask.clone();
    keyed["key"] = "once".into();
    let first = post(&core, keyed.clone(), &[b'x'; 20_000]).await["seq"].clone();
    assert_eq!(post(&core, keyed, &[b'x'; 20_000]).await["seq"], first);
    assert_eq!(events(&core, 1).await[0]["kind"], "repeat", "what is only counted becomes no file once more");
    // Sent several times at the same moment, too.
    let files = || std::fs::read_dir(core.folder().join("files/ops")).unwrap().count();
    let (before, mut at_once) = (files(), ask.clone());
    at_once["key"] = "at once".into();
    let posts = (0..8).map(|_| post(&core, at_once.clone(), &[b'y'; 20_000]));
    let seqs: Vec<_> =
        futures_util::future::join_all(posts).await.into_iter().map(|said| said["seq"].clone()).collect();
    assert!(seqs.iter().all(|seq| seq.is_u64() && *seq == seqs[0]), "{seqs:?}");
    assert_eq!(files(), before + 1);
    let limited = async {
        loop {
            let answer = post(&core, ask.clone(), b"alert").await;
            if answer["t"] != "ok" {
                return answer;
            }
        }
    };
    let limited =
        tokio::time::timeout(crate::common::DEADLINE, limited).await.expect("sixty at once, then one a second");
    assert_eq!(limited["code"], "rate_limited");
    assert!(limited["retry_ms"].as_u64() > Some(0) && limited["retry_ms"].as_u64() <= Some(1_000));
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.set","room":"ops","archived":true})).await;
    let other = core.sign_in("ann").await.answer(json!({"t":"hook.add","room":"ops","bot":"more"})).await;
    assert_eq!(other["code"], "conflict");
}

#[tokio::test]
async fn a_thousand_alerts_are_one_line_and_parts_are_bounded() {
    let core = core().await;
    let token = token(&core, "alerts").await;
    let alert = |n: u32| json!({"status":"firing","labels":{"instance":format!("web{n}")},"annotations":{"summary":"x".repeat(800)}});
    let group = json!({"status":"firing","groupKey":"g","commonLabels":{"alertname":"Down"},"alerts":(0..1_000).map(alert).collect::<Vec<_>>()});
    let body = group.to_string().into_bytes();
    assert!(body.len() > 800_000);
    let open = async || {
        let mut gateway = Client::over(tokio::net::TcpStream::connect(&core.address).await.unwrap());
        let key = read_key(&core.folder(), "gateway.key");
        gateway.send(json!({"t":"via","key":key,"client":"203.0.113.9:1","tls":true}), &[]).await;
        gateway
    };
    let part = |token: &str, bytes: &[u8]| json!({"t":"hook.part","token":token,"len":bytes.len()});
    let mut gateway = open().await;
    let (parts, end) = body.split_at(body.len() - 100);
    for bytes in parts.chunks(65_536) {
        gateway.send(part(&token, bytes), bytes).await;
    }
    let last = json!({"t":"hook.post","id":99,"token":token,"content_type":"application/json","len":end.len()});
    gateway.send(last, end).await;
    let answer = gateway.next().await.0;
    assert_eq!(answer["t"], "ok", "{answer}");
    let text = events(&core, 1).await[0]["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("FIRING (1000) Down\n- x") && text.ends_with("- and 980 more"), "{text}");
    // More than a webhook takes, and one that there is not.
    let mut gateway = open().await;
    let piece = [b' '; 65_536];
    for _ in 0..17 {
        gateway.send(part(&token, &piece), &piece).await;
    }
    assert_eq!(gateway.next().await.0["code"], "too_large");
    let mut gateway = open().await;
    gateway.send(part("nonsense", &piece), &piece).await;
    assert_eq!(gateway.next().await.0["code"], "not_found");
    let mut stranger = core.connect().await;
    stranger.send(part(&token, &[]), &[]).await;
    assert_eq!(stranger.next().await.0["code"], "unauthorized", "only behind a gateway's key");
}
