//! What is said to some, what is too long, what is answered, and what the log shows of it.

use serde_json::Value;

use crate::test_server::{TestServer, done, until};

fn events(server: &TestServer, args: &[&str]) -> Vec<Value> {
    let mut all = vec!["log", "general", "--json"];
    all.extend(args);
    let log = server.run(&all);
    assert_eq!(log.code, 0, "{log:?}");
    log.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_text_that_is_too_long_becomes_a_file() {
    let server = TestServer::new();
    let text = format!("first line\nsecond line\n{}", "and so on ".repeat(1_000_000));
    let sent = done(server.client(&["send", "general", "-"]), text.as_bytes());
    assert_eq!(sent.code, 0, "{sent:?}");
    assert!(sent.err.contains("too long for a message"), "{}", sent.err);
    let events = events(&server, &["--after", "1"]);
    let kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["file.added", "message"]);
    let path = events[0]["path"].as_str().unwrap();
    let said = events[1]["text"].as_str().unwrap();
    assert!(said.starts_with("first line\nsecond line\n") && said.contains(path) && said.len() < 4_000, "{said}");
    let back = server.run(&["get", &format!("general:{path}"), "-o", "-"]);
    assert!(back.out == text.as_bytes(), "all of it, and nothing else");
    // Bytes that are no text are kept as they are, too.
    let sent = done(server.client(&["send", "general", "-"]), b"\xff\xfe\x00");
    assert_eq!(sent.code, 0, "{sent:?}");
    // What just fits is a message.
    let fits = format!("{}\n", "x".repeat(16_384));
    let sent = done(server.client(&["send", "general", "-"]), fits.as_bytes());
    assert_eq!((sent.code, sent.err.as_str()), (0, ""));
    let nothing = done(server.client(&["send", "general", "-"]), b"\n \n");
    assert_eq!(nothing.code, 2, "{nothing:?}");
}

#[test]
fn an_answer_names_its_line() {
    let server = TestServer::new();
    assert_eq!(server.run(&["send", "general", "ready?"]).code, 0);
    assert_eq!(server.run(&["send", "general", "--reply", "2", "yes"]).code, 0);
    let log = server.run(&["log", "general", "--last", "1"]).text();
    assert_eq!(&log[6..], "ann (to 2): yes\n");
    let log = server.run(&["log", "general", "--last", "2", "--ids"]).text();
    let ids: Vec<&str> = log.lines().map(|line| line.trim_start().split(' ').next().unwrap()).collect();
    assert_eq!(ids, ["2", "3"], "{log}");
}

#[test]
fn a_log_goes_both_ways() {
    let server = TestServer::new();
    // In a pipe, so that five hundred lines take one connection.
    let script: String = (2..=501).map(|n| format!("line {n}\n")).collect();
    let chat = done(server.client(&["chat", "general"]), script.as_bytes());
    assert_eq!(chat.code, 0, "{}", chat.err);
    let seqs = |args: &[&str]| -> Vec<u64> {
        events(&server, args).iter().map(|event| event["seq"].as_u64().unwrap()).collect()
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

/// An account beside ann's, and its token.
fn member(server: &TestServer, name: &str) -> String {
    let added = server.admin(&["user", "add", name, "--password-stdin"], b"a long password\n");
    assert_eq!(added.code, 0, "{added:?}");
    server.admin(&["token", "add", name], b"").text().trim().to_owned()
}

#[test]
fn a_chat_takes_the_commands_of_the_table() {
    let server = TestServer::new();
    let ben = member(&server, "ben");
    let script = "\
        helo\n/edit hello\n/react 3 👍\n/reply 3 and more\n/delete\n/topic quiet today\n\
        /create ops The machines\nin ops\n/invite ben\n/who\n/title Operations\n/search hello\n/log 2\n/rea\n/rooms\n\
        /dm ben\nonly you\n/runs\n/hooks\n/files\n/retention x\n";
    let chat = done(server.client(&["chat", "general"]), script.as_bytes());
    assert_eq!(chat.code, 1, "{chat:?}");
    let words: Vec<&str> = std::str::from_utf8(&chat.out).unwrap().lines().map(|line| &line[6..]).collect();
    for line in [
        "ann: helo",
        "ann edited 3: hello",
        "ann reacted to 3: 👍",
        "ann (to 3): and more",
        "ann set the topic: quiet today",
        "ann: in ops",
        "ann added ben",
        "ann renamed the room to Operations",
        "ann: only you",
    ] {
        assert!(words.contains(&line), "{line} in {words:?}");
    }
    for said in [
        "-- in ops",
        "-- ann (owner, here), ben (member)",
        "-- /react ID EMOJI  add a reaction",
        "-- in @ben",
        "-- no runs",
        "-- usage: /retention DAYS",
    ] {
        assert!(chat.err.lines().any(|line| line == said), "{said} in {}", chat.err);
    }
    let log = server.run(&["log", "general", "--after", "2"]).text();
    let log: Vec<&str> = log.lines().map(|line| &line[6..]).collect();
    assert_eq!(log[0], "ann: hello (edited)  [👍 ann]");
    assert!(log.contains(&"ann (to 3): (deleted)"), "{log:?}");

    // The other one sees what is for them, and answers.
    let as_ann = |args: &[&str]| server.client(args);
    let as_ben = |args: &[&str]| {
        let mut command = server.client(args);
        command.env("WARDROOM_TOKEN", &ben);
        done(command, b"")
    };
    let rooms = as_ben(&["rooms"]).text();
    assert!(
        rooms
            .lines()
            .any(|line| line.starts_with("@ann ") && line.contains("1 unread") && line.ends_with("direct message")),
        "{rooms}"
    );
    assert_eq!(as_ben(&["dm", "ann", "got it"]).code, 0);
    let listed = server.run(&["ls", "--json"]).text();
    let dm = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).find(|room| room["dm"].is_array());
    let dm = dm.unwrap()["room"].as_str().unwrap().to_owned();
    let log = server.run(&["log", &dm]).text();
    assert!(log.ends_with("ben: got it\n") && log.contains("ann: only you\n"), "{log}");
    assert_eq!(server.run(&["dm", "nobody-here", "x"]).code, 3);
    // By the name of the other one, as by its id.
    assert_eq!(server.run(&["log", "@ben"]).text(), log);
    assert_eq!(server.run(&["send", "@ben", "and this"]).code, 0);
    let chat = done(as_ann(&["chat", "@ben"]), b"typed\n");
    assert!(chat.code == 0 && chat.text().ends_with("ann: typed\n"), "{chat:?}");
    assert!(as_ben(&["log", "@ann"]).text().ends_with("ann: typed\n"));
    // The index follows.
    assert!(until(|| as_ben(&["search", "typed", "--room", "@ann"]).text().contains("typed")));
    let none = server.run(&["log", "@chen"]);
    let told = "wardroom: no direct messages with chen yet; wardroom dm chen TEXT sends the first\n";
    assert_eq!((none.code, none.err.as_str()), (3, told));
    assert_eq!(server.run(&["ls"]).text().matches("@ben ").count(), 1, "reading opens nothing");
}
