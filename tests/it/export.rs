//! A room, written into files.

use std::fs;

use crate::test_server::{TestServer, done};

fn chat(server: &TestServer, script: &str) {
    let chat = done(server.client(&["chat", "general"]), script.as_bytes());
    assert_eq!(chat.code, 0, "{chat:?}");
}

#[test]
fn a_room_is_exported_for_people_and_for_programs() {
    let server = TestServer::new();
    let lines: String = (0..250).map(|n| format!("line {n}\n")).collect();
    chat(&server, &lines);
    // Line 252 is edited, answered and reacted to; line 253 taken back.
    chat(&server, "<b>helo</b>\n/edit <b>hello</b>\n/react 252 👍\n/reply 252 yes\n/delete\n");
    let made = server.run(&["export", "general"]);
    assert_eq!(made.code, 0, "{made:?}");
    let text = fs::read_to_string(server.folder.path().join("general.md")).unwrap();
    assert!(text.starts_with("# general: Company-wide room\n\nExported at "), "{text}");
    assert!(text.contains("**ann** (2): line 0\n") && text.contains("**ann** (251): line 249\n"), "{text}");
    assert!(text.contains("**ann** (252, edited) 👍 by ann: ` <b>hello</b> `\n"), "{text}");
    assert!(text.contains(" to 252): *deleted*\n"), "{text}");
    assert!(!text.contains("helo"), "an amendment is no line");
    assert!(!server.folder.path().join("general.md.part").exists());
    let again = server.run(&["export", "general"]);
    assert_eq!(again.code, 1, "nothing is overwritten: {again:?}");
    assert_eq!(fs::read_to_string(server.folder.path().join("general.md")).unwrap(), text);

    let json = server.run(&["export", "general", "--format", "jsonl", "-o", "-"]);
    assert_eq!(json.code, 0, "{json:?}");
    let events: Vec<serde_json::Value> = json.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<u64>>(), "every event, amendments among them");
    assert_eq!(events.len(), 256);
    assert_eq!(events[251]["text"], "<b>hello</b>");
    assert!(events.iter().all(|event| event["nonce"].is_null()));
}

#[test]
fn a_span_of_time_is_exported() {
    let server = TestServer::new();
    let lines: String = (0..600).map(|n| format!("line {n}\n")).collect();
    chat(&server, &lines);
    let log = server.run(&["log", "general", "--after", "0", "--json"]).text();
    let events: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let at = |index: usize| events[index]["at"].as_u64().unwrap();
    let (since, until) = (at(200), at(500));
    let words = |ms: u64| jiff::Timestamp::from_millisecond(ms as i64).unwrap().to_string();
    let args =
        ["export", "general", "--format", "jsonl", "-o", "-", "--since", &words(since), "--until", &words(until)];
    let span = server.run(&args);
    assert_eq!(span.code, 0, "{span:?}");
    let seqs = |text: &str| -> Vec<u64> {
        let event = |line| serde_json::from_str::<serde_json::Value>(line).unwrap();
        text.lines().map(|line| event(line)["seq"].as_u64().unwrap()).collect()
    };
    let right: Vec<u64> = events
        .iter()
        .filter(|event| (since..until).contains(&event["at"].as_u64().unwrap()))
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs(&span.text()), right);
    let later = server.run(&["export", "general", "--format", "jsonl", "-o", "-", "--since", "2100-01-01"]);
    assert_eq!((later.code, later.text().as_str()), (0, ""));
}

#[test]
fn files_and_output_come_along() {
    let server = TestServer::new();
    let folder = server.folder.path();
    fs::write(folder.join("a.bin"), vec![7u8; 3_000_000]).unwrap();
    fs::write(folder.join("b.txt"), b"first").unwrap();
    assert_eq!(server.run(&["put", "a.bin", "b.txt", "general:logs/"]).code, 0);
    fs::write(folder.join("b.txt"), b"second!").unwrap();
    assert_eq!(server.run(&["put", "--replace", "b.txt", "general:logs/"]).code, 0);
    assert_eq!(server.run(&["run", "general", "--", "sh", "-c", "echo out; echo err >&2; exit 3"]).code, 3);
    let stdout = server.run(&["export", "general", "--files", "-o", "-"]);
    assert_eq!(stdout.code, 2, "files need a folder: {stdout:?}");
    let made = server.run(&["export", "general", "--files", "-o", "out/"]);
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.err.contains("1 file or output is missing"), "{}", made.err);
    let out = folder.join("out");
    assert!(fs::read(out.join("files/logs/a.bin")).unwrap() == vec![7u8; 3_000_000]);
    assert_eq!(fs::read(out.join("files/logs/b.txt")).unwrap(), b"second!");
    let mut printed: Vec<String> =
        fs::read_to_string(out.join("runs/r1.txt")).unwrap().lines().map(str::to_owned).collect();
    printed.sort();
    assert_eq!(printed, ["err", "out"]);
    let text = fs::read_to_string(out.join("room.md")).unwrap();
    assert!(text.contains("(in files/logs/a.bin)") && text.contains("(in runs/r1.txt)"), "{text}");
    assert!(text.contains("(not exported: another file has its name by now)"), "{text}");
    assert!(text.contains(" r1] exit 3 after ") || text.contains("[r1] exit 3 after "), "{text}");
    assert!(!folder.join("out.part").exists());
    assert_eq!(server.run(&["export", "general", "--files", "-o", "out"]).code, 1, "a folder is not overwritten");
    let nowhere = server.run(&["export", "nowhere"]);
    assert_eq!(nowhere.code, 3, "{nowhere:?}");
    assert!(!folder.join("nowhere.md.part").exists(), "nothing is left of what did not become whole");
}
