//! `wardroom chat` where a person sits: the line that is edited, its hints, and what goes on above it.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::command::{done, wardroom};
use crate::terminal::Terminal;
use crate::test_server::{DEADLINE, TestServer};
use crate::wire::Wire;

const PROMPT: &str = "#general \u{276f}";

/// ann at a terminal, in `general`; and ben, who is connected otherwise.
async fn ann_and_ben(columns: u16) -> (TestServer, Terminal, Wire) {
    let server = TestServer::start();
    let ann = server.add_user("ann", "operator").await;
    let ben = server.add_user("ben", "operator").await;
    let mut ben = server.connect(&ben).await;
    ben.ask(json!({"t":"room.join","room":"general"})).await;
    ben.ask(json!({"t":"room.open","room":"general"})).await;
    let mut command = wardroom(&server, &ann, &["chat", "general"]);
    command.current_dir(server.folder.path());
    let terminal = Terminal::start(command, columns, 24);
    terminal.until_edited(PROMPT).await;
    terminal.until_seen("ann joined").await;
    (server, terminal, ben)
}

async fn say(wire: &mut Wire, nonce: &str, text: &str) {
    wire.ask(json!({"t":"room.post","room":"general","text":text,"nonce":nonce})).await;
}

/// What is told to a connection next that is of this kind.
async fn told(wire: &mut Wire, is_it: impl Fn(&Value) -> bool) -> Value {
    let found = async {
        loop {
            let (line, _) = wire.next().await.expect("the connection goes on");
            if is_it(&line) {
                return line;
            }
        }
    };
    tokio::time::timeout(DEADLINE, found).await.expect("it is told in time")
}

fn is_message(line: &Value) -> bool {
    line["t"] == "event" && line["kind"] == "message"
}

#[tokio::test]
async fn what_is_typed_stays_whole_while_others_talk_and_is_said_once() {
    let (_server, terminal, mut ben) = ann_and_ben(80).await;
    terminal.press("half a sen");
    terminal.until_edited(&format!("{PROMPT} half a sen")).await;
    let typing = told(&mut ben, |line| line["t"] == "typing").await;
    assert_eq!((&typing["user"], &typing["room"]), (&json!("ann"), &json!("general")));
    for n in 0..30 {
        say(&mut ben, &format!("n{n:02}"), &format!("line {n:02} \u{1b}[2J")).await;
    }
    terminal.until_seen("ben: line 29 ␛[2J").await;
    terminal.until_edited(&format!("{PROMPT} half a sen")).await;
    terminal.press("tence\r");
    let event = told(&mut ben, |line| is_message(line) && line["by"] == "ann").await;
    assert_eq!(event["text"], "half a sentence");
    terminal.until_seen("ann: half a sentence").await;
    terminal.until_edited(PROMPT).await;
    let text = terminal.screen().text();
    assert_eq!(text.matches("half a sentence").count(), 1, "{text}");
    let order: Vec<usize> = (0..30).map(|n| text.find(&format!("line {n:02}")).unwrap()).collect();
    assert!(order.is_sorted(), "{text}");
    assert_eq!(terminal.screen().count(PROMPT), 1, "{text}");
}

#[tokio::test]
async fn commands_are_explained_and_completed_and_nobody_is_told_of_them() {
    let (_server, mut terminal, mut ben) = ann_and_ben(60).await;
    ben.ask(json!({"t":"room.create","room":"deploys"})).await;
    terminal.press("/ro");
    terminal.until_seen("/rooms  /role").await;
    terminal.press("l\t");
    terminal.until_edited(&format!("{PROMPT} /role")).await;
    // A hint that is wider than the terminal is cut, and wraps nowhere.
    terminal.until_seen("/role NAME ROLE  missing: NAME ROLE").await;
    terminal.press("be\t");
    terminal.until_edited(&format!("{PROMPT} /role ben")).await;
    terminal.until_seen("missing: ROLE").await;
    terminal.press("king");
    terminal.until_seen("a role in a room is reader, member").await;
    terminal.press("\x03");
    terminal.until_edited(PROMPT).await;
    terminal.press("/join ");
    terminal.until_seen("missing: ROOM").await;
    terminal.press("d");
    // The room is new: its name comes while one types.
    terminal
        .until("it is completed", |screen| {
            terminal.press("\t");
            screen.row(screen.row).ends_with("/join deploys")
        })
        .await;
    terminal.press("\r");
    terminal.until_edited("#deploys \u{276f}").await;
    terminal.press("/join general\r");
    terminal.until_edited(PROMPT).await;
    // The first that ben is told of ann's typing is of what she says now.
    terminal.press("@be\t");
    terminal.until_edited(&format!("{PROMPT} @ben")).await;
    told(&mut ben, |line| line["t"] == "typing").await;
    let screen = terminal.screen().text();
    assert!(screen.lines().all(|line| line.chars().count() <= 60), "{screen}");
    terminal.press("\x15\x04");
    assert_eq!(terminal.ended().await, Some(0));
}

