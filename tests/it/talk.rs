//! What is said to some, what is too long, what is answered, and what the log shows of it.

use serde_json::Value;

use crate::house::{House, done};

fn events(house: &House, args: &[&str]) -> Vec<Value> {
    let mut all = vec!["log", "general", "--json"];
    all.extend(args);
    let log = house.run(&all);
    assert_eq!(log.code, 0, "{log:?}");
    log.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_text_that_is_too_long_becomes_a_file() {
    let house = House::new();
    let text = format!("first line\nsecond line\n{}", "and so on ".repeat(1_000_000));
    let sent = done(house.client(&["send", "general", "-"]), text.as_bytes());
    assert_eq!(sent.code, 0, "{sent:?}");
    assert!(sent.err.contains("too long for a message"), "{}", sent.err);
    let events = events(&house, &["--after", "1"]);
    let kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["file.added", "message"]);
    let path = events[0]["path"].as_str().unwrap();
    let said = events[1]["text"].as_str().unwrap();
    assert!(said.starts_with("first line\nsecond line\n") && said.contains(path) && said.len() < 4_000, "{said}");
    let back = house.run(&["get", &format!("general:{path}"), "-o", "-"]);
    assert!(back.out == text.as_bytes(), "all of it, and nothing else");
    // Bytes that are no text are kept as they are, too.
    let sent = done(house.client(&["send", "general", "-"]), b"\xff\xfe\x00");
    assert_eq!(sent.code, 0, "{sent:?}");
    // What just fits is a message.
    let fits = format!("{}\n", "x".repeat(16_384));
    let sent = done(house.client(&["send", "general", "-"]), fits.as_bytes());
    assert_eq!((sent.code, sent.err.as_str()), (0, ""));
    let nothing = done(house.client(&["send", "general", "-"]), b"\n \n");
    assert_eq!(nothing.code, 2, "{nothing:?}");
}

#[test]
fn an_answer_names_its_line() {
    let house = House::new();
    assert_eq!(house.run(&["send", "general", "ready?"]).code, 0);
    assert_eq!(house.run(&["send", "general", "--reply", "2", "yes"]).code, 0);
    let log = house.run(&["log", "general", "--last", "1"]).text();
    assert_eq!(&log[6..], "ann (to 2): yes\n");
}

#[test]
fn a_log_goes_both_ways() {
    let house = House::new();
    // In a pipe, so that five hundred lines take one connection.
    let script: String = (2..=501).map(|n| format!("line {n}\n")).collect();
    let chat = done(house.client(&["chat", "general"]), script.as_bytes());
    assert_eq!(chat.code, 0, "{}", chat.err);
    let seqs = |args: &[&str]| -> Vec<u64> {
        events(&house, args).iter().map(|event| event["seq"].as_u64().unwrap()).collect()
    };
    assert_eq!(seqs(&[]), (452..=501).collect::<Vec<u64>>());
    assert_eq!(seqs(&["--limit", "450"]), (52..=501).collect::<Vec<u64>>());
    assert_eq!(seqs(&["--last", "9999"]), (1..=501).collect::<Vec<u64>>());
    assert_eq!(seqs(&["--after", "10"]), (11..=501).collect::<Vec<u64>>());
    assert_eq!(seqs(&["--after", "10", "--limit", "250"]), (11..=260).collect::<Vec<u64>>());
    assert_eq!(seqs(&["--after", "10", "--before", "13"]), [11, 12]);
    assert_eq!(seqs(&["--before", "11", "--limit", "3"]), [8, 9, 10]);
    assert!(seqs(&["--after", "9999"]).is_empty());
}
