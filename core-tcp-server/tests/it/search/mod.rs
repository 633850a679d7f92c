//! Search over the wire: what is found, by whom, and what becomes of it when things change.

mod output;

use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::common::{Client, DEADLINE, TestCore};

type Tcp = Client<TcpStream>;

async fn core() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("ben", "member"), ("chen", "member")]).await;
    core
}

async fn post(client: &mut Tcp, room: &str, text: &str) -> u64 {
    let nonce = format!("{:x}", blake3_of(&format!("{room}{text}")));
    let posted = client.ask(json!({"t":"room.post","room":room,"text":text,"nonce":nonce})).await;
    posted["seq"].as_u64().unwrap()
}

fn blake3_of(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap())
}

/// The answer to a search, once the index has read everything.
async fn search(client: &mut Tcp, mut ask: Value) -> Value {
    ask["t"] = "search".into();
    let asked = async {
        loop {
            let answer = client.answer(ask.clone()).await;
            if answer["t"] == "ok" && answer["behind"] == 0 {
                return answer;
            }
            assert!(answer["t"] == "ok" || answer["code"] == "busy", "{answer}");
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, asked).await.expect("an index that keeps up")
}

async fn texts(client: &mut Tcp, ask: Value) -> Vec<String> {
    let answer = search(client, ask).await;
    answer["hits"].as_array().unwrap().iter().map(|hit| hit["text"].as_str().unwrap().to_owned()).collect()
}

async fn by_words(client: &mut Tcp, q: &str) -> Vec<String> {
    texts(client, json!({"q": q})).await
}

#[tokio::test]
async fn what_others_do_not_find() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let lines = [
        "connect to 10.4.1.74 port 3306 failed",
        "connect to 10.4.1.7 port 3306 failed",
        "db17.eu-west-1.prod.example.com is back",
        "patch for CVE-2026-1234 is out",
        "java.lang.IllegalStateException: closed\n\tat com.example.Pool.take(Pool.java:214)",
        "数据库已经回滚到上一版",
        "say \"no\" to col:x AND NEAR(y* -z)",
        "ÄRGER with the ΩΣ device",
        "2026-11-23T03:14:07Z alert 10.9.8.7/MYSQL_threads OPS-4711",
    ];
    for line in lines {
        post(&mut ann, "general", line).await;
    }
    for (q, line) in [
        ("10.4.1.74", 0),
        ("eu-west-1.pro", 2),
        ("cve-2026-1234", 3),
        ("Pool.take(Pool.java:214)", 4),
        ("\"at com.example.Pool\"", 4),
        ("回滚", 5),
        ("回滚 数据库", 5),
        ("col:x", 6),
        ("NEAR(y*", 6),
        ("-z)", 6),
        ("AND near", 6),
        ("ärger ωσ", 7),
        ("2026-11-23T03:14", 8),
        ("2026-11-2", 8),
        ("10.9.8.7/MYSQL_threads", 8),
        ("7/mysql_thr", 8),
        ("ops-4711", 8),
    ] {
        let found = by_words(&mut ann, q).await;
        assert_eq!(found.len(), 1, "{q}: {found:?}");
        assert!(lines[line].contains(&found[0]), "{q}: {found:?}");
    }
    assert_eq!(by_words(&mut ann, "10.4.1.7").await.len(), 2, "newest first, both");
    assert_eq!(by_words(&mut ann, "10.4.1.7").await[0], lines[1]);
    assert_eq!(by_words(&mut ann, "db").await, [lines[2]], "two letters");
    for q in ["10.4.1.75", "\"port failed\"", "*", "\"\"\"\" x", "回流", "NOT", "a\0b\0c"] {
        if q.len() > 1 && !q.ends_with('x') {
            assert_eq!(by_words(&mut ann, q).await, [""; 0], "{q:?}");
        }
    }
    let hit = &search(&mut ann, json!({"q": "PORT 10.4.1.74"})).await["hits"][0];
    assert_eq!(hit["marks"], json!([[11, 9], [21, 4]]));
    assert_eq!((&hit["kind"], &hit["by"], &hit["room"]), (&json!("message"), &json!("ann"), &json!("general")));
}