#[tokio::test]
async fn nobody_is_told_that_one_looks_for_a_command() {
    let (_server, terminal, mut ben) = ann_and_ben(80).await;
    terminal.press("/who is there");
    terminal.until_edited(&format!("{PROMPT} /who is there")).await;
    terminal.press("\x15/who\r");
    terminal.until_seen("ben (").await;
    terminal.press("so");
    let first = told(&mut ben, |line| line["t"] == "typing" || is_message(line)).await;
    terminal.until_edited(&format!("{PROMPT} so")).await;
    assert_eq!(first["t"], "typing");
    // Told at most every three seconds: a second one of before would be here by now.
    say(&mut ben, "n1", "flush").await;
    let next = told(&mut ben, |line| line["t"] == "typing" || is_message(line)).await;
    assert_eq!(next["text"], "flush");
}

#[tokio::test]
async fn a_long_paste_becomes_a_file_by_one_key() {
    let (server, terminal, mut ben) = ann_and_ben(80).await;
    // Some lines are one message.
    terminal.paste("one\ntwo\nthree\n");
    terminal.until_edited("three").await;
    terminal.press("\r");
    let event = told(&mut ben, is_message).await;
    assert_eq!(event["text"], "one\ntwo\nthree");
    terminal.until_seen("ann: one\n      two\n      three\n").await;
    // Forty are offered as a file; Esc drops them, Up brings them back, Enter sends them.
    let lines: String = (0..40).map(|n| format!("error {n:02} of the pump\n")).collect();
    terminal.press("the log: ");
    terminal.paste(&lines);
    terminal.until_seen("40 lines, 840 B: too long for a message").await;
    terminal.until_seen("error 07 of the pump").await;
    terminal.press("\x1b");
    terminal.until("the offer is gone", |screen| screen.count("too long for a message") == 0).await;
    terminal.until_edited(&format!("{PROMPT} the log:")).await;
    terminal.press("\x1b[A");
    terminal.until_seen("40 lines, 840 B: too long for a message").await;
    terminal.press("\r");
    let event = told(&mut ben, |line| line["kind"] == "file.added").await;
    let path = event["path"].as_str().unwrap().to_owned();
    assert!(path.starts_with("text-") && path.ends_with(".txt"), "{path}");
    let event = told(&mut ben, is_message).await;
    assert!(event["text"].as_str().unwrap().starts_with("error 00 of the pump\nerror 01"), "{event}");
    terminal.until_edited(&format!("{PROMPT} the log:")).await;
    let token = server.add_user("chen", "member").await;
    let got = done(wardroom(&server, &token, &["get", &format!("general:{path}"), "-o", "-"])).await;
    assert_eq!(got.text(), lines, "byte for byte");
}

#[tokio::test]
async fn ten_megabytes_are_pasted_and_nothing_stops() {
    let (server, terminal, mut ben) = ann_and_ben(80).await;
    let text = "a line of a log, of sixty-four bytes with the feed at its end..\n".repeat(160 * 1024);
    assert_eq!(text.len(), 10 << 20);
    terminal.paste(&text);
    say(&mut ben, "n1", "are you there?").await;
    terminal.until_seen("are you there?").await;
    terminal.until_seen("163840 lines, 10.5 MB: too long for a message").await;
    terminal.press("\r");
    let event = told(&mut ben, |line| line["kind"] == "file.added").await;
    assert_eq!(event["size"], 10 << 20);
    terminal.until_edited(PROMPT).await;
    terminal.press("and on\r");
    told(&mut ben, |line| is_message(line) && line["text"] == "and on").await;
    let token = server.add_user("chen", "member").await;
    let path = format!("general:{}", event["path"].as_str().unwrap());
    let got = done(wardroom(&server, &token, &["get", &path, "-o", "-"])).await;
    assert!(got.out == text.as_bytes(), "byte for byte");
}

#[tokio::test]
async fn a_line_that_is_too_long_becomes_a_file_from_a_pipe_too() {
    let (server, _terminal, mut ben) = ann_and_ben(80).await;
    let token = server.add_user("chen", "member").await;
    let mut chat = crate::command::Talk::start(wardroom(&server, &token, &["chat", "general"]));
    for line in ["first", &"x".repeat(20_000), "in between", &"y".repeat(3 << 20), "last"] {
        chat.say(line).await;
    }
    chat.say("/quit-not").await;
    let mut seen = Vec::new();
    while seen.len() < 7 {
        let event =
            told(&mut ben, |line| line["by"] == "chen" && (is_message(line) || line["kind"] == "file.added")).await;
        seen.push(match event["size"].as_u64() {
            Some(size) => size.to_string(),
            None => event["text"].as_str().unwrap().chars().take(5).collect(),
        });
    }
    assert_eq!(seen, ["first", "20000", "xxxxx", "in be", "3145728", "yyyyy", "last"]);
}

