//! `kill -9` of core, gateway and host, each in turn, under load: nothing that was acknowledged is lost or doubled.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::browser::{Browser, page_of, retry};
use crate::command::{done, wardroom};
use crate::test_server::{DEADLINE, Process, TestServer, add_user};
use crate::wire::Wire;

/// Posts `count` texts, each until it is acknowledged; gives their places.
async fn post_all(tcp: String, token: String, who: usize, count: usize) -> BTreeMap<u64, String> {
    let mut places = BTreeMap::new();
    let mut wire = Wire::signed_in(&tcp, &token).await;
    for n in 0..count {
        let text = format!("{who}-{n}");
        let seq = loop {
            let post = json!({"t":"room.post","room":"general","text":text,"nonce":text});
            match wire.try_ask(post).await {
                Some(answer) if answer["t"] == "ok" => break answer["seq"].as_u64().unwrap(),
                // Refused while it stops, or gone: the same nonce makes it one post.
                _ => wire = Wire::signed_in(&tcp, &token).await,
            }
        };
        places.insert(seq, text);
    }
    places
}

#[tokio::test]
async fn every_acknowledged_post_is_there_once_in_order_when_the_core_is_killed() {
    let mut server = TestServer::start();
    let token = server.add_user("ann", "operator").await;
    let posters: Vec<_> =
        (0..4).map(|who| tokio::spawn(post_all(server.tcp.clone(), token.clone(), who, 500))).collect();
    for _ in 0..3 {
        // Under load: some posts have come since the last restart.
        let mut watcher = Wire::signed_in(&server.tcp, &token).await;
        watcher.ask(json!({"t":"room.open","room":"general","last":0})).await;
        for _ in 0..40 {
            watcher.next_of("event").await;
        }
        server.restart_core();
    }
    let mut acknowledged = BTreeMap::new();
    for poster in posters {
        acknowledged.extend(poster.await.unwrap());
    }
    let mut reader = Wire::signed_in(&server.tcp, &token).await;
    let opened = reader.ask(json!({"t":"room.open","room":"general","after":0})).await;
    let mut found = BTreeMap::new();
    for expected in 1..=opened["head"].as_u64().unwrap() {
        let event = reader.next_of("event").await;
        assert_eq!(event["seq"], expected, "places are contiguous");
        if let Some(text) = event["text"].as_str() {
            assert!(found.insert(expected, text.to_owned()).is_none());
        }
    }
    assert_eq!(found.len(), 2_000, "each post once");
    assert_eq!(found, acknowledged);
}

#[tokio::test]
async fn a_run_goes_on_while_the_core_is_away_and_its_output_is_whole() {
    let mut server = TestServer::start();
    let token = server.add_user("ann", "operator").await;
    let lines = 3_000;
    let script = format!(
        "i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo line $i; [ $((i % 100)) = 0 ] && sleep 0.1; done; exit 7"
    );
    let run = tokio::spawn(done(wardroom(&server, &token, &["run", "general", "--", "sh", "-c", &script])));
    // Killed in the middle: some of the output is stored, some is not written yet.
    let mut watcher = server.connect(&token).await;
    let started = retry("the run", async || {
        let runs = watcher.ask(json!({"t":"run.list"})).await;
        runs["runs"][0]["bytes"].as_u64().filter(|bytes| *bytes > 2_000)
    });
    started.await;
    server.restart_core();
    retry("the core", async || tokio::net::TcpStream::connect(&server.tcp).await.ok()).await;
    server.restart_gateway();
    let run = tokio::time::timeout(DEADLINE, run).await.expect("it ends").unwrap();
    assert_eq!(run.code, Some(7), "{}", run.err);
    let expected: String = (1..=lines).map(|n| format!("line {n}\n")).collect();
    assert_eq!(run.text(), expected);
}

/// Starts a command that counts until it reads a line.
async fn counting(wire: &mut Wire, nonce: &str) -> Value {
    // Asks first whether there is input: a read with a time limit may take half a line and forget it.
    let script = "i=0; until read -t 0; do i=$((i+1)); echo $i; sleep 0.02; done; read a; echo got $a >&2; exit 7";
    let argv = json!(["bash", "-c", script]);
    let start = json!({"t":"run.start","room":"general","argv":argv,"stdin":true,"nonce":nonce});
    wire.ask(start).await["run"].clone()
}