#[tokio::test]
async fn what_looks_alike_is_found() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let lines = ["nai\u{308}ve cafe\u{301}", "ｆｕｌｌｗｉｄｔｈ", "a\u{200b}b", "他太太来了", "done 😀", "die Straße"];
    for line in lines {
        post(&mut ann, "general", line).await;
    }
    for (q, line) in [
        ("naïve", 0),
        ("café", 0),
        ("naive cafe", 0),
        ("CAFE\u{301}", 0),
        ("fullwidth", 1),
        ("ｗｉｄｔｈ", 1),
        ("\"ab\"", 2),
        ("a\u{200b}b", 2),
        ("太", 3),
        ("太 来了", 3),
        ("😀", 4),
        ("STRASSE", 5),
    ] {
        assert_eq!(by_words(&mut ann, q).await, [lines[line]], "{q}");
    }
    let hit = search(&mut ann, json!({"q":"cafe naive"})).await["hits"][0].clone();
    assert_eq!(hit["marks"], json!([[0, 6], [7, 5]]), "characters of the text as it stands");
    assert_eq!(
        by_words(&mut ann, "d").await,
        ["die Straße", "done 😀", "ｆｕｌｌｗｉｄｔｈ"],
        "one letter: the newest"
    );
    assert_eq!(texts(&mut ann, json!({"q":"e","limit":1})).await, ["die Straße"]);
    assert_eq!(by_words(&mut ann, "他 x").await, [""; 0]);
}

#[tokio::test]
async fn bad_questions_are_answered_in_words() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    for q in ["", " ", "\" \"", "\u{200b}"] {
        ann.refused(json!({"t":"search","q":q}), "bad_request").await;
    }
    ann.refused(json!({"t":"search","q":"x".repeat(1_025)}), "too_large").await;
    ann.refused(json!({"t":"search","q":"xx".repeat(5_000)}), "too_large").await;
    for limit in [0, 101] {
        ann.refused(json!({"t":"search","q":"ok","limit":limit}), "bad_request").await;
    }
    ann.refused(json!({"t":"search","q":"ok","room":"nowhere"}), "not_found").await;
    ann.refused(json!({"t":"search","q":"ok","by":"nobody"}), "not_found").await;
    ann.refused(json!({"t":"search","q":"ok","kind":"poem"}), "bad_request").await;
    let longest = "0123456789abcdef".repeat(64);
    post(&mut ann, "general", &longest).await;
    assert_eq!(by_words(&mut ann, &longest).await.len(), 1);
}

#[tokio::test]
async fn nobody_finds_what_they_may_not_read() {
    let core = core().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    ann.ask(json!({"t":"room.create","room":"secret","private":true})).await;
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    for room in ["secret", "ops"] {
        post(&mut ann, room, &format!("needle in {room}")).await;
    }
    assert_eq!(by_words(&mut ann, "needle").await, ["needle in ops", "needle in secret"]);
    assert_eq!(by_words(&mut ben, "needle").await, ["needle in ops"], "a public room, though not joined");
    assert_eq!(by_words(&mut ben, "ne").await, ["needle in ops"]);
    ben.refused(json!({"t":"search","q":"needle","room":"secret"}), "not_found").await;
    assert_eq!(texts(&mut ann, json!({"q":"needle","room":"secret"})).await, ["needle in secret"]);
}

#[tokio::test]
async fn filters_and_pages() {
    let core = core().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    ben.ask(json!({"t":"room.join","room":"ops"})).await;
    for n in 0..60 {
        let (client, room) = if n % 2 == 0 { (&mut ann, "ops") } else { (&mut ben, "general") };
        post(client, room, &format!("deploy number {n:02}")).await;
    }
    let (mut seen, mut before) = (Vec::new(), Value::Null);
    loop {
        let answer = search(&mut ann, json!({"q":"deploy","limit":7,"before":before})).await;
        let hits = answer["hits"].as_array().unwrap();
        assert!(hits.len() <= 7);
        assert_eq!((&answer["total"], &answer["more"]), (&json!(60 - seen.len()), &Value::Null));
        seen.extend(hits.iter().map(|hit| hit["text"].as_str().unwrap().to_owned()));
        before = answer["next"].clone();
        if before.is_null() {
            break;
        }
    }
    let all: Vec<String> = (0..60).rev().map(|n| format!("deploy number {n:02}")).collect();
    // Those of one millisecond in two rooms may stand either way.
    let of_room = |lines: &[String], rest: usize| {
        lines.iter().filter(|line| line.as_bytes()[15] as usize % 2 == rest).cloned().collect::<Vec<_>>()
    };
    assert_eq!((of_room(&seen, 0), of_room(&seen, 1)), (of_room(&all, 0), of_room(&all, 1)), "newest first");
    assert_eq!(seen.len(), 60, "each once");
    assert_eq!(texts(&mut ann, json!({"q":"deploy","by":"ben","limit":100})).await.len(), 30);
    assert_eq!(texts(&mut ann, json!({"q":"deploy","room":"ops","by":"ben"})).await.len(), 0);
    assert_eq!(texts(&mut ann, json!({"q":"deploy","kind":"file"})).await.len(), 0);
    let mut times: Vec<u64> = Vec::new();
    for room in ["ops", "general"] {
        let page = ann.ask(json!({"t":"room.history","room":room,"limit":200})).await;
        let posts = page["events"].as_array().unwrap().iter().filter(|event| event["kind"] == "message");
        times.extend(posts.map(|event| event["at"].as_u64().unwrap()));
    }
    times.sort_unstable();
    let (since, until) = (times[20], times[40]);
    let expected = times.iter().filter(|at| (since..until).contains(*at)).count();
    let found = texts(&mut ann, json!({"q":"deploy","since":since,"until":until,"limit":100})).await;
    assert_eq!(found.len(), expected);
}