#[tokio::test]
async fn keys_clear_leave_and_bring_back() {
    let (_server, mut terminal, mut ben) = ann_and_ben(80).await;
    assert!(!terminal.is_given_back() && terminal.screen().tells_pastes);
    terminal.until("the window says where one is", |screen| screen.title.starts_with("general")).await;
    terminal.press("oops\x03");
    terminal.until_edited(PROMPT).await;
    terminal.press("\x03");
    terminal.until_seen("-- press Ctrl-D or type /quit to exit").await;
    terminal.press("hello\r");
    told(&mut ben, |line| is_message(line) && line["text"] == "hello").await;
    terminal.press("\x1b[A there\x1b[1;5D\x1b[1;5D\x17oh \r");
    told(&mut ben, |line| is_message(line) && line["text"] == "oh hello there").await;
    // Narrower, with a line that then needs two rows; and wider again.
    terminal.press(&"wide ".repeat(12));
    terminal.until_edited(format!("{PROMPT} {}", "wide ".repeat(12)).trim_end()).await;
    terminal.resize(40, 24);
    terminal.until("it goes on in the next row", |screen| screen.row(screen.row - 1).starts_with(PROMPT)).await;
    terminal.resize(100, 24);
    terminal.until_edited(format!("{PROMPT} {}", "wide ".repeat(12)).trim_end()).await;
    terminal.press("\x03");
    terminal.until_edited(PROMPT).await;
    terminal.press("\x04");
    assert_eq!(terminal.ended().await, Some(0));
    assert!(terminal.is_given_back());
    terminal.until("pastes are told no more", |screen| !screen.tells_pastes && screen.row(screen.row).is_empty()).await;
}

#[tokio::test]
async fn the_terminal_is_given_back_however_it_ends() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let (_server, mut terminal, _ben) = ann_and_ben(80).await;
        terminal.press("half a line");
        terminal.until_edited(&format!("{PROMPT} half a line")).await;
        terminal.signal(signal);
        assert_eq!(terminal.ended().await, Some(1));
        assert!(terminal.is_given_back(), "{signal:?}");
        terminal.until("the line is taken away", |screen| !screen.tells_pastes && screen.count(PROMPT) == 0).await;
    }
    let (mut server, mut terminal, _ben) = ann_and_ben(80).await;
    server.restart_core();
    terminal.until_seen("-- live").await;
    terminal.press("/quit\r");
    assert_eq!(terminal.ended().await, Some(0));
    assert!(terminal.is_given_back());
}

#[tokio::test]
async fn files_are_sent_and_fetched_while_one_talks() {
    let (server, terminal, mut ben) = ann_and_ben(80).await;
    let folder = server.folder.path();
    std::fs::write(folder.join("two words.log"), "some bytes").unwrap();
    terminal.press("/put two\t");
    terminal.until_edited(&format!("{PROMPT} /put two words.log")).await;
    terminal.press("\r");
    let event = told(&mut ben, |line| line["kind"] == "file.added").await;
    assert_eq!(event["path"], "two words.log");
    terminal.until_seen("-- general:two words.log (10 B)").await;
    terminal.press("/get two words.log\r");
    terminal.until_seen("-- two words.log exists here").await;
    std::fs::remove_file(folder.join("two words.log")).unwrap();
    terminal.press("/get two\t\r");
    terminal.until_seen("-- two words.log (10 B)").await;
    assert_eq!(std::fs::read_to_string(folder.join("two words.log")).unwrap(), "some bytes");
    terminal.press("/put nothing-here\r");
    terminal.until_seen("-- cannot read nothing-here: no such file").await;
}

#[tokio::test]
async fn a_terminal_without_colours_or_unicode_gets_neither() {
    let server = TestServer::start();
    let ann = server.add_user("ann", "operator").await;
    let mut command = wardroom(&server, &ann, &["chat", "general"]);
    command.env("NO_COLOR", "1").env("LC_ALL", "C");
    let terminal = Terminal::start(command, 40, 24);
    terminal.until_edited("#general >").await;
    terminal.press("/role ben ");
    terminal.until_seen("/role NAME ROLE  missing: ROLE  change~").await;
    assert_eq!(terminal.screen().styles, 0);
}

#[tokio::test]
async fn a_terminal_that_is_read_by_a_program_gets_plain_lines() {
    let server = TestServer::start();
    let ann = server.add_user("ann", "operator").await;
    let mut command = wardroom(&server, &ann, &["chat", "general"]);
    command.arg("--json");
    let mut terminal = Terminal::start(command, 80, 24);
    terminal.until_seen("\"kind\":\"join\"").await;
    assert!(terminal.is_given_back() && !terminal.screen().tells_pastes, "with --json nothing is edited");
    terminal.press("hello\n");
    terminal.until_seen("\"text\":\"hello\"").await;
    terminal.press("/quit\n");
    assert_eq!(terminal.ended().await, Some(0));
}
