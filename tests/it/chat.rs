//! Talking: send, log, chat, and what a crash of the server does to them.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use crate::pty::Pty;
use crate::test_server::{Background, TestServer, done, finish, lines_of, until};

#[test]
fn what_is_said_stands_in_the_room() {
    let server = TestServer::new();
    let sent = server.run(&["send", "general", "hello", "there", "--json"]);
    assert_eq!(sent.code, 0, "{sent:?}");
    assert_eq!(sent.text(), "{\"room\":\"general\",\"seq\":2}\n");
    let piped = done(server.client(&["send", "general", "-"]), b"from\na \x1b[2J pipe\n");
    assert_eq!(piped.code, 0, "{piped:?}");
    let log = server.run(&["log", "general", "--after", "1"]).text();
    let words: Vec<&str> = log.lines().map(|line| &line[6..]).collect();
    assert_eq!(words, ["ann: hello there", "ann: from␊a ␛[2J pipe"], "one event is one harmless line");
    let json = server.run(&["log", "general", "--last", "1", "--json"]).text();
    let event: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((event["seq"].as_u64(), event["text"].as_str()), (Some(3), Some("from\na \u{1b}[2J pipe")));
    let rooms = server.run(&["ls"]).text();
    assert!(rooms.starts_with("general "), "{rooms}");
}

#[test]
fn a_chat_in_a_pipe_says_everything_in_order_and_ends() {
    let server = TestServer::new();
    let script = b"one\n/run echo from the run\n//two\n/nonsense\n\nthree\n";
    let chat = done(server.client(&["chat", "general"]), script);
    assert_eq!(chat.code, 1, "a line was refused: {chat:?}");
    assert!(chat.text().contains("[r1] | from the run\n"), "it waits for what it started: {chat:?}");
    assert!(chat.err.contains("unknown command /nonsense"), "{}", chat.err);
    let log = server.run(&["log", "general", "--after", "1", "--json"]).text();
    let events: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said: Vec<&str> = events.iter().filter_map(|event| event["text"].as_str().or(event["cmd"].as_str())).collect();
    assert_eq!(said, ["one", "echo from the run", "/two", "three"]);
}

#[test]
fn a_chat_shows_runs_line_by_line() {
    let server = TestServer::new();
    let mut chat = server.client(&["chat", "general"]);
    let mut chat = chat.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = lines_of(chat.stdout.take().unwrap());
    let mut input = chat.stdin.take().unwrap();
    let next = || lines.recv_timeout(Duration::from_secs(60)).unwrap()[6..].to_owned();
    assert_eq!(next(), "ann joined");
    writeln!(input, "/run printf 'a\\nb'; sleep 100").unwrap();
    assert_eq!(next(), "[r1] started by ann on local: printf 'a\\nb'; sleep 100");
    assert_eq!(next(), "[r1] | a");
    writeln!(input, "/stop r1").unwrap();
    let mut rest = [next(), next()];
    rest.sort();
    assert_eq!(rest[1], "[r1] | b", "what has no line end is shown at the end");
    assert!(rest[0].starts_with("[r1] stopped by ann (TERM) after "), "{}", rest[0]);
    writeln!(input, "/quit").unwrap();
    assert_eq!(finish(chat).code, 0);
}

#[test]
fn following_loses_and_doubles_nothing_over_crashes() {
    let mut server = TestServer::new();
    let mut log = server.client(&["log", "general", "--follow", "--after", "0", "--json"]);
    let mut log = Background(log.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let lines = lines_of(log.0.stdout.take().unwrap());
    let mut seen = Vec::new();
    for round in 0..3u64 {
        for n in 0..5 {
            assert_eq!(server.run(&["send", "general", &format!("{round}.{n}")]).code, 0);
        }
        // Not all of them have been read when it happens.
        while seen.len() < 3 + 5 * round as usize {
            seen.push(lines.recv_timeout(Duration::from_secs(60)).unwrap());
        }
        server.kill();
        server.start();
    }
    assert_eq!(server.run(&["send", "general", "last"]).code, 0);
    while seen.len() < 17 {
        seen.push(lines.recv_timeout(Duration::from_secs(60)).unwrap());
    }
    let seqs: Vec<u64> = seen
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=17).collect::<Vec<u64>>());
}

#[test]
fn a_refused_command_does_not_stay_in_the_line() {
    let server = TestServer::new();
    assert_eq!(server.admin(&["user", "add", "mia", "--password-stdin"], b"a long password\n").code, 0);
    let token = server.admin(&["token", "add", "mia"], b"").text();
    let mut chat = server.client(&["chat", "general"]);
    chat.env("WARDROOM_TOKEN", token.trim());
    let mut mia = Pty::start(chat, 120, 24);
    mia.until_seen("mia joined");
    mia.press("$ uptime\r");
    mia.until_seen("only operators run commands in general");
    mia.press("hello\r");
    mia.until_seen("mia: hello");
    assert!(!mia.text().contains("press Enter to run it now"), "{}", mia.text());
    // The arrow keys have it: after the message, the command.
    mia.press("\x1b[A\x1b[A\r");
    assert!(until(|| mia.text().matches("only operators run commands in general").count() == 2), "{}", mia.text());
    mia.press("/quit\r");
    assert_eq!(mia.ended().code, 0);
}