/// Ends a counting command with a line of input, sent until it is acknowledged, and checks that nothing disturbed it: it
/// counted without a gap, got its line once, and ended with its own code.
async fn assert_undisturbed(wire: &mut Wire, run: &Value) {
    retry("the input", async || {
        wire.send(&json!({"t":"run.input","run":run,"gen":1,"off":0,"len":2}), b"x\n").await.unwrap();
        loop {
            let (answer, _) = wire.next().await.unwrap();
            match answer["t"].as_str() {
                Some("run.input_ack") if answer["run"] == *run => return Some(answer),
                // Its host is not there yet.
                Some("err") if answer["code"] == "busy" => return None,
                Some("err") => panic!("{answer}"),
                _ => {}
            }
        }
    })
    .await;
    wire.ask(json!({"t":"run.watch","run":run,"window":8_000_000})).await;
    let (mut counted, mut said) = (String::new(), String::new());
    let end = loop {
        let (line, frame) = wire.next().await.unwrap();
        match line["t"].as_str() {
            Some("run.output") => {
                let text = String::from_utf8_lossy(&frame.body);
                if line["fd"] == 1 { counted.push_str(&text) } else { said.push_str(&text) }
            }
            Some("run.end") => break line,
            _ => {}
        }
    };
    let lines: Vec<u64> = counted.lines().map(|line| line.parse().unwrap()).collect();
    assert!(!lines.is_empty() && lines.iter().zip(1..).all(|(line, n)| *line == n), "{counted}");
    assert_eq!((said.as_str(), &end["exit"]), ("got x\n", &json!({"code":7})));
}

#[tokio::test]
async fn runs_go_on_whoever_is_killed() {
    let mut server = TestServer::start();
    let token = server.add_user("ann", "operator").await;
    let mut wire = server.connect(&token).await;
    let mut runs = Vec::new();
    for n in 0..20 {
        runs.push(counting(&mut wire, &format!("k{n}")).await);
    }
    // Each alone, each two in both orders, and all three.
    for killed in ["h", "c", "g", "hc", "ch", "hg", "gh", "cg", "gc", "hcg"] {
        for part in killed.chars() {
            match part {
                'h' => server.restart_host(),
                'c' => server.restart_core(),
                _ => server.restart_gateway(),
            }
        }
    }
    let mut wire = server.connect(&token).await;
    for run in &runs {
        assert_undisturbed(&mut wire, run).await;
    }
}

#[tokio::test]
async fn runs_go_on_when_a_server_is_killed_or_stopped_and_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = data.to_str().unwrap().to_owned();
    let arguments = ["serve", "--data", &text, "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    let mut serve = Process::start(&arguments);
    let token = add_user(&data, "ann", "operator").await;
    let mut wire = Wire::signed_in(&serve.at("tcp"), &token).await;
    let mut runs = Vec::new();
    for n in 0..4 {
        runs.push(counting(&mut wire, &format!("s{n}")).await);
    }
    for round in 0..4 {
        if round % 2 == 0 {
            serve.kill_9();
        } else {
            serve.stop();
        }
        serve = Process::start(&arguments);
        // The one before may still be ending.
        retry("a single host", async || (hosts_of(&data) == 1).then_some(())).await;
    }
    let mut wire = Wire::signed_in(&serve.at("tcp"), &token).await;
    for run in &runs {
        assert_undisturbed(&mut wire, run).await;
    }
    serve.stop();
}

/// The number of host processes with this data folder.
fn hosts_of(data: &Path) -> usize {
    let spool = data.join("host");
    processes_with(&format!("--spool\0{}", spool.display()))
}

#[tokio::test]
async fn stop_leaves_nothing_behind() {
    let server = TestServer::start();
    let token = server.add_user("ann", "operator").await;
    let mut wire = server.connect(&token).await;
    let mark = format!("e2e-stop-{}", server.core.pid());
    let script = format!(
        "trap '' TERM INT; nohup setsid sh -c '(sleep 300; : {mark}) & wait' >/dev/null 2>&1 & echo up; sleep 300; : {mark}"
    );
    let run = wire.ask(json!({"t":"run.start","room":"general","argv":["sh","-c",script],"nonce":"s1"})).await;
    wire.ask(json!({"t":"run.watch","run":run["run"]})).await;
    wire.next_of("run.output").await;
    wire.ask(json!({"t":"run.signal","run":run["run"],"signal":"TERM"})).await;
    let end = wire.next_of("run.end").await;
    assert_eq!((&end["exit"]["stopped_by"], &end["left"]), (&json!("ann"), &json!(0)), "{end}");
    assert_eq!(processes_with(&mark), 0);
}