#[tokio::test]
async fn the_index_may_be_deleted_damaged_or_another_servers() {
    let mut core = core().await;
    let mut ann = core.sign_in("ann").await;
    for n in 0..20 {
        post(&mut ann, "general", &format!("kept line {n}")).await;
    }
    assert_eq!(texts(&mut ann, json!({"q":"kept line","limit":100})).await.len(), 20);
    let other = std::fs::read(TestCore::start().await.stop().await.path().join("data/search.db")).unwrap();
    for damage in [None, Some(b"not a database at all".repeat(500)), Some(other)] {
        let folder = core.stop().await;
        let index = folder.path().join("data/search.db");
        assert!(index.exists());
        std::fs::remove_file(&index).unwrap();
        let _ = std::fs::remove_file(index.with_extension("db-wal"));
        if let Some(bytes) = damage {
            std::fs::write(&index, bytes).unwrap();
        }
        core = TestCore::on(folder).await;
        let mut ann = core.sign_in("ann").await;
        assert_eq!(texts(&mut ann, json!({"q":"kept line","limit":100})).await.len(), 20);
    }
}

#[tokio::test]
async fn a_restart_goes_on_where_the_index_stood() {
    let mut core = core().await;
    for round in 0..3 {
        let mut ann = core.sign_in("ann").await;
        for n in 0..50 {
            post(&mut ann, "general", &format!("round {round} line {n}")).await;
        }
        // Stopped at once, whatever the index has read by then.
        core = TestCore::on(core.stop().await).await;
    }
    let mut ann = core.sign_in("ann").await;
    let mut found = texts(&mut ann, json!({"q":"round line","limit":100})).await;
    let first = search(&mut ann, json!({"q":"round line","limit":100})).await;
    found.extend(texts(&mut ann, json!({"q":"round line","limit":100,"before":first["next"]})).await);
    found.sort();
    let mut all: Vec<String> = (0..150).map(|n| format!("round {} line {}", n / 50, n % 50)).collect();
    all.sort();
    assert_eq!(found, all, "each once");
}

#[tokio::test]
async fn an_edited_message_is_found_as_it_is_now_and_a_deleted_one_not_at_all() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let first = post(&mut ann, "general", "the needle is here 回滚").await;
    let second = post(&mut ann, "general", "another needle, later").await;
    assert_eq!(by_words(&mut ann, "needle").await.len(), 2);
    ann.ask(json!({"t":"room.edit","room":"general","seq":first,"text":"the haystack is here 部署"})).await;
    for (q, count) in [("needle", 1), ("haystack", 1), ("回滚", 0), ("部署", 1)] {
        assert_eq!(by_words(&mut ann, q).await.len(), count, "{q}");
    }
    ann.ask(json!({"t":"room.edit","room":"general","seq":first,"text":"one more needle"})).await;
    let hits = search(&mut ann, json!({"q":"needle"})).await["hits"].clone();
    assert_eq!((&hits[0]["seq"], &hits[1]["seq"]), (&json!(second), &json!(first)), "in its old place");
    ann.ask(json!({"t":"room.delete","room":"general","seq":first})).await;
    ann.ask(json!({"t":"room.delete","room":"general","seq":second})).await;
    assert_eq!(by_words(&mut ann, "needle").await, [""; 0]);
    // The same from the timeline alone, which still has the edits.
    let folder = core.stop().await;
    std::fs::remove_file(folder.path().join("data/search.db")).unwrap();
    let core = TestCore::on(folder).await;
    let mut ann = core.sign_in("ann").await;
    for q in ["needle", "haystack", "部署"] {
        assert_eq!(by_words(&mut ann, q).await, [""; 0], "{q}");
    }
}
