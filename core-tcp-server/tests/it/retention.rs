//! Retention: what is older than its room keeps it is gone everywhere, and nothing else is. The clock is turned by making
//! what stands in the store older while no core runs; the next one sweeps when it starts.

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::common::{Client, DEADLINE, TestCore};
use crate::fake_host::FakeHost;

type Tcp = Client<TcpStream>;

const DAY_MS: i64 = 86_400_000;

async fn post(client: &mut Tcp, room: &str, text: &str) -> u64 {
    let nonce = format!("{room}-{}", text.replace(' ', "-"));
    client.ask(json!({"t":"room.post","room":room,"text":text,"nonce":nonce})).await["seq"].as_u64().unwrap()
}

async fn put(client: &mut Tcp, path: &str, bytes: &[u8], nonce: &str) -> u64 {
    let ask =
        json!({"t":"file.put","in":"room:ops","path":path,"size":bytes.len(),"if_exists":"replace","nonce":nonce});
    let upload = client.ask(ask).await["upload"].clone();
    client.send(json!({"t":"file.chunk","upload":upload,"off":0,"len":bytes.len()}), bytes).await;
    let digest = blake3::hash(bytes).to_hex().to_string();
    client.ask(json!({"t":"file.commit","upload":upload,"blake3":digest})).await["seq"].as_u64().unwrap()
}

async fn run(client: &mut Tcp, host: &mut FakeHost, output: &str, nonce: &str) -> Value {
    let started = client.ask(json!({"t":"run.start","room":"ops","cmd":format!("echo {output}"),"nonce":nonce})).await;
    let run = started["run"].as_str().unwrap();
    host.start().await;
    host.output(run, 1, 0, output.as_bytes()).await;
    host.end_and_forget(run, output.len() as u64).await;
    started
}

/// Makes what stands in a room up to a line so many days older.
fn make_older(folder: &TempDir, room: &str, upto: u64, days: i64) {
    let conn = rusqlite::Connection::open(folder.path().join("data/wardroom.db")).unwrap();
    let id: i64 = conn.query_row("SELECT id FROM rooms WHERE name = ?1", [room], |row| row.get(0)).unwrap();
    let upto = i64::try_from(upto).unwrap();
    for table in ["events", "runs"] {
        let sql = format!("UPDATE {table} SET at = at - ?3 WHERE room = ?1 AND seq <= ?2");
        conn.execute(&sql, (id, upto, days * DAY_MS)).unwrap();
    }
}

/// The room, once it begins there.
async fn begins_at(client: &mut Tcp, room: &str, first: u64) -> Value {
    let swept = async {
        loop {
            let list = client.ask(json!({"t":"room.list"})).await;
            let info = list["rooms"].as_array().unwrap().iter().find(|info| info["room"] == room).unwrap().clone();
            if info["first"] == first {
                return info;
            }
        }
    };
    tokio::time::timeout(DEADLINE, swept).await.expect("a sweep at the start")
}

async fn found(client: &mut Tcp, q: &str) -> Vec<String> {
    let asked = async {
        loop {
            let answer = client.answer(json!({"t":"search","q":q})).await;
            if answer["behind"] == 0 {
                let hits = answer["hits"].as_array().unwrap();
                return hits.iter().map(|hit| hit["text"].as_str().unwrap().to_owned()).collect();
            }
        }
    };
    tokio::time::timeout(DEADLINE, asked).await.expect("an index")
}