#[tokio::test]
async fn an_upload_goes_on_when_the_core_is_killed() {
    let mut server = TestServer::start();
    let token = server.add_user("ann", "operator").await;
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("big.bin");
    let mut noise = vec![0u8; 300_000_000];
    blake3::Hasher::new().update(b"upload").finalize_xof().fill(&mut noise);
    std::fs::write(&source, &noise).unwrap();
    let source_name = source.to_string_lossy().into_owned();
    let put = tokio::spawn(done(wardroom(&server, &token, &["put", &source_name, "general"])));
    let staging = server.data.join("files/.staging");
    let staged = || std::fs::read_dir(&staging).unwrap().flatten().map(|f| f.metadata().unwrap().len()).max();
    retry("the upload's middle", async || staged().filter(|bytes| *bytes > 20_000_000)).await;
    server.restart_core();
    let put = put.await.unwrap();
    assert_eq!(put.code, Some(0), "{}", put.err);
    let stored = std::fs::read(server.data.join("files/general/big.bin")).unwrap();
    assert_eq!(blake3::hash(&stored), blake3::hash(&noise));
    assert_eq!(staged(), None, "nothing is left in staging");
}

#[tokio::test]
async fn the_page_catches_up_without_a_lost_or_a_doubled_line() {
    let mut server = TestServer::start();
    let token = server.add_user("ann", "operator").await;
    server.add_user("ben", "member").await;
    let browser = Browser::start(1024, 768).await;
    browser.sign_in(&page_of(&server), "ben").await;
    browser.open_room("general").await;
    let posting = tokio::spawn(post_all(server.tcp.clone(), token.clone(), 0, 300));
    let has_come = |seq: u32| format!("return +document.querySelector('[data-testid=timeline]').dataset.last > {seq}");
    browser.until_true("the sixth line", &has_come(6)).await;
    server.restart_core();
    browser.until_true("the line after the restart", &has_come(20)).await;
    server.restart_gateway();
    // Not awaited in the timeline: the lines of the other may take it out of sight before anybody looks. It is read below.
    browser.say("written while it came back").await;
    posting.await.unwrap();
    browser.until("0-299").await;
    browser.state("live").await;
    browser.until_true("nothing is pending", "return !document.querySelector('[data-kind=pending]')").await;
    let seqs = browser.seqs().await;
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seqs:?}");
    let mut reader = Wire::signed_in(&server.tcp, &token).await;
    reader.ask(json!({"t":"room.open","room":"general","after":0})).await;
    let mut own = 0;
    loop {
        let (told, _) = reader.next().await.unwrap();
        if told["t"] == "room.live" {
            break;
        }
        own += u32::from(told["text"] == "written while it came back");
    }
    assert_eq!(own, 1, "sent once, whatever the network did");
    browser.shoot("caught-up").await;
    browser.end().await;
}

#[tokio::test]
async fn ending_a_session_closes_its_sockets() {
    let server = TestServer::start();
    server.add_user("ann", "operator").await;
    server.add_user("root", "admin").await;
    let browser = Browser::start(1024, 768).await;
    browser.sign_in(&page_of(&server), "ann").await;
    let disabled =
        done(wardroom(&server, "", &["admin", "--data", &server.data.to_string_lossy(), "user", "disable", "ann"]));
    let disabled = disabled.await;
    assert_eq!(disabled.code, Some(0), "{}", disabled.err);
    browser.find("[data-testid=login-form]").await;
    browser.end().await;
}

/// Processes whose command line or environment has this in it.
fn processes_with(mark: &str) -> usize {
    let is_meant = |pid: &std::path::Path| {
        let text = std::fs::read(pid.join("cmdline")).unwrap_or_default();
        text.windows(mark.len()).any(|window| window == mark.as_bytes())
    };
    std::fs::read_dir("/proc").unwrap().flatten().filter(|entry| is_meant(&entry.path())).count()
}