#[tokio::test]
async fn what_is_too_old_is_gone_everywhere() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("ben", "member")]).await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    for room in ["ops", "kept"] {
        ann.ask(json!({"t":"room.create","room":room})).await;
        ben.ask(json!({"t":"room.join","room":room})).await;
        post(&mut ann, room, "needle old for @ben").await;
    }
    ann.ask(json!({"t":"room.set","room":"ops","retention_days":30})).await;
    let old_run = run(&mut ann, &mut host, "needle in old output", "r1").await;
    put(&mut ann, "logs/old.log", b"old", "u1").await;
    put(&mut ann, "replaced.log", b"first", "u2").await;
    let upto = put(&mut ann, "by-hand.log", b"server's", "u3").await;
    put(&mut ann, "replaced.log", b"second", "u4").await;
    let new_run = run(&mut ann, &mut host, "needle in new output", "r2").await;
    post(&mut ann, "ops", "needle new").await;
    let storage = core.folder().join("files/ops");
    std::fs::write(storage.join("by-hand.log"), "somebody else's").unwrap();
    assert_eq!(found(&mut ann, "needle").await.len(), 7, "two each of commands and output, and three messages");
    let folder = core.stop().await;
    make_older(&folder, "ops", upto, 31);
    make_older(&folder, "kept", 99, 4_000);
    let core = TestCore::on(folder).await;
    let mut ann = core.sign_in("ann").await;
    let info = begins_at(&mut ann, "ops", upto + 1).await;
    assert_eq!(info["retention_days"], 30);
    let page = ann.ask(json!({"t":"room.history","room":"ops","limit":200})).await;
    assert_eq!((&page["events"][0]["seq"], &page["more"]), (&json!(upto + 1), &json!(false)));
    let opened = ann.ask(json!({"t":"room.open","room":"ops","after":0})).await;
    assert_eq!(opened["after"], upto, "whoever was away begins where it begins");
    assert_eq!(ann.next_of("event").await["seq"], upto + 1);
    ann.refused(json!({"t":"run.get","run":old_run["run"]}), "not_found").await;
    ann.ask(json!({"t":"run.get","run":new_run["run"]})).await;
    let runs: Vec<_> = std::fs::read_dir(core.folder().join("runs")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(runs, [new_run["run"].as_str().unwrap()]);
    assert!(!storage_of(&core).join("logs").exists(), "with the folder that it leaves empty");
    let text = |name: &str| std::fs::read_to_string(storage_of(&core).join(name)).unwrap();
    assert_eq!((text("replaced.log").as_str(), text("by-hand.log").as_str()), ("second", "somebody else's"));
    let gone = |texts: &[String]| !texts.iter().any(|text| text.contains("old output"));
    let texts = found(&mut ann, "needle").await;
    assert!(texts.len() == 4 && gone(&texts), "{texts:?}");
    assert_eq!(found(&mut ann, "old.log").await, [""; 0]);
    let conn = rusqlite::Connection::open(core.folder().join("wardroom.db")).unwrap();
    let count = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM mentions"), 1, "that of the room that keeps everything");
    assert_eq!(count("SELECT count(*) FROM files"), 1, "the one that was put in place of another");
    let kept = ann.ask(json!({"t":"room.history","room":"kept"})).await;
    assert_eq!(kept["events"].as_array().map(Vec::len), Some(3));
}

fn storage_of(core: &TestCore) -> std::path::PathBuf {
    core.folder().join("files/ops")
}

#[tokio::test]
async fn a_room_may_be_emptied_and_goes_on() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator")]).await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    ann.ask(json!({"t":"room.set","room":"ops","retention_days":1})).await;
    for n in 0..500 {
        post(&mut ann, "ops", &format!("line {n}")).await;
    }
    run(&mut ann, &mut host, "output", "r1").await;
    let last = post(&mut ann, "ops", "the last one").await;
    let folder = core.stop().await;
    make_older(&folder, "ops", last, 2);
    let core = TestCore::on(folder).await;
    let mut ann = core.sign_in("ann").await;
    begins_at(&mut ann, "ops", last + 1).await;
    assert_eq!(ann.ask(json!({"t":"room.history","room":"ops"})).await["events"], json!([]));
    let folder = core.stop().await;
    std::fs::remove_file(folder.path().join("data/search.db")).unwrap();
    let core = TestCore::on(folder).await;
    assert_eq!(found(&mut core.sign_in("ann").await, "last one").await, [""; 0], "and nothing is waited for");
    let (mut host, mut ann) = (FakeHost::come(&core, "local", &[]).await, core.sign_in("ann").await);
    assert_eq!(post(&mut ann, "ops", "after it").await, last + 1, "places are not used twice");
    assert_eq!(run(&mut ann, &mut host, "output", "r2").await["n"], 2, "nor numbers of runs");
}

#[tokio::test]
async fn a_run_that_goes_on_keeps_what_follows_it() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator")]).await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    ann.ask(json!({"t":"room.set","room":"ops","retention_days":1})).await;
    let started = ann.ask(json!({"t":"run.start","room":"ops","cmd":"sleep 1d","nonce":"r1"})).await;
    host.start().await;
    let last = post(&mut ann, "ops", "behind it").await;
    let folder = core.stop().await;
    make_older(&folder, "ops", last, 2);
    let core = TestCore::on(folder).await;
    let mut ann = core.sign_in("ann").await;
    begins_at(&mut ann, "ops", started["seq"].as_u64().unwrap()).await;
    ann.ask(json!({"t":"run.get","run":started["run"]})).await;
}
